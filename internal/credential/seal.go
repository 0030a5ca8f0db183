package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// seal encrypts a credential's blob. That of an EC2 key is first written as JSON once more, as upstream keeps it.
func (s *Service) seal(ctx context.Context, c identity.Credential) (store.SealedCredential, error) {
	keys, err := s.Keys.Keys()
	if err != nil {
		return store.SealedCredential{}, err
	}
	if keys.Len() == 0 {
		s.Log.WarnContext(ctx, "a credential is encrypted with the null key, which hides nothing; make keys with credential_setup, credential_migrate and credential_rotate")
	}
	plain := c.Blob
	if c.Type == "ec2" {
		text, err := json.Marshal(plain)
		if err != nil {
			return store.SealedCredential{}, err
		}
		plain = string(text)
	}
	sealed := store.SealedCredential{Credential: c}
	sealed.Blob = ""
	sealed.EncryptedBlob, sealed.KeyHash, err = token.Encrypt(keys, plain)
	return sealed, err
}

// open decrypts a credential's blob. Old EC2 keys hold an object where newer ones hold its text.
func (s *Service) open(sealed store.SealedCredential) (identity.Credential, error) {
	c := sealed.Credential
	keys, err := s.Keys.Keys()
	if err != nil {
		return c, err
	}
	plain, err := token.Decrypt(keys, sealed.EncryptedBlob)
	if err != nil {
		return c, fmt.Errorf("credential %s: %w", c.ID, err)
	}
	c.Blob = plain
	if c.Type == "ec2" {
		var v any
		if err := json.Unmarshal([]byte(plain), &v); err != nil {
			return c, fmt.Errorf("credential %s: the blob of an ec2 credential is not JSON: %w", c.ID, err)
		}
		if text, ok := v.(string); ok {
			c.Blob = text
		}
	}
	return c, nil
}

// ErrStale says that a key must not be rotated yet.
var ErrStale = errors.New("Unable to rotate credential keys because not all credentials are encrypted with the primary key." +
	" Please make sure all credentials have been encrypted with the primary key using `keystone-manage credential_migrate`.")

// Rotate makes a new primary key, unless a credential is left that an older key encrypted: rotating on would lose it.
func Rotate(ctx context.Context, db *store.DB, repo token.Repository) error {
	keys, _, err := repo.Load()
	if err != nil {
		return err
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		_, stale, err := tx.StaleCredential(ctx, keys.Primary().Hash())
		if stale {
			err = ErrStale
		}
		return err
	})
	if err != nil {
		return err
	}
	return repo.Rotate()
}

// Migrate encrypts every credential with the primary key and returns how many were not. progress is told after each.
func Migrate(ctx context.Context, db *store.DB, repo token.Repository, progress func(done int)) (n int, err error) {
	keys, _, err := repo.Load()
	if err != nil {
		return 0, err
	}
	hash := keys.Primary().Hash()
	for {
		more := false
		err := db.Update(ctx, func(tx *store.Tx) error {
			c, stale, err := tx.StaleCredential(ctx, hash)
			more = stale
			if err != nil || !stale {
				return err
			}
			plain, err := token.Decrypt(keys, c.EncryptedBlob)
			if err != nil {
				return fmt.Errorf("credential %s cannot be decrypted with any key of %s: %w; put back the key that encrypted it, or delete the credential",
					c.ID, repo.Dir, err)
			}
			blob, hash, err := token.Encrypt(keys, plain)
			if err != nil {
				return err
			}
			return tx.PutBlob(ctx, c.ID, blob, hash)
		})
		if err != nil || !more {
			return n, err
		}
		n++
		progress(n)
	}
}
