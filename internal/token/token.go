// Package token turns what a token says into the string a client carries, and back.
//
// It knows Keystone's Fernet tokens and authentication receipts, the repositories of keys they are
// made with, the encryption of stored credentials, which uses the same container and keys of its own,
// and tokens signed as JWS. It does not decide who gets a token, nor whether a token that opens is still good:
// expiry, revocation and the state of users and projects are for package auth.
//
// # The container
//
// A Fernet token is unpadded base64url text of
//
//	0x80 | issued at, 8 bytes | IV, 16 bytes | AES-128-CBC ciphertext | HMAC-SHA256, 32 bytes
//
// The issue time is a big-endian count of seconds since 1970 and is told nowhere else. The HMAC
// covers everything before it. A key is 32 bytes: 16 to sign, then 16 to encrypt. The plaintext,
// padded as PKCS #7 says, is one msgpack array. (https://github.com/fernet/spec)
//
// # The payloads
//
// The array holds a version, then the fields of that version (keystone/token/token_formatters.py):
//
//	 0 unscoped                user methods                                  expires audit
//	 1 domain                  user methods domain*                          expires audit
//	 2 project                 user methods project                          expires audit
//	 3 trust                   user methods project                          expires audit trust*
//	 4 federated, unscoped     user methods         groups idp protocol      expires audit
//	 5 federated, project      user methods project groups idp protocol      expires audit
//	 6 federated, domain       user methods domain  groups idp protocol      expires audit
//	 7 OAuth 1.0a              user methods project access-token             expires audit
//	 8 system                  user methods "all"                            expires audit
//	 9 application credential  user methods project                          expires audit credential
//	10 OAuth 2.0 mTLS          user methods project domain                   expires audit thumbprint
//
// An id is a pair: [true, 16 bytes] when it is 32 lowercase hexadecimal digits, else [false, text].
// The two marked * are bare: 16 bytes, or the text of the default domain. Methods are a bit set over
// the configured list of names, expires is a float64 of seconds since 1970, audit is a list of one
// or two byte strings of 16, groups is a list of pairs, protocol is text.
package token

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"time"
)

// ErrInvalid says that a string is no token or receipt of ours: damaged, foreign, or sealed with a
// key that is gone.
var ErrInvalid = errors.New("not a token of ours")

// Payload is what a token says, whatever its format. Empty fields are absent ones.
type Payload struct {
	UserID   string
	Methods  []string // names of authentication methods, in no particular order when sealed
	AuditIDs []string // the token's own, then, if it was made from another token, that of the first of its chain

	IssuedAt  time.Time // UTC, whole seconds
	ExpiresAt time.Time // UTC, microseconds

	// The scope. An unscoped token has none of these. Only an OAuth 2.0 mTLS token may hold both ids.
	ProjectID string
	DomainID  string
	System    bool

	// How the token was come by, if not by a plain login.
	TrustID       string
	AccessTokenID string // OAuth 1.0a
	AppCredID     string
	Thumbprint    string // of the client's certificate, OAuth 2.0 mTLS

	Federated          bool // the next three are set, GroupIDs perhaps empty
	IdentityProviderID string
	ProtocolID         string
	GroupIDs           []string
}

// Format is a way to write payloads as strings.
type Format interface {
	// Seal fails for a payload that the format cannot express.
	Seal(Payload) (string, error)
	// Open fails with ErrInvalid for anything that is not a token of ours.
	Open(string) (Payload, error)
}

// NewAuditID returns a fresh audit id: the 22 characters of a random UUID in unpadded base64url.
func NewAuditID() string {
	var id [auditIDSize]byte
	rand.Read(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return base64.RawURLEncoding.EncodeToString(id[:])
}
