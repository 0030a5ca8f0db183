package auth

import "github.com/lintel-id/lintel/internal/identity"

// door is where a login leads: not every account opens both.
type door int

const (
	toAPI    door = iota // a token, for any service
	toPortal             // a session
)

// ErrPortalOnly answers whoever is proved, and has an account that gets no token.
var ErrPortalOnly = identity.Refusedf("This account is for the portal only and gets no token. Use an API user, or an application credential of one.")

// ErrAPIOnly answers whoever is proved, and has an account that has no place in the portal.
var ErrAPIOnly = identity.Refusedf("This is an API user. It works with the API and the command line, and cannot sign in to the portal.")

// admit refuses a token of an account that its door is closed to. It is asked only about who has proved to be somebody: nobody
// else may learn it. Rights that such an account has handed on do not pass either. I5
func (d door) admit(t *identity.Token) error {
	if d == toPortal {
		if t.User.Surface.NoPortal {
			return ErrAPIOnly
		}
		return nil
	}
	closed := t.User.Surface.NoAPI
	for _, l := range t.Trusts {
		closed = closed || l.Trustor.Surface.NoAPI || l.Trustee.Surface.NoAPI
	}
	if closed {
		return ErrPortalOnly
	}
	return nil
}
