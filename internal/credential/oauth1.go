package credential

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/oauth1"
	"github.com/lintel-id/lintel/internal/store"
)

// ConsumerUpdate is a change of a consumer. ID is there to be compared; Extra is merged into what is there.
type ConsumerUpdate struct {
	ID          identity.Opt[identity.ConsumerID]
	Description identity.Opt[string]
	Extra       identity.Extra
}

const maxConsumerDescription = 64 // characters

// Consumers lists all consumers.
func (s *Service) Consumers(ctx context.Context, caller identity.Caller) (all []identity.Consumer, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListConsumers, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Consumers(ctx)
		return err
	})
	return all, err
}

// Consumer shows a consumer.
func (s *Service) Consumer(ctx context.Context, caller identity.Caller, id identity.ConsumerID) (c identity.Consumer, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetConsumer, nil); err != nil {
		return c, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err = tx.Consumer(ctx, id)
		return err
	})
	return c, err
}

// CreateConsumer keeps a new consumer, which read gives once the caller may, and makes its id and secret.
func (s *Service) CreateConsumer(ctx context.Context, caller identity.Caller, read func() (identity.Consumer, error)) (c identity.Consumer, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateConsumer, nil); err != nil {
		return c, err
	}
	if c, err = read(); err != nil {
		return c, err
	}
	if err := checkDescription(c); err != nil {
		return c, err
	}
	c.ID, c.Secret = identity.ConsumerID(identity.NewID()), identity.NewID()
	return c, s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertConsumer(ctx, c); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("OS-OAUTH1:consumer", c.ID).By(caller))
	})
}

// UpdateConsumer changes a consumer as read says once the caller may.
func (s *Service) UpdateConsumer(ctx context.Context, caller identity.Caller, id identity.ConsumerID, read func() (ConsumerUpdate, error)) (c identity.Consumer, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateConsumer, nil); err != nil {
		return c, err
	}
	u, err := read()
	if err != nil {
		return c, err
	}
	if err := identity.SameID(u.ID, id); err != nil {
		return c, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if c, err = tx.Consumer(ctx, id); err != nil {
			return err
		}
		if d := u.Description; d.Null {
			c.Description = nil
		} else if d.Present {
			c.Description = &d.Value
		}
		c.Extra = c.Extra.Merge(u.Extra)
		if err := checkDescription(c); err != nil {
			return err
		}
		if err := tx.PutConsumer(ctx, c); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("OS-OAUTH1:consumer", id).By(caller))
	})
	return c, err
}

func checkDescription(c identity.Consumer) error {
	if c.Description == nil {
		return nil
	}
	return identity.Fits(*c.Description, "description", maxConsumerDescription)
}

// DeleteConsumer deletes a consumer. All that users let it do ends.
func (s *Service) DeleteConsumer(ctx context.Context, caller identity.Caller, id identity.ConsumerID) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteConsumer, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Consumer(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteConsumer(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("OS-OAUTH1:consumer", id).By(caller))
	})
}

// CreateRequestToken gives a consumer what it asks a user with to be let in on a project. It is open to all: the request
// is signed by the consumer.
func (s *Service) CreateRequestToken(ctx context.Context, r *oauth1.Request, project identity.ProjectID) (t identity.RequestToken, err error) {
	if r.ConsumerKey == "" {
		return t, identity.Expecting("oauth_consumer_key", "request")
	}
	if project == "" {
		return t, identity.Expecting("Requested-Project-Id", "request")
	}
	check := func(tx *store.Tx) error {
		if _, err := tx.Project(ctx, project); err != nil {
			return err
		}
		c, err := tx.Consumer(ctx, identity.ConsumerID(r.ConsumerKey))
		if err != nil {
			return err
		}
		if err := wellFormed(r, tx.Now(), r.CheckCallback); err != nil {
			return err
		}
		if !r.Signed(c.Secret, "") {
			return errSignature
		}
		return nil
	}
	if err := s.DB.View(ctx, check); err != nil { // so that strangers make no writer wait
		return t, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		if err := UseNonce(ctx, tx, r); err != nil {
			return err
		}
		t = identity.RequestToken{
			ID: identity.RequestTokenID(identity.NewID()), Secret: identity.NewID(),
			ConsumerID: identity.ConsumerID(r.ConsumerKey), ProjectID: project, ExpiresAt: after(tx.Now(), s.RequestTokenLife),
		}
		if err := tx.InsertRequestToken(ctx, t); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("OS-OAUTH1:request_token", t.ID).By(identity.Caller{}))
	})
	return t, err
}

var errSignature = identity.Unauthenticatedf("Invalid signature")

// wellFormed turns what is wrong with a signed request into the answer of Keystone (validate_oauth_params in
// keystone/oauth1/core.py), and the time of an old one into that of a wrong signature.
func wellFormed(r *oauth1.Request, now time.Time, more func() error) error {
	err := r.Check(now)
	if err == nil {
		err = more()
	}
	if e, ok := errors.AsType[*oauth1.Error](err); ok {
		return identity.Invalidf("Validation failed with errors: %s, detail message is: %s.", e.Code, e.Description)
	} else if err != nil {
		return identity.Unauthenticatedf("%s", err)
	}
	return nil
}

// UseNonce refuses a signed request that was sent before (RFC 5849, section 3.3). Keystone takes it again.
func UseNonce(ctx context.Context, tx *store.Tx, r *oauth1.Request) error {
	uses, err := tx.Use(ctx, tx.Now().Add(2*oauth1.Lifetime+time.Minute), "oauth1 nonce", r.ConsumerKey, r.Token, r.Timestamp, r.Nonce)
	if err == nil && uses > 1 {
		err = identity.Unauthenticatedf("a signed request of consumer %s was sent again", r.ConsumerKey)
	}
	return err
}

// after is the end of a life that starts now; a life of 0 has none.
func after(now time.Time, life time.Duration) *time.Time {
	if life == 0 {
		return nil
	}
	end := now.Add(life)
	return &end
}

func over(end *time.Time, now time.Time) bool { return end != nil && now.After(*end) }

// requestToken is the kind of a robot that is to become an access token.
const requestToken = "OS-OAUTH1:request_token"

// AuthorizeRequestToken lets a consumer in with some of the caller's roles on the project that it asked for, which read
// gives once the caller may. It returns the verifier that the user hands to the consumer.
func (s *Service) AuthorizeRequestToken(ctx context.Context, caller identity.Caller, id identity.RequestTokenID, read func() ([]RoleRef, error)) (verifier string, err error) {
	if err := s.Authz.Check(ctx, caller, authz.AuthorizeRequestToken, nil); err != nil {
		return "", err
	}
	named, err := read()
	if err != nil {
		return "", err
	}
	if caller.Delegated {
		return "", identity.Deniedf("Cannot authorize a request token with a token issued via delegation.")
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := tx.RequestToken(ctx, id)
		if err != nil {
			return err
		}
		if over(t.ExpiresAt, tx.Now()) {
			return identity.Unauthenticatedf("Request token is expired")
		}
		if t.RoleIDs, err = resolveRoles(ctx, tx, named); err != nil {
			return err
		}
		if caller.Token == nil {
			return identity.Unauthenticatedf("the admin token has no roles to hand on")
		}
		t.UserID = caller.Token.User.ID
		held, err := s.Assignment.Held(ctx, tx, t.UserID, nil, identity.OnProject(t.ProjectID))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(t.RoleIDs, func(id identity.RoleID) bool { return !hasRole(held, id) }) {
			return identity.Unauthenticatedf("authorizing user does not have role required")
		}
		t.Verifier = newVerifier()
		verifier = t.Verifier
		if err := tx.AuthorizeRequestToken(ctx, t); err != nil {
			return err
		}
		// The access token is made later, by somebody else.
		if err := tx.PutStand(ctx, t.UserID, identity.Robot{Kind: requestToken, ID: string(id)}); err != nil {
			return err
		}
		return minted(ctx, tx, caller, t.UserID, requestToken, string(id))
	})
	return verifier, err
}

func newVerifier() string {
	const fair = 256 / len(oauth1.VerifierAlphabet) * len(oauth1.VerifierAlphabet) // bytes from here on would favour some
	verifier := make([]byte, 0, oauth1.VerifierLength)
	for len(verifier) < oauth1.VerifierLength {
		var b [1]byte
		rand.Read(b[:])
		if int(b[0]) < fair {
			verifier = append(verifier, oauth1.VerifierAlphabet[int(b[0])%len(oauth1.VerifierAlphabet)])
		}
	}
	return string(verifier)
}

// maxGuesses is how many wrong verifiers a request token outlives.
const maxGuesses = 5

// CreateAccessToken gives a consumer the access token for a request token that a user has authorized, which is then used
// up. It is open to all: the request is signed by the consumer. Of all that may be missing or wrong there is one 401.
func (s *Service) CreateAccessToken(ctx context.Context, r *oauth1.Request) (a identity.AccessToken, err error) {
	for _, p := range []struct{ name, value string }{
		{"oauth_consumer_key", r.ConsumerKey}, {"oauth_token", r.Token}, {"oauth_verifier", r.Verifier},
	} {
		if p.value == "" {
			return a, identity.Expecting(p.name, "request")
		}
	}
	var t identity.RequestToken
	check := func(tx *store.Tx) error {
		if t, err = tx.RequestToken(ctx, identity.RequestTokenID(r.Token)); err != nil {
			return hide(err)
		}
		if over(t.ExpiresAt, tx.Now()) {
			return identity.Unauthenticatedf("Request token is expired")
		}
		if err := wellFormed(r, tx.Now(), r.CheckVerifier); err != nil {
			return err
		}
		c, err := tx.Consumer(ctx, t.ConsumerID)
		switch {
		case err != nil:
			return hide(err)
		case r.ConsumerKey != string(t.ConsumerID):
			return identity.Unauthenticatedf("Provided consumer key does not match stored consumer key.")
		case !r.Signed(c.Secret, t.Secret):
			return errSignature
		case t.Verifier == "" || t.UserID == "":
			return identity.Unauthenticatedf("Request Token does not have an authorizing user id.")
		}
		return nil
	}
	if err := s.DB.View(ctx, check); err != nil {
		return a, err
	}
	wrong := false
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		if err := UseNonce(ctx, tx, r); err != nil {
			return err
		}
		wrong = subtle.ConstantTimeCompare([]byte(t.Verifier), []byte(r.Verifier)) != 1
		if wrong {
			return guessed(ctx, tx, t)
		}
		there, err := tx.DeleteRequestToken(ctx, t.ID)
		if err == nil && !there {
			err = identity.Unauthenticatedf("request token %s was used meanwhile", t.ID)
		}
		if err != nil {
			return err
		}
		a = identity.AccessToken{
			ID: identity.AccessTokenID(identity.NewID()), Secret: identity.NewID(), ConsumerID: t.ConsumerID,
			UserID: t.UserID, ProjectID: t.ProjectID, RoleIDs: t.RoleIDs, ExpiresAt: after(tx.Now(), s.AccessTokenLife),
		}
		if err := tx.InsertAccessToken(ctx, a); err != nil {
			return err
		}
		stand, err := tx.Stand(ctx, requestToken, string(t.ID))
		if err == nil && stand != "" {
			err = errors.Join(tx.PutStand(ctx, t.UserID, identity.Robot{Kind: requestToken, ID: string(t.ID)}),
				tx.PutStand(ctx, t.UserID, identity.Robot{Kind: "OS-OAUTH1:access_token", ID: string(a.ID), Stand: stand}))
		}
		if err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("OS-OAUTH1:access_token", a.ID).By(identity.Caller{}))
	})
	if err == nil && wrong {
		err = identity.Unauthenticatedf("Provided verifier does not match stored verifier")
	}
	return a, err
}

// guessed counts a wrong verifier. After a few the request token is gone.
func guessed(ctx context.Context, tx *store.Tx, t identity.RequestToken) error {
	const long = 100 * 365 * 24 * time.Hour
	end := tx.Now().Add(long)
	if t.ExpiresAt != nil {
		end = *t.ExpiresAt
	}
	guesses, err := tx.Use(ctx, end, "oauth1 verifier", string(t.ID))
	if err == nil && guesses >= maxGuesses {
		_, err = tx.DeleteRequestToken(ctx, t.ID)
	}
	return err
}

// hide makes the 401 of a door out of what is not there.
func hide(err error) error {
	if errors.Is(err, identity.NotFound) {
		return identity.Unauthenticatedf("%s", err)
	}
	return err
}

// mayManageAccessTokens refuses callers whose rights were handed on.
func mayManageAccessTokens(caller identity.Caller) error {
	if caller.Delegated {
		return identity.Deniedf("Cannot manage OAuth access tokens with a token issued via delegation.")
	}
	return nil
}

// AccessTokens lists the access tokens that a user gave.
func (s *Service) AccessTokens(ctx context.Context, caller identity.Caller, user identity.UserID) (all []identity.AccessToken, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListAccessTokens, nil); err != nil {
		return nil, err
	}
	if err := mayManageAccessTokens(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = tx.AccessTokens(ctx, user)
		return err
	})
	return all, err
}

// errNotTheirs answers a request for an access token of somebody else than the path names. Keystone forgets to say what it
// did not find.
var errNotTheirs = &identity.Error{Kind: identity.NotFound, Message: "Could not find: %(target)s."}

// AccessToken shows an access token that a user gave.
func (s *Service) AccessToken(ctx context.Context, caller identity.Caller, user identity.UserID, id identity.AccessTokenID) (a identity.AccessToken, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetAccessToken, nil); err != nil {
		return a, err
	}
	if err := mayManageAccessTokens(caller); err != nil {
		return a, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if a, err = tx.AccessToken(ctx, id); err == nil && a.UserID != user {
			err = errNotTheirs
		}
		return err
	})
	return a, err
}

// DeleteAccessToken takes back what a user gave; tokens issued for it end. Upstream asks the rule about EC2 keys, about no
// key at all (OAuth1AccessTokenCRUDResource.delete in keystone/api/users.py).
func (s *Service) DeleteAccessToken(ctx context.Context, caller identity.Caller, user identity.UserID, id identity.AccessTokenID) error {
	if err := s.Authz.Check(ctx, caller, authz.EC2DeleteCredential, nil); err != nil {
		return err
	}
	if err := mayManageAccessTokens(caller); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.AccessToken(ctx, id)
		if err != nil {
			return err
		}
		if a.UserID != user {
			return identity.Unauthenticatedf("User IDs do not match")
		}
		if err := tx.DeleteAccessToken(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("OS-OAUTH1:access_token", id).By(caller))
	})
}

// AccessTokenRoles lists the roles of an access token that there still are.
func (s *Service) AccessTokenRoles(ctx context.Context, caller identity.Caller, user identity.UserID, id identity.AccessTokenID) (roles []identity.Role, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListAccessTokenRoles, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		a, err := tx.AccessToken(ctx, id)
		if err != nil {
			return err
		}
		if a.UserID != user {
			return errNotTheirs
		}
		for _, id := range a.RoleIDs {
			role, err := tx.Role(ctx, id)
			if errors.Is(err, identity.NotFound) {
				continue
			} else if err != nil {
				return err
			}
			roles = append(roles, role)
		}
		return nil
	})
	return roles, err
}

// AccessTokenRole shows one role of an access token.
func (s *Service) AccessTokenRole(ctx context.Context, caller identity.Caller, user identity.UserID, id identity.AccessTokenID, role identity.RoleID) (r identity.Role, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetAccessTokenRole, nil); err != nil {
		return r, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		a, err := tx.AccessToken(ctx, id)
		if err != nil {
			return err
		}
		if a.UserID != user {
			return identity.Unauthenticatedf("User IDs do not match")
		}
		if !slices.Contains(a.RoleIDs, role) {
			return identity.Missing("role", role)
		}
		r, err = tx.Role(ctx, role)
		return err
	})
	return r, err
}

// RolesOf returns those of some roles that an access token hands on: that it names, or that these imply.
func (s *Service) RolesOf(ctx context.Context, tx *store.Tx, a identity.AccessToken, held []identity.Role) ([]identity.Role, error) {
	given, err := withImplied(ctx, tx, a.RoleIDs)
	return slices.DeleteFunc(held, func(r identity.Role) bool { return !slices.Contains(given, r.ID) }), err
}
