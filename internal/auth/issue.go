package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Issue logs somebody in. A *ReceiptError says that more methods are needed.
//
// What takes long is proved first. The token itself is made in one transaction, which asks again whether each proof still
// holds: a token must not get past an event that would have ended it, had it been a moment older.
func (s *Service) Issue(ctx context.Context, r Request) (Issued, error) {
	show, err := s.proveAll(ctx, &r)
	if err != nil {
		return Issued{}, err
	}
	out, err := s.issue(ctx, r.Scope, s.readerFor(&r), !r.NoCatalog, show)
	if err == nil {
		err = s.entered(ctx, out.Token, nil)
	}
	return out, err
}

// readerFor is what a login is shown in. What can be sent once is written down. What a node remembers is enough for a secret that
// was right before, and, once it has caught up with all others, for a token or a password that is shown alone.
func (s *Service) readerFor(r *Request) reader {
	alone := len(r.Methods) == 1 && r.Receipt == "" && r.External == nil
	switch {
	case slices.Contains(r.Methods, "oauth1"):
		return s.update
	case alone && r.recalled:
		return s.recent
	case alone && (r.Methods[0] == "token" || r.Methods[0] == "password"):
		return s.current
	}
	return s.view
}

// proveAll does of all methods of a login what comes before the transaction.
func (s *Service) proveAll(ctx context.Context, r *Request) (confirm, error) {
	if err := s.check(r); err != nil {
		return nil, err
	}
	var confirms []confirm
	if c := r.External.besides(ctx, s, r); c != nil {
		confirms = append(confirms, c)
	}
	if err := s.knownBy(r); err != nil {
		return nil, err
	}
	// A code comes last: whether it counts as a stranger's hangs on what was proved before.
	methods := r.Methods
	if len(methods) > 1 {
		methods = slices.Clone(methods)
		slices.SortStableFunc(methods, func(a, b string) int { return last(r.Evidence[a]) - last(r.Evidence[b]) })
	}
	for _, m := range methods {
		c, err := r.Evidence[m].prove(ctx, s, r)
		if err != nil {
			return nil, err
		}
		confirms = append(confirms, c)
	}
	return func(ctx context.Context, tx *store.Tx, p *proved) error {
		for _, c := range confirms {
			if err := c(ctx, tx, p); err != nil {
				return err
			}
		}
		return s.receive(ctx, tx, r.Receipt, p)
	}, nil
}

// knownBy notes whom a receipt says that a first factor was right for. Whether the receipt stands is judged later.
func (s *Service) knownBy(r *Request) error {
	if r.Receipt == "" {
		return nil
	}
	receipt, err := s.Receipts.OpenReceipt(r.Receipt)
	if errors.Is(err, token.ErrInvalid) {
		return nil
	}
	if err == nil && s.DB.Now().Before(receipt.ExpiresAt) {
		r.known = identity.UserID(receipt.UserID)
	}
	return err
}

// last is 1 for a method that is proved after the others.
func last(m Method) int {
	switch m.(type) {
	case *TOTP, *RecoveryCode:
		return 1
	}
	return 0
}

// issue makes a token, with its text, for what is shown in the transaction that makes it, one of run.
func (s *Service) issue(ctx context.Context, on ScopeRequest, run reader, withCatalog bool, show confirm) (Issued, error) {
	out, err := s.make(ctx, toAPI, on, run, withCatalog, show)
	if err != nil {
		return Issued{}, err
	}
	out.Text, err = s.Tokens.Seal(payloadOf(out.Token))
	return out, err
}

// make is issue without the text, for either door.
func (s *Service) make(ctx context.Context, d door, on ScopeRequest, run reader, withCatalog bool, show confirm) (out Issued, err error) {
	if on.Trust != nil {
		run = s.update // a use of the trust may be taken
	}
	var login *directory.Login
	var parent *identity.Token
	err = run(ctx, func(tx *store.Tx) error {
		var p proved
		if err := show(ctx, tx, &p); err != nil {
			return err
		}
		if p.user == "" {
			return identity.Unauthenticatedf("no method proved a user")
		}
		scope, err := s.scope(ctx, tx, on, &p)
		if err != nil {
			return err
		}
		if err := s.checkRules(ctx, tx, d, &p); err != nil {
			return err
		}
		t, err := s.build(ctx, tx, s.payload(tx.Now(), &p, scope))
		if err != nil {
			if shut := d.admit(&t); shut != nil { // before why there is no access: that there can be none is what they can learn from
				return shut
			}
			return hide(err)
		}
		if err := s.guard(ctx, tx, &t); err != nil {
			return s.askMore(ctx, tx, &p, err)
		}
		out.Token = &t
		if err := d.admit(&t); err != nil {
			return err
		}
		out.Life = t.ExpiresAt.Sub(t.IssuedAt)
		if err := s.stamp(ctx, tx, &t, p.parent); err != nil {
			return err
		}
		if err := s.useTrust(ctx, tx, p.trust); err != nil {
			return err
		}
		login, parent = p.login, p.parent
		return s.complete(ctx, tx, &out, withCatalog)
	})
	if err == nil && login != nil {
		err = s.Directory.Entered(ctx, *login)
	}
	if err == nil && parent != nil && parent.Federated {
		err = s.DB.Record(ctx, exchanged(parent))
	}
	return out, err
}

// payload is what a new token will say. A token made from a token ends with it: rescoping must not stand in for proving
// who one is.
func (s *Service) payload(now time.Time, p *proved, scope identity.Scope) token.Payload {
	pl := token.Payload{
		UserID:    string(p.user),
		Methods:   s.inOrder(p.methods),
		AuditIDs:  []string{token.NewAuditID()},
		IssuedAt:  now.Truncate(time.Second),
		ExpiresAt: now.Add(s.Expiration).Truncate(time.Second),
		ProjectID: string(scope.ProjectID()),
		DomainID:  string(scope.DomainID()),
		System:    scope.IsSystem(),

		Thumbprint: p.thumbprint,
	}
	if p.parent != nil {
		pl.AuditIDs = append(pl.AuditIDs, p.parent.AuditIDs[len(p.parent.AuditIDs)-1])
		pl.ExpiresAt = p.parent.ExpiresAt
	}
	if !p.until.IsZero() {
		pl.ExpiresAt = noLater(pl.ExpiresAt, &p.until)
	}
	if f := p.provider; f != nil && p.credential == nil && p.accessToken == nil && p.trust == nil { // which bind a token by themselves
		pl.Federated, pl.IdentityProviderID, pl.ProtocolID = true, string(f.provider), string(f.protocol)
		pl.GroupIDs = texts(f.groups)
	}
	if c := p.credential; c != nil {
		pl.AppCredID = string(c.ID)
		pl.ExpiresAt = noLater(pl.ExpiresAt, c.ExpiresAt)
	}
	if a := p.accessToken; a != nil {
		pl.AccessTokenID = string(a.ID)
		pl.ExpiresAt = noLater(pl.ExpiresAt, a.ExpiresAt)
	}
	if t := p.trust; t != nil {
		pl.TrustID = string(t.ID)
		pl.ExpiresAt = noLater(pl.ExpiresAt, t.ExpiresAt)
	}
	return pl
}

// inOrder sorts methods as a Fernet token will give them back, so that a token reads the same when it is issued and when
// it is validated: the last of the configured ones first.
func (s *Service) inOrder(methods []string) []string {
	methods = slices.Clone(methods)
	slices.SortStableFunc(methods, func(a, b string) int { return slices.Index(s.Methods, b) - slices.Index(s.Methods, a) })
	return methods
}

// stamp sets the issue time of a new token, for the sake of revocation events of the same second. Events and tokens
// know seconds only, and an event ends all that was issued in its second; left alone, who changes a password and logs in
// at once would hold a dead token. So what a fresh login gives is issued after the event. What is made from a token is
// not: it is as old as that token at least, and what ends it ends it.
func (s *Service) stamp(ctx context.Context, tx *store.Tx, t, parent *identity.Token) error {
	if parent != nil && parent.IssuedAt.After(t.IssuedAt) {
		t.IssuedAt = parent.IssuedAt
	}
	since := t.IssuedAt
	if parent != nil {
		since = parent.IssuedAt
	}
	until, err := tx.RevokedSince(ctx, t, since)
	if err != nil || until.IsZero() {
		return err
	}
	if parent != nil {
		return identity.Unauthenticatedf("the new token is revoked already")
	}
	t.IssuedAt = until.Truncate(time.Second).Add(time.Second)
	return nil
}

// payloadOf is what a token says.
func payloadOf(t *identity.Token) token.Payload {
	return token.Payload{
		UserID: string(t.User.ID), Methods: t.Methods, AuditIDs: t.AuditIDs, IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt,
		ProjectID: string(t.Scope.ProjectID()), DomainID: string(t.Scope.DomainID()), System: t.Scope.IsSystem(),
		TrustID: string(t.TrustID), AccessTokenID: string(t.AccessTokenID), AppCredID: string(t.ApplicationCredentialID), Thumbprint: t.Thumbprint,
		Federated: t.Federated, IdentityProviderID: string(t.IdentityProviderID), ProtocolID: string(t.ProtocolID), GroupIDs: texts(t.ProvidedGroups),
	}
}

func texts[ID ~string](ids []ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// hide turns what build finds wrong with a new token into the 401 of a login.
func hide(err error) error {
	if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind == identity.NotFound {
		return identity.Unauthenticatedf("%s", e.Message)
	}
	return err
}

// complete adds what is shown of a token beside itself.
func (s *Service) complete(ctx context.Context, tx *store.Tx, out *Issued, withCatalog bool) (err error) {
	t := out.Token
	if withCatalog && t.Scope.Kind() != identity.Unscoped {
		user := t.User.ID
		if len(t.Trusts) > 0 {
			user = t.Trusts[0].TrustorUserID
		}
		if out.Catalog, err = s.Catalog.Render(ctx, tx, user, t.Scope.ProjectID()); err != nil {
			return err
		}
	}
	out.ServiceProviders, err = tx.EnabledServiceProviders(ctx)
	return err
}
