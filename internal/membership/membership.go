// Package membership brings people in: invitations, and the one-time links that mails carry.
//
// A link is 256 random bits, kept as their SHA-256, for one purpose and one use. Looking at what it offers changes nothing,
// since mail scanners look, too; it is used up in the transaction of what it does.
package membership

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/mail"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// Service is the room. All fields are set once.
type Service struct {
	DB         *store.DB
	Authz      *authz.Checker
	Authority  *authority.Service
	Directory  *directory.Service
	Assignment *assignment.Service
	Credential *credential.Service

	// Office writes mails and notices.
	Office *mails.Office

	// How long links work that are mailed: to accept an invitation, to set a first password, and to set a forgotten one anew.
	InviteLife, SetUpLife, ResetLife time.Duration

	// TellUnknown says that an address by which no account was found gets a mail that says so, when somebody asks for a new password.
	TellUnknown bool

	// SignUp lets anybody ask for an account, if mails are sent.
	SignUp bool

	// Standing is auth.Service.Standing: a user with the rights that they hold on a scope now.
	Standing func(context.Context, *store.Tx, identity.UserID, identity.Scope) (identity.Caller, error)

	announced atomic.Bool // what the cloud's configuration requires
}

// Mails tells whether mails are sent. Otherwise links are shown to whoever asked for them, to be handed on.
func (s *Service) Mails() bool { return s.Office != nil && s.Office.Sends }

// hears tells whether a user learns of what they are asked: by mail, or where none is sent, in the portal.
func (s *Service) hears(u identity.User) bool { return !s.Mails() || emailOf(u) != "" }

// Purposes of links.
const toInvite = "invite"

// newSecret is 256 random bits, as text.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// digest is what is kept of a secret.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// link makes a link, after which the older ones for the same open nothing any more.
func (s *Service) link(ctx context.Context, tx *store.Tx, purpose, subject, data string, ends time.Time) (secret string, err error) {
	secret = newSecret()
	return secret, tx.InsertLink(ctx, identity.Link{Digest: digest(secret), Purpose: purpose, Subject: subject, Data: data, EndsAt: ends})
}

// maxAddress is the most characters of an e-mail address (RFC 5321, section 4.5.3.1.3).
const maxAddress = 254

// Address reads an e-mail address: plain ASCII, without a name beside it.
func Address(text string) (string, error) {
	text = strings.TrimSpace(text)
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > maxAddress || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", identity.Invalidf("%.80q is not an e-mail address.", text)
	}
	return text, nil
}

// limited counts something that may be done so many times in a while, on all nodes together, and refuses it beyond.
func limited(ctx context.Context, tx *store.Tx, most int, while time.Duration, message string, thing ...string) error {
	n, err := tx.Use(ctx, tx.Now().Add(while), thing...)
	if err == nil && n > most {
		err = &identity.Error{Kind: identity.TooManyRequests, Message: message, RetryAfter: while}
	}
	return err
}

// inPerson refuses callers who act with rights that somebody handed on: what they start outlasts these rights. I7
func inPerson(caller identity.Caller) error {
	switch {
	case caller.Token == nil:
		return identity.Unauthenticatedf("nobody asks")
	case caller.Delegated || caller.DelegatedMethods:
		return identity.Refusedf("Rights that were handed on do not suffice here: log in yourself.")
	}
	return nil
}

// emailOf is a user's address; empty for none.
func emailOf(u identity.User) string {
	text, _ := u.Extra["email"].(string)
	return text
}

// requestID is what a mail names, for those who ask about it.
func requestID(ctx context.Context) string { return telemetry.RequestID(ctx) }

// isMissing tells an entity that is gone from a failure.
func isMissing(err error) bool { return errors.Is(err, identity.NotFound) }
