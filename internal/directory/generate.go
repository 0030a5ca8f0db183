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

// PasswordRules are what a new password must be like.
type PasswordRules struct {
	Length      int    // the least, in characters
	Kinds       int    // the fewest: lower case, upper case, digits, others
	Description string // what the cloud's pattern asks for, in its operator's words
	Apart       int    // from so many passwords that the user had last, the new one counted
	Made        string // one that obeys them, of NewPassword; empty where none does
}

// PasswordRules tells what new passwords of a domain must be like. It is open to all, and of a domain that is not there it tells what the
// cloud asks of every domain.
func (s *Service) PasswordRules(ctx context.Context, domain DomainRef) (out PasswordRules, err error) {
	var r identity.DomainRules
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if domain.Name != "" {
			d, err := tx.DomainByName(ctx, domain.Name)
			if errors.Is(err, identity.NotFound) {
				return nil
			} else if err != nil {
				return err
			}
			domain.ID = d.ID
		}
		r, err = tx.DomainRules(ctx, domain.ID)
		return err
	})
	if err != nil {
		return out, err
	}
	out = PasswordRules{
		Length: max(s.Rules.MinLength, r.PasswordLength), Kinds: r.PasswordKinds, Description: s.Rules.Description,
		Apart: s.Compliance.with(r).UniquePasswords,
	}
	out.Made, err = s.NewPassword(ctx, domain.ID)
	if errors.Is(err, identity.Forbidden) {
		err = nil
	}
	return out, err
}

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
