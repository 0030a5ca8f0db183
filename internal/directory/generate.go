package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

const (
	madeLength = 24  // characters of a password that is made, unless the rules ask for more
	madeTries  = 100 // to meet a pattern
)

// madeOf are the characters of passwords that are made, by kind, without those that look alike on paper.
var madeOf = []string{"abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-"}

// NewPassword makes a password that the cloud and a domain take: of more than 128 random bits, with characters of all kinds. It is
// refused when none that is made meets the cloud's pattern.
func (s *Service) NewPassword(ctx context.Context, domain identity.DomainID) (string, error) {
	length := max(madeLength, s.Rules.MinLength)
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		r, err := tx.DomainRules(ctx, domain)
		length = max(length, r.PasswordLength)
		return err
	})
	if err != nil {
		return "", err
	}
	for range madeTries {
		pw := makePassword(length)
		err := s.checkPassword(ctx, domain, pw)
		if err == nil || !errors.Is(err, identity.BadRequest) {
			return pw, err
		}
	}
	return "", identity.Refusedf("No password that was made meets the rules for passwords here. Choose one yourself.")
}

// makePassword makes a password with characters of all kinds. Those that have all kinds are as likely as each other.
func makePassword(length int) string {
	all := strings.Join(madeOf, "")
	for {
		pw := make([]byte, length)
		for i := range pw {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				panic(err) // which crypto/rand does itself when there is no randomness
			}
			pw[i] = all[n.Int64()]
		}
		if kinds(string(pw)) == len(madeOf) {
			return string(pw)
		}
	}
}
