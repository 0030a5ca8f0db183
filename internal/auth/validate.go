package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Subject names a token that somebody asks about.
type Subject struct {
	Text         string
	Absent       bool // the request names none, not even an empty one
	AllowExpired bool // accept it for some time after its end
	AccessRules  bool // who asks will heed the token's access rules
	NoCatalog    bool
}

// Authenticate finds out who shows a token. Whatever is wrong with it, the answer is the same 401. What a signed EC2
// request gave is shown by services, not used: 403.
func (s *Service) Authenticate(ctx context.Context, text string) (identity.Caller, error) {
	remembered, err := s.recall(ctx, text, 0, nil)
	if err != nil {
		if e, ok := errors.AsType[*identity.Error](err); ok && (e.Kind == identity.NotFound || e.Kind == identity.Forbidden) {
			reason := e.Err
			if reason == nil {
				reason = e
			}
			return identity.Caller{}, identity.Unauthenticatedf("%s", reason)
		}
		return identity.Caller{}, err
	}
	t := &remembered.token
	if slices.Contains(t.Methods, "ec2credential") {
		return identity.Caller{}, identity.Deniedf("EC2 credential tokens cannot be used for authorization.")
	}
	methods := t.Delegated(s.AdditionalPrimary)
	return identity.Caller{Token: t, Delegated: t.TrustID != "" || methods, DelegatedMethods: methods}, nil
}

// Validate shows a token to somebody who may see it: 404 when it is not good, 403 when it is not theirs to see.
func (s *Service) Validate(ctx context.Context, caller identity.Caller, subject Subject) (Issued, error) {
	out, whole := Issued{Text: subject.Text}, false
	complete := func(tx *store.Tx, t *identity.Token) error {
		out.Token, whole = t, true
		return s.complete(ctx, tx, &out, !subject.NoCatalog)
	}
	e, err := s.subject(ctx, caller, authz.ValidateToken, subject, complete)
	if err != nil {
		return Issued{}, err
	}
	out.remembered, out.Token = e, &e.token
	if !whole && (!subject.NoCatalog || !e.own.Made()) { // else all that is shown is written already
		err = s.DB.Glance(ctx, func(tx *store.Tx) error { return complete(tx, &e.token) })
	}
	return out, err
}

// Check is Validate for those who ask only whether a token is good; another rule guards it.
func (s *Service) Check(ctx context.Context, caller identity.Caller, subject Subject) error {
	_, err := s.subject(ctx, caller, authz.CheckToken, subject, nil)
	return err
}

// subject opens a token that somebody asks about and asks the rule. more, if it is not nil, is called in the transaction
// that builds the token, if one has to.
func (s *Service) subject(ctx context.Context, caller identity.Caller, action authz.Action, subject Subject, more func(*store.Tx, *identity.Token) error) (*entry, error) {
	if subject.Absent {
		if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
			return nil, err
		}
	}
	var window time.Duration
	if subject.AllowExpired {
		window = s.AllowExpiredWindow
	}
	e, err := s.recall(ctx, subject.Text, window, more)
	if err != nil {
		return nil, err
	}
	if err := subject.understood(&e.token); err != nil {
		return nil, err
	}
	return e, s.Authz.Check(ctx, caller, action, e.target)
}

// recall opens a token, from memory if it is remembered: then what passes with time is asked again, and nothing else
// can have changed. Otherwise it is read, built and judged at a glance, with more called in the same one, and remembered.
func (s *Service) recall(ctx context.Context, text string, window time.Duration, more func(*store.Tx, *identity.Token) error) (*entry, error) {
	e, err := s.recallIn(ctx, s.DB.Glance, text, window, more)
	return e, s.endDisabled(ctx, err)
}

// reader is DB.Glance, or what runs a function in one that is under way.
type reader func(context.Context, func(*store.Tx) error) error

func (s *Service) recallIn(ctx context.Context, glance reader, text string, window time.Duration, more func(*store.Tx, *identity.Token) error) (*entry, error) {
	ctx = s.DB.Refresh(ctx)
	now := s.DB.Now()
	e, ok := s.Remembered.Get(text)
	ok = ok && (e.until.IsZero() || now.Before(e.until))
	if ok && e.refused != nil {
		return nil, e.refused
	}
	if ok && now.Sub(time.Unix(0, e.opened.Load())).Abs() < reopenAfter {
		return e, s.stands(ctx, now, text, &e.token, window)
	}
	pl, err := s.read(text)
	if err != nil {
		return nil, err
	}
	if ok {
		e.opened.Store(now.UnixNano())
		return e, s.stands(ctx, now, text, &e.token, window)
	}
	e = new(entry)
	e.opened.Store(now.UnixNano())
	stamp := s.DB.Stamp()
	var groups []identity.GroupID
	err = glance(ctx, func(tx *store.Tx) error {
		if e.token, err = s.found(ctx, tx, text, pl); errors.Is(err, identity.NotFound) {
			e.refused = err
		}
		if err != nil {
			return err
		}
		if err := s.stands(ctx, tx.Now(), text, &e.token, window); err != nil {
			return err
		}
		if toAPI.admit(&e.token) != nil {
			return notFound("Failed to validate token")
		}
		if groups, e.until, err = groupsBehind(ctx, tx, &e.token); err != nil || more == nil {
			return err
		}
		return more(tx, &e.token)
	})
	if e.refused != nil {
		s.Remembered.Put(text, &entry{refused: e.refused}, refusalCost, stamp, []store.Key{store.Anything})
	}
	if err != nil {
		return nil, err
	}
	e.target = authz.Target{"token": authz.Token(&e.token)}
	s.Remembered.Put(text, e, e.cost(), stamp, store.TokenKeys(&e.token, groups))
	return e, nil
}

// read turns a text into what it says.
func (s *Service) read(text string) (token.Payload, error) {
	if text == "" {
		return token.Payload{}, notFound("No token in the request")
	}
	pl, err := s.Tokens.Open(text)
	if errors.Is(err, token.ErrInvalid) {
		if _, signed := s.Tokens.(*token.JWS); signed {
			return pl, unknown(text, err)
		}
		return pl, notFound("Could not recognize Fernet token")
	}
	return pl, err
}

// disabledError says that a token's user is disabled and that no revocation event knows it yet.
type disabledError struct{ user identity.UserID }

func (e *disabledError) Error() string { return "user " + string(e.user) + " is disabled" }

// view is DB.View for work that judges tokens. An account that was disabled where no event is written, by inactivity or in
// a directory, gets its event here, so that enabling it again revives nothing.
func (s *Service) view(ctx context.Context, fn func(*store.Tx) error) error {
	return s.endDisabled(ctx, s.DB.View(ctx, fn))
}

// update is view for work that also writes.
func (s *Service) update(ctx context.Context, fn func(*store.Tx) error) error {
	return s.endDisabled(ctx, s.DB.Update(ctx, fn))
}

// recent is view for work on what the node remembers, if it has caught up with all others in this second. That is soon enough for
// a new token: what it is made from is read again whenever it is shown, and an event ends all that was issued in its second, so
// those that the node has not heard of will end it, too. Who is refused is looked at again, with all that is known anywhere.
func (s *Service) recent(ctx context.Context, fn func(*store.Tx) error) error {
	err := s.DB.Glance(ctx, func(tx *store.Tx) error {
		if !s.DB.CaughtUpSince(tx.Now().Truncate(time.Second)) {
			return errBehind
		}
		return fn(tx)
	})
	if err == nil {
		return nil
	}
	return s.current(ctx, fn)
}

var errBehind = errors.New("this node has not caught up in this second")

// current is view for work on what the node remembers, once it has caught up with all others.
func (s *Service) current(ctx context.Context, fn func(*store.Tx) error) error {
	if err := s.DB.CatchUp(ctx); err != nil {
		return err
	}
	return s.endDisabled(ctx, s.DB.Glance(ctx, fn))
}

func (s *Service) endDisabled(ctx context.Context, err error) error {
	if disabled, ok := errors.AsType[*disabledError](err); ok {
		event := identity.RevocationEvent{UserID: disabled.user}
		if err := s.DB.Update(ctx, func(tx *store.Tx) error { return tx.Revoke(ctx, event) }); err != nil {
			return err
		}
	}
	return err
}

// judge builds a token anew from what its text says and tells whether it is good, or was until window ago. What is wrong
// with it is a 404, in upstream's words.
func (s *Service) judge(ctx context.Context, tx *store.Tx, text string, pl token.Payload, window time.Duration) (identity.Token, error) {
	t, err := s.found(ctx, tx, text, pl)
	if err != nil {
		return t, err
	}
	return t, s.stands(ctx, tx.Now(), text, &t, window)
}

// found is judge but for what passes with time.
func (s *Service) found(ctx context.Context, tx *store.Tx, text string, pl token.Payload) (identity.Token, error) {
	t, err := s.build(ctx, tx, pl)
	if err == nil {
		err = s.guard(ctx, tx, &t)
	}
	if errors.Is(err, identity.Unauthorized) {
		return t, unknown(text, err)
	} else if err != nil {
		return t, err
	}
	until, err := tx.RevokedUntil(ctx, &t)
	if err != nil {
		return t, err
	}
	if !until.IsZero() {
		return t, notFound("Failed to validate token")
	}
	return t, nil
}

// stands tells whether a token is good at a time, as far as that passes with time.
func (s *Service) stands(ctx context.Context, now time.Time, text string, t *identity.Token, window time.Duration) error {
	if t.IssuedAt.After(now.Add(maxSkew)) {
		s.warnSkew(ctx, now, t)
		return notFound("Failed to validate token")
	}
	if !now.Before(t.ExpiresAt.Add(window)) {
		return notFound("Failed to validate token")
	}
	if a := t.AccessToken; a != nil && a.ExpiresAt != nil && !now.Before(*a.ExpiresAt) {
		return notFound("Failed to validate token") // Keystone lets its own tokens outlive their access token
	}
	if !s.Directory.Enabled(t.User, now) {
		return unknown(text, &disabledError{t.User.ID})
	}
	for i, l := range t.Trusts {
		if !s.Directory.Enabled(l.Trustor, now) && i == 0 || !s.Directory.Enabled(l.Trustee, now) {
			return identity.Deniedf("a user of trust %s is disabled", l.ID)
		}
	}
	return nil
}

// warnSkew tells, once a minute at most, that a token is stamped too far in the future.
func (s *Service) warnSkew(ctx context.Context, now time.Time, t *identity.Token) {
	last := s.warnedSkew.Load()
	if now.Unix()-last >= 60 && s.warnedSkew.CompareAndSwap(last, now.Unix()) {
		s.Log.WarnContext(ctx, "a token comes from the future: do the clocks of all nodes agree?", "ahead", t.IssuedAt.Sub(now))
	}
}

// build makes the token that a payload stands for, out of what the store says now. A NotFound says what is not there or
// disabled, an Unauthorized that the user holds no role.
func (s *Service) build(ctx context.Context, tx *store.Tx, pl token.Payload) (t identity.Token, err error) {
	t = identity.Token{
		Memo:    new(identity.Memo),
		Methods: pl.Methods, AuditIDs: pl.AuditIDs, IssuedAt: pl.IssuedAt, ExpiresAt: pl.ExpiresAt,
		TrustID: identity.TrustID(pl.TrustID), AccessTokenID: identity.AccessTokenID(pl.AccessTokenID),
		ApplicationCredentialID: identity.ApplicationCredentialID(pl.AppCredID), Thumbprint: pl.Thumbprint,
		Federated: pl.Federated, IdentityProviderID: identity.IdentityProviderID(pl.IdentityProviderID), ProtocolID: identity.ProtocolID(pl.ProtocolID),
	}
	for _, g := range pl.GroupIDs {
		t.ProvidedGroups = append(t.ProvidedGroups, identity.GroupID(g))
	}
	if t.Thumbprint != "" && pl.ProjectID == "" {
		// Fail closed: without their parent's rules such tokens would say more than was delegated.
		return t, notFound("Failed to validate token")
	}
	switch {
	case pl.System:
		t.Scope = identity.OnSystem()
	case pl.DomainID != "":
		t.Scope = identity.OnDomain(identity.DomainID(pl.DomainID))
	case pl.ProjectID != "":
		t.Scope = identity.OnProject(identity.ProjectID(pl.ProjectID))
	}
	t.User.ID = identity.UserID(pl.UserID)
	if err := tx.Foresee(ctx, &t); err != nil {
		return t, err
	}
	g, err := tx.Grounds(ctx, t.User.ID, t.Scope)
	if err != nil {
		return t, err
	}
	t.User, t.UserDomain, t.Project, t.ScopeDomain = g.User, g.UserDomain, g.Project, g.ScopeDomain
	if t.Scope.Kind() == identity.ProjectScoped && !t.Project.Enabled {
		return t, notFound("Unable to validate token because project " + pl.ProjectID + " is disabled")
	}
	if t.ScopeDomain.ID != "" && !t.ScopeDomain.Enabled {
		return t, domainDisabled(t.ScopeDomain.ID)
	}
	if !t.UserDomain.Enabled {
		return t, domainDisabled(t.UserDomain.ID)
	}
	if t.Federated {
		if t.GroupIDs, err = s.bindToProvider(ctx, tx, &t); err != nil {
			return t, err
		}
		if err := tx.ForeseeRights(ctx, &t); err != nil {
			return t, err
		}
	}
	if t.TrustID != "" {
		return t, s.bindToTrust(ctx, tx, &t)
	}
	if t.Scope.Kind() == identity.Unscoped {
		if t.ApplicationCredentialID != "" || t.AccessTokenID != "" {
			return t, notFound("Failed to validate token")
		}
		return t, nil
	}
	if t.Roles, err = s.rolesOf(ctx, tx, &t); err != nil {
		return t, err
	}
	if t.ApplicationCredentialID != "" {
		if err := s.bindToApplicationCredential(ctx, tx, &t); err != nil {
			return t, err
		}
	}
	if t.AccessTokenID != "" {
		if err := s.bindToAccessToken(ctx, tx, &t); err != nil {
			return t, err
		}
	}
	if len(t.Roles) == 0 {
		return t, identity.Unauthenticatedf("User %s has no access to the scope", t.User.ID)
	}
	if t.Scope.Kind() == identity.ProjectScoped && s.AdminProject != "" && s.AdminProjectDomain != "" {
		is := t.Project.Name == s.AdminProject && t.ScopeDomain.Name == s.AdminProjectDomain
		t.IsAdminProject = &is
	}
	return t, nil
}

// rolesOf returns the roles that a token's user holds on its scope. Federated tokens show theirs whole, with options.
func (s *Service) rolesOf(ctx context.Context, tx *store.Tx, t *identity.Token) ([]identity.Role, error) {
	if !t.Federated {
		return s.Assignment.Effective(ctx, tx, t.User.ID, t.GroupIDs, t.Scope)
	}
	roles, err := s.Assignment.Held(ctx, tx, t.User.ID, t.GroupIDs, t.Scope)
	return slices.DeleteFunc(roles, func(r identity.Role) bool { return r.DomainID != "" }), err
}

func notFound(message string) error {
	return &identity.Error{Kind: identity.NotFound, Message: message}
}

// unknown is upstream's answer about a token that opens and still is nobody's (TokenNotFound in keystone/exception.py).
func unknown(text string, err error) error {
	return &identity.Error{Kind: identity.NotFound, Message: "Could not find token: " + text + ".", Err: err}
}

func domainDisabled(id identity.DomainID) error {
	return notFound("Unable to validate token because domain " + string(id) + " is disabled")
}
