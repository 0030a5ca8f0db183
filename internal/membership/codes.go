package membership

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"time"
	"unicode"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// A mail has a short code beside its link, for people whose mail program breaks links. The code and the address lead to where the link does,
// and change nothing by that. Since a code is short, few may be tried: by link, after which the link alone works, and by where they come from.

const (
	codeLength   = 8
	codeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ" // without those that look alike; 30^8 are 39 bits

	triesPerLink, triesPerSource = 5, 20
	triesWhile                   = 10 * time.Minute
)

// pathOf are the pages of the portal where a secret is shown, by the purpose of its link.
var pathOf = map[string]string{
	toInvite: "/invite/", toReset: "/reset/", toAddress: "/verify/", toKeepAddress: "/address/", toSignUp: "/signup/", toVerifyContact: "/contact/", toKeepFactor: "/factor/",
}

// coded is a code and what it stands for, as it is sealed.
type coded struct{ Code, Secret string }

// mailed makes the code that stands for a link in a mail to an address.
func (s *Service) mailed(ctx context.Context, tx *store.Tx, address, secret string, ends time.Time) (code string, err error) {
	if !isAddress(address) { // then no mail can be sent
		return "", nil
	}
	code = newCode()
	sealed, err := s.Office.Seal(coded{code, secret})
	if err != nil {
		return "", err
	}
	return code[:codeLength/2] + "-" + code[codeLength/2:], tx.InsertCode(ctx, address, identity.Link{Digest: digest(secret), Data: sealed, EndsAt: ends})
}

func isAddress(text string) bool {
	_, err := Address(text)
	return err == nil
}

func newCode() string {
	var code []byte
	for len(code) < codeLength {
		var b [2 * codeLength]byte
		rand.Read(b[:])
		for _, c := range b {
			if fair := 256 / len(codeAlphabet) * len(codeAlphabet); int(c) < fair && len(code) < codeLength {
				code = append(code, codeAlphabet[int(c)%len(codeAlphabet)])
			}
		}
	}
	return string(code)
}

// plainCode is a code as it was made, whatever case it was typed in and however it was set apart.
func plainCode(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, text)
}

var errNoCode = &identity.Error{Kind: identity.Gone, Message: "No mail to that address has this code, or it is too old, or too many were tried. Its link may still work."}

// OpenCode returns the page of the portal that the link of a mail leads to, from its code and the address that the mail went to, and changes
// nothing but how often that was tried. source is where the try comes from. It is open to all; what is wrong is not told apart.
func (s *Service) OpenCode(ctx context.Context, address, code, source string) (path string, err error) {
	if !s.Mails() {
		return "", identity.Missing("mail server", "")
	}
	code = plainCode(code)
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		path = ""
		if err := tooMany(ctx, tx, source); err != nil {
			return err
		}
		if !isAddress(address) {
			return nil
		}
		all, err := tx.Codes(ctx, strings.TrimSpace(address))
		if err != nil {
			return err
		}
		for _, l := range all {
			tried, err := tx.Use(ctx, l.EndsAt, "code of", l.Digest)
			if err != nil {
				return err
			}
			var c coded
			if err := s.Office.Open(l.Data, &c); err != nil {
				return err
			}
			if subtle.ConstantTimeCompare([]byte(c.Code), []byte(code)) == 1 && tried <= triesPerLink {
				path = pathOf[l.Purpose] + c.Secret
			}
		}
		return nil
	})
	if err == nil && path == "" {
		err = errNoCode
	}
	return path, err
}

// WrongLink counts a link that was none, and refuses more of them from where it came. It is open to all.
func (s *Service) WrongLink(ctx context.Context, source string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error { return tooMany(ctx, tx, source) })
}

func tooMany(ctx context.Context, tx *store.Tx, source string) error {
	return limited(ctx, tx, triesPerSource, triesWhile, "Too many links or codes were wrong. Please try again later.", "tries from", source)
}
