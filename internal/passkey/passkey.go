// Package passkey speaks WebAuthn (https://www.w3.org/TR/webauthn-3/) for the rooms: it writes what a browser is asked and
// checks what it answers. It keeps nothing.
package passkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/lintel-id/lintel/internal/identity"
)

// Party is for whom passkeys are made: the portal at its address.
type Party struct {
	ID     string // a domain
	Name   string
	Origin string // where the portal stands; empty on the own machine, where any port does
}

// localhost is the only domain that needs neither a name nor a certificate.
const localhost = "localhost"

// ErrNoDomain says that passkeys cannot be bound to an address.
var ErrNoDomain = errors.New("passkeys are bound to a domain name, and to HTTPS")

// NewParty returns the party of a portal at a URL; without one it is on the own machine. domain is that of the URL, or one
// above it, and may be empty.
func NewParty(name, at, domain string) (*Party, error) {
	if at == "" {
		if domain != "" && domain != localhost {
			return nil, errors.New("it needs the portal's own URL, too")
		}
		return &Party{ID: localhost, Name: name}, nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	host := strings.ToLower(u.Hostname())
	if domain == "" {
		domain = host
	}
	switch {
	case protocol.ValidateRPID(domain) != nil, u.Scheme != "https" && host != localhost:
		return nil, ErrNoDomain
	case host != domain && !strings.HasSuffix(host, "."+domain):
		return nil, fmt.Errorf("the portal at %s is not within %s", u.Host, domain)
	}
	return &Party{ID: domain, Name: name, Origin: u.Scheme + "://" + strings.ToLower(u.Host)}, nil
}

// Serves tells whether passkeys work on pages of an origin.
func (p *Party) Serves(origin string) bool {
	if p.Origin != "" {
		return origin == p.Origin
	}
	u, err := url.Parse(origin)
	return err == nil && u.Hostname() == localhost
}

// library is the party as the library has it, on pages of an origin.
func (p *Party) library(origin string) (*webauthn.WebAuthn, error) {
	if !p.Serves(origin) {
		return nil, fmt.Errorf("passkeys are not for %s", origin)
	}
	return webauthn.New(&webauthn.Config{RPID: p.ID, RPDisplayName: p.Name, RPOrigins: []string{origin}})
}

// holder is a user with their passkeys. That the user's id is what authenticators keep is fine: it says nothing of them.
type holder struct {
	id   identity.UserID
	name string
	keys []identity.Passkey
}

func (h holder) WebAuthnID() []byte          { return []byte(h.id) }
func (h holder) WebAuthnName() string        { return h.name }
func (h holder) WebAuthnDisplayName() string { return h.name }

func (h holder) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(h.keys))
	for i, k := range h.keys {
		c := &all[i]
		c.ID, c.PublicKey, c.Authenticator.SignCount = k.CredentialID, k.PublicKey, k.Count
		c.Flags.BackupEligible, c.Flags.BackupState = k.MaySync, k.Synced
		for _, t := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
	}
	return all
}

// Create asks for a new passkey of a user, in another authenticator than those that hold one already. A passkey that asks for a
// PIN or a finger is wanted, for then it is two factors in one, and one that can be found without a name.
func (p *Party) Create(origin string, challenge []byte, user identity.UserID, name string, have []identity.Passkey) (options string, err error) {
	lib, err := p.library(origin)
	if err != nil {
		return "", err
	}
	h := holder{user, name, have}
	creation, _, err := lib.BeginRegistration(h,
		func(o *protocol.PublicKeyCredentialCreationOptions) error {
			o.Challenge = challenge
			return nil
		},
		webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()),
		webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		}))
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(creation)
	return string(text), err
}

// Made checks the answer to Create.
func (p *Party) Made(origin string, challenge []byte, user identity.UserID, answer string) (k identity.Passkey, err error) {
	lib, err := p.library(origin)
	if err != nil {
		return k, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return k, reason(err)
	}
	made, err := lib.CreateCredential(holder{id: user}, webauthn.SessionData{
		Challenge: base64.RawURLEncoding.EncodeToString(challenge), RelyingPartyID: p.ID, UserID: []byte(user), UserVerification: protocol.VerificationPreferred,
		CredParams: webauthn.CredentialParametersRecommendedL3(),
	}, parsed)
	if err != nil {
		return k, reason(err)
	}
	k = identity.Passkey{
		UserID: user, RPID: p.ID, CredentialID: made.ID, PublicKey: made.PublicKey, Count: made.Authenticator.SignCount,
		MaySync: made.Flags.BackupEligible, Synced: made.Flags.BackupState,
	}
	for _, t := range made.Transport {
		// What is said here comes from the browser, and is shown to it only.
		if text := string(t); len(k.Transports) < 8 && len(text) < 20 && !strings.ContainsAny(text, " \x00") {
			k.Transports = append(k.Transports, text)
		}
	}
	return k, nil
}

// Ask asks for a passkey: any that answers for this party, or one of some. With alone it has to ask for a PIN or a finger.
func (p *Party) Ask(challenge []byte, of []identity.Passkey, alone bool) (string, error) {
	options := protocol.CredentialAssertion{Response: protocol.PublicKeyCredentialRequestOptions{
		Challenge: challenge, RelyingPartyID: p.ID, UserVerification: protocol.VerificationPreferred,
		AllowedCredentials: webauthn.Credentials(holder{keys: of}.WebAuthnCredentials()).CredentialDescriptors(),
	}}
	if alone {
		options.Response.UserVerification = protocol.VerificationRequired
	}
	text, err := json.Marshal(options)
	return string(text), err
}

// Answer is what a browser says for a passkey.
type Answer struct {
	CredentialID []byte
	Challenge    []byte // that it answers

	parsed *protocol.ParsedCredentialAssertionData
}

// Read reads an answer to Ask. It believes nothing yet.
func Read(text string) (a Answer, err error) {
	if a.parsed, err = protocol.ParseCredentialRequestResponseBytes([]byte(text)); err != nil {
		return a, reason(err)
	}
	a.CredentialID = a.parsed.RawID
	a.Challenge, err = base64.RawURLEncoding.DecodeString(a.parsed.Response.CollectedClientData.Challenge)
	return a, err
}

// Check tells whether an answer is from a passkey. The passkey that it returns has what its authenticator says now; verified
// tells whether it asked for a PIN or a finger.
func (p *Party) Check(origin string, k identity.Passkey, a Answer) (now identity.Passkey, verified bool, err error) {
	lib, err := p.library(origin)
	if err != nil {
		return k, false, err
	}
	if k.RPID != p.ID {
		return k, false, fmt.Errorf("the passkey is bound to %s", k.RPID)
	}
	used, err := lib.ValidateLogin(holder{id: k.UserID, keys: []identity.Passkey{k}}, webauthn.SessionData{
		Challenge: a.parsed.Response.CollectedClientData.Challenge, RelyingPartyID: p.ID, UserID: []byte(k.UserID),
		AllowedCredentialIDs: [][]byte{k.CredentialID}, UserVerification: protocol.VerificationPreferred,
	}, a.parsed)
	switch {
	case err != nil:
		return k, false, reason(err)
	case used.Authenticator.CloneWarning:
		return k, false, errors.New("its authenticator has counted back: it may be a copy")
	}
	k.Count, k.Synced = used.Authenticator.SignCount, used.Flags.BackupState
	return k, a.parsed.Response.AuthenticatorData.Flags.HasUserVerified(), nil
}

// reason is what is wrong, with the details that the library keeps apart.
func reason(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return fmt.Errorf("%s: %s: %s", e.Type, e.Details, e.DevInfo)
	}
	return err
}
