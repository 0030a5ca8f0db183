package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
)

// MAC is the HMAC-SHA256 of a message, with a key for one purpose that is derived from this one (HKDF, RFC 5869). No blob that the
// key encrypts says anything about it.
func (k *Key) MAC(purpose string, message []byte) []byte {
	derived, err := hkdf.Key(sha256.New, k.raw[:], nil, purpose, sha256.Size)
	if err != nil {
		panic(err) // only for keys of impossible length
	}
	mac := hmac.New(sha256.New, derived)
	mac.Write(message)
	return mac.Sum(nil)
}

// Signer is the primary key, or the null key where there is none.
func (s KeySet) Signer() *Key {
	if k := s.Primary(); k != nil {
		return k
	}
	return nullKey
}

// Find returns the key of a name (see Key.Hash), or nil. The null key is found only where there is no other, since everybody has it.
func (s KeySet) Find(hash string) *Key {
	all := s.keys
	if len(all) == 0 {
		all = []*Key{nullKey}
	}
	for _, k := range all {
		if hash == k.Hash() {
			return k
		}
	}
	return nil
}
