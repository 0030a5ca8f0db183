package auth

import (
	"context"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Method is one way to prove who one is, holding the evidence that a login brings for it. Each has a file of its own.
type Method interface {
	// prove does of the method what must not be done in the transaction that issues the token: what takes long, and what
	// must be remembered of a login that fails.
	prove(ctx context.Context, s *Service, r *Request) (confirm, error)
}

// confirm is the second half of a method: what it has shown, as of the transaction that issues the token.
type confirm func(ctx context.Context, tx *store.Tx, p *proved) error

// proved is what the methods of a login have shown so far.
type proved struct {
	user    identity.UserID
	methods []string
	parent  *identity.Token // the token that was shown; nil for none

	// passkey tells that a passkey was shown by itself that asked for a PIN or a finger, which is two factors.
	passkey bool

	// until is when what is handed out ends at the latest, for who has no second factor and should have one by then; zero for no such end.
	until time.Time

	// login is the account whose failures end when the login is complete; nil when no method counts them.
	login *directory.Login

	// provider is what an identity provider said of the user; nil for none.
	provider *provided

	// credential is the application credential that was used; nil for none.
	credential *identity.ApplicationCredential

	// key is the EC2 key that a request was signed with; empty for none.
	key identity.CredentialID

	// accessToken is the OAuth access token that the request was signed with; nil for none.
	accessToken *identity.AccessToken

	// thumbprint is of the client's certificate that a token is to be bound to; empty for none.
	thumbprint string

	// trust is the trust that was asked for; nil for none.
	trust *identity.Trust
}

func (p *proved) is(user identity.UserID) error {
	if p.user != "" && p.user != user {
		return identity.Unauthenticatedf("the methods name different users: %s and %s", p.user, user)
	}
	p.user = user
	return nil
}

func (p *proved) by(methods ...string) {
	for _, m := range methods {
		if !slices.Contains(p.methods, m) {
			p.methods = append(p.methods, m)
		}
	}
}

// Mark is a method that stands in tokens and proves nobody at this door: ec2credential belongs to signed requests.
type Mark string

func (m Mark) prove(context.Context, *Service, *Request) (confirm, error) {
	return nil, identity.Unauthenticatedf("the method %s proves nobody here", string(m))
}
