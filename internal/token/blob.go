package token

import (
	"crypto/aes"
	"crypto/rand"
	"encoding/base64"
	"time"
)

// Encrypt returns a stored credential's blob in the form of credential.encrypted_blob, a padded
// Fernet token made with the primary key, and the key's hash for credential.key_hash. With an empty
// set it uses the null key, as upstream does: that hides nothing, so whoever sees an empty set should say so.
func Encrypt(keys KeySet, plaintext string) (blob, keyHash string, err error) {
	key := keys.Signer()
	var iv [aes.BlockSize]byte
	rand.Read(iv[:])
	b, err := key.seal(time.Now(), iv, []byte(plaintext))
	if err != nil {
		return "", "", err
	}
	return base64.URLEncoding.EncodeToString(b), key.Hash(), nil
}

// Decrypt returns the plaintext of a blob that any of the keys, or the null key, encrypted. It
// fails with ErrInvalid.
func Decrypt(keys KeySet, blob string) (string, error) {
	all := KeySet{append(keys.keys[:keys.Len():keys.Len()], nullKey)}
	b, _, err := all.open(blob)
	return string(b), err
}
