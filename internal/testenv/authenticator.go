package testenv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net/url"
	"slices"
	"testing"

	"github.com/descope/virtualwebauthn"
)

// Authenticator is a phone or a security key that holds passkeys.
type Authenticator struct {
	Unverified bool // it asks for neither PIN nor finger
	Counts     bool // how often it has signed
	Synced     bool // its keys are on other devices, too

	Origin string // of the page that it takes itself to be on; empty for the portal's

	keys []held
}

// held is a passkey, and whose it is.
type held struct {
	virtualwebauthn.Credential
	user []byte
}

const passkeyOrigin = "https://identity.example"

// newPasskeyPair is a pair of keys on P-256, in PKCS #8. The library writes the coordinates of the public one without the zeros
// that they begin with, which RFC 9053 section 7.1.1 forbids and the server refuses, so only pairs without any serve.
func newPasskeyPair(t testing.TB) []byte {
	t.Helper()
	for {
		pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := pair.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if point[1] == 0 || point[1+32] == 0 {
			continue
		}
		data, err := x509.MarshalPKCS8PrivateKey(pair)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

func (a *Authenticator) party(id string) virtualwebauthn.RelyingParty {
	p := virtualwebauthn.RelyingParty{ID: id, Origin: passkeyOrigin}
	if a.Origin != "" {
		p.Origin = a.Origin
	}
	return p
}

func (a *Authenticator) device(user []byte) virtualwebauthn.Authenticator {
	return virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{
		UserHandle: user, UserNotVerified: a.Unverified, BackupEligible: a.Synced, BackupState: a.Synced,
	})
}

// Passkey is Submit for a form that asks for a passkey, or for a new one. The test ends if the authenticator holds none that
// the form takes.
func (b *Browser) Passkey(a *Authenticator, button string, fields ...string) *Browser {
	b.t.Helper()
	action, form := b.Form(button)
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.Send("POST", action, b.Answer(a, form))
}

// Answer fills the answer of an authenticator into a form.
func (b *Browser) Answer(a *Authenticator, form url.Values) url.Values {
	b.t.Helper()
	asked := form.Get("webauthn")
	if creation, err := virtualwebauthn.ParseAttestationOptions(asked); err == nil && creation.UserID != "" {
		k := held{virtualwebauthn.NewCredentialWithImportedKey(virtualwebauthn.KeyTypeEC2, newPasskeyPair(b.t)), []byte(creation.UserID)}
		if slices.ContainsFunc(a.keys, func(h held) bool { return h.IsExcludedForAttestation(*creation) }) {
			b.t.Fatal("the authenticator holds a passkey of this account already")
		}
		a.keys = append(a.keys, k)
		form.Set("answer", virtualwebauthn.CreateAttestationResponse(a.party(creation.RelyingPartyID), a.device(k.user), k.Credential, *creation))
		return form
	}
	request, err := virtualwebauthn.ParseAssertionOptions(asked)
	if err != nil {
		b.t.Fatalf("%s asks for no passkey: %v: %s", b.Path, err, b.Text())
	}
	i := slices.IndexFunc(a.keys, func(h held) bool { return len(request.AllowCredentials) == 0 || h.IsAllowedForAssertion(*request) })
	if i < 0 {
		b.t.Fatalf("%s asks for another passkey: %s", b.Path, asked)
	}
	k := &a.keys[i]
	if a.Counts {
		k.Counter++
	}
	form.Set("answer", virtualwebauthn.CreateAssertionResponse(a.party(request.RelyingPartyID), a.device(k.user), k.Credential, *request))
	return form
}

// Copy is another authenticator with the same keys.
func (a *Authenticator) Copy() *Authenticator {
	c := *a
	c.keys = slices.Clone(a.keys)
	return &c
}
