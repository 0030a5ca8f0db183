package token

import (
	"crypto/aes"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// ErrNoKeys says that a key repository holds no key that can be used.
var ErrNoKeys = errors.New("no usable key")

// Fernet seals tokens and receipts as Keystone does. Both sorts have key repositories of their own,
// so a server usually has two of these.
type Fernet struct {
	Keys Keys
	// Methods is [auth] methods, in its order: it gives each name its bit. All nodes must agree, and
	// a change changes the meaning of live tokens.
	Methods []string
	// DefaultDomainID is [identity] default_domain_id, the one domain without a UUID that a
	// domain-scoped token can name.
	DefaultDomainID string
}

// Seal returns the token for p. It fails for what no payload version can express: a domain scope
// whose id is neither a UUID nor the default, a trust id that is not a UUID, a federated token for the system.
func (f *Fernet) Seal(p Payload) (string, error) {
	var buf [256]byte
	b, err := f.appendPayload(buf[:0], p)
	if err != nil {
		return "", fmt.Errorf("sealing a token: %w", err)
	}
	return f.seal(p.IssuedAt, b)
}

// Open returns what the token says.
func (f *Fernet) Open(token string) (Payload, error) {
	keys, err := f.Keys.Keys()
	if err != nil {
		return Payload{}, err
	}
	b, issued, err := keys.open(token)
	if err != nil {
		return Payload{}, err
	}
	p, err := f.readPayload(b)
	if err != nil {
		return Payload{}, err
	}
	p.IssuedAt = issued
	return p, nil
}

// Receipt says which methods a user has passed on the way to a token that wants more of them.
type Receipt struct {
	UserID    string
	Methods   []string
	IssuedAt  time.Time // UTC, whole seconds
	ExpiresAt time.Time // UTC, microseconds
}

// SealReceipt returns the text of the receipt (keystone/receipt/receipt_formatters.py): a token
// whose array has no version, only user, methods and expiry.
func (f *Fernet) SealReceipt(r Receipt) (string, error) {
	var buf [128]byte
	return f.seal(r.IssuedAt, f.appendReceipt(buf[:0], r))
}

// OpenReceipt returns what the receipt says, or ErrInvalid.
func (f *Fernet) OpenReceipt(receipt string) (Receipt, error) {
	keys, err := f.Keys.Keys()
	if err != nil {
		return Receipt{}, err
	}
	b, issued, err := keys.open(receipt)
	if err != nil {
		return Receipt{}, err
	}
	r, err := f.readReceipt(b)
	if err != nil {
		return Receipt{}, err
	}
	r.IssuedAt = issued
	return r, nil
}

func (f *Fernet) seal(issued time.Time, plaintext []byte) (string, error) {
	keys, err := f.Keys.Keys()
	if err != nil {
		return "", err
	}
	key := keys.Primary()
	if key == nil {
		return "", ErrNoKeys
	}
	var iv [aes.BlockSize]byte
	rand.Read(iv[:])
	b, err := key.seal(issued, iv, plaintext)
	if err != nil {
		return "", err
	}
	return strictURL.EncodeToString(b), nil
}
