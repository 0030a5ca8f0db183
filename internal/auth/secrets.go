package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Secrets remember secrets of application credentials that were right, so that robots, who log in again and again, do not wait
// for a slow hash each time. Only secrets that a server made are remembered: 512 random bits need no slow hash. What is kept
// is a digest under a key that dies with the process, and it goes when the credential does, or its owner or project changes.
type Secrets struct {
	key    [32]byte
	proven *store.Cache[identity.ApplicationCredentialID, [sha256.Size]byte]
}

// NewSecrets returns a memory of at most so many bytes.
func NewSecrets(db *store.DB, most int) *Secrets {
	s := &Secrets{proven: store.NewCache[identity.ApplicationCredentialID, [sha256.Size]byte](db, most)}
	rand.Read(s.key[:])
	return s
}

// secretCost is about what a digest takes, in bytes.
const secretCost = 512

// right tells whether a secret is known to be that of a credential. If it is not, it may be right all the same.
func (s *Secrets) right(id identity.ApplicationCredentialID, secret string) bool {
	if s == nil || !madeHere(secret) {
		return false
	}
	digest, ok := s.proven.Get(id)
	now := s.digest(id, secret)
	return ok && subtle.ConstantTimeCompare(digest[:], now[:]) == 1
}

// learn keeps a secret that was found right, by what was read after the stamp.
func (s *Secrets) learn(c *identity.ApplicationCredential, secret string, stamp store.Stamp) {
	if s == nil || !madeHere(secret) {
		return
	}
	s.proven.Put(c.ID, s.digest(c.ID, secret), secretCost, stamp, []store.Key{
		{Kind: "application_credential", ID: string(c.ID)}, {Kind: "user", ID: string(c.UserID)}, {Kind: "project", ID: string(c.ProjectID)},
	})
}

// digest hashes the key, the secret, whose length is always the same, and the id. It never leaves the process, so nobody can
// lengthen it, against which an HMAC would help at twice the price.
func (s *Secrets) digest(id identity.ApplicationCredentialID, secret string) [sha256.Size]byte {
	b := make([]byte, 0, 192)
	return sha256.Sum256(append(append(append(b, s.key[:]...), secret...), id...))
}

// madeHere tells whether a secret has the form of those that servers make, Keystone's and this one: 64 bytes in 86 characters.
// Nobody who picks a weak one hits it.
func madeHere(secret string) bool {
	if len(secret) != 86 {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(secret)
	return err == nil
}
