package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// ReceiptError says that the methods proved so far are right and not enough. The receipt carries them over to the next
// try.
type ReceiptError struct {
	Receipt             string
	Methods             []string
	User                identity.User
	Domain              identity.Domain
	IssuedAt, ExpiresAt time.Time

	// Required are the user's rules that hold at least one of the methods proved; for a program of which none does, all.
	Required [][]string

	// Why says what a program cannot know that cannot go on; empty for people.
	Why string
}

func (e *ReceiptError) Error() string { return "more authentication methods are required" }

// receive adds the methods of a receipt to what was proved. A receipt ends with the tokens of its user.
func (s *Service) receive(ctx context.Context, tx *store.Tx, text string, p *proved) error {
	if text == "" {
		return nil
	}
	refuse := func(reason string) error {
		return &identity.Error{Kind: identity.Unauthorized, Message: "Could not find auth receipt: " + text + ".", Detail: reason}
	}
	r, err := s.Receipts.OpenReceipt(text)
	switch {
	case errors.Is(err, token.ErrInvalid):
		return refuse("it is no receipt of ours")
	case err != nil:
		return err
	case !tx.Now().Before(r.ExpiresAt):
		return refuse("it has ended")
	case identity.UserID(r.UserID) != p.user:
		return refuse("it is another user's")
	}
	u, err := tx.User(ctx, p.user)
	if err != nil {
		return hide(err)
	}
	until, err := tx.RevokedUntil(ctx, receiptAsToken(u, r.IssuedAt, r.ExpiresAt))
	if err != nil {
		return err
	}
	if !until.IsZero() {
		return refuse("it was revoked")
	}
	if slices.Contains(r.Methods, "application_credential") && p.credential == nil {
		return refuse("it needs the application credential again, whose bounds it does not know")
	}
	if slices.Contains(r.Methods, "oauth1") && p.accessToken == nil {
		return refuse("it needs the access token again, whose bounds it does not know")
	}
	p.by(r.Methods...)
	return nil
}

// receiptAsToken is a receipt as revocation events see it.
func receiptAsToken(u identity.User, issued, expires time.Time) *identity.Token {
	return &identity.Token{User: u, AuditIDs: []string{""}, IssuedAt: issued, ExpiresAt: expires}
}

// checkRules asks the user's multi-factor rules (keystone/auth/core.py, UserMFARulesValidator). Methods that this
// server does not have are taken out of a rule, so that configuration cannot lock people out; a rule that cannot be
// read at all refuses, for it says that more than a password was wanted.
func (s *Service) checkRules(ctx context.Context, tx *store.Tx, d door, p *proved) error {
	u, err := tx.User(ctx, p.user)
	if err != nil {
		return hide(err)
	}
	kind, id := p.robot()
	if kind == "credential" && !s.Credential.AsksKeys() {
		return nil
	}
	_, isSet := u.Options[identity.OptMultiFactorAuthRules]
	if enabled, isBool := u.Options[identity.OptMultiFactorAuthEnabled].(bool); !isSet || isBool && !enabled {
		return s.demand(ctx, tx, d, u, p)
	}
	rules, ok := u.MultiFactorRules()
	if !ok {
		return identity.Unauthenticatedf("the multi-factor rules of user %s cannot be read", u.ID)
	}
	if met, err := s.ownRulesMet(ctx, tx, u, p); err != nil || met {
		return err
	}
	if kind != "" && (!slices.Contains(p.methods, "password") || !slices.Contains(p.methods, "totp")) {
		if may, asked, err := s.Credential.RobotMay(ctx, tx, u, kind, id); err != nil || asked {
			return s.robotAnswer(may, err)
		}
	}
	var usable [][]string
	for _, rule := range rules {
		rule = slices.DeleteFunc(rule, func(m string) bool { return !slices.Contains(s.Methods, m) })
		if len(rule) == 0 {
			continue
		}
		if !slices.ContainsFunc(rule, func(m string) bool { return !slices.Contains(p.methods, m) }) {
			return s.demand(ctx, tx, d, u, p) // which may be more than the rules ask
		}
		usable = append(usable, rule)
	}
	since, err := s.Credential.ResetSince(ctx, tx, u)
	if err != nil {
		return err
	}
	if len(usable) == 0 || !since.IsZero() {
		return s.demand(ctx, tx, d, u, p)
	}
	return s.receipt(ctx, tx, u, p, usable)
}

// enrolBy tells from when on somebody who proved who they are by some methods can do nothing but set up a second factor; zero for never.
func (s *Service) enrolBy(ctx context.Context, tx *store.Tx, u identity.User, methods []string) (by time.Time, err error) {
	if slices.Contains(methods, "webauthn") || slices.Contains(methods, "password") && slices.Contains(methods, "totp") {
		return by, nil
	}
	return s.Credential.EnrolBy(ctx, tx, u)
}

// demand refuses who should have a second factor by now and has none, and lets what others get end when they should. The portal lets
// them in, to set one up: see Act. Who has one shows it, though the rules do not ask for it.
func (s *Service) demand(ctx context.Context, tx *store.Tx, d door, u identity.User, p *proved) error {
	by, err := s.enrolBy(ctx, tx, u, p.methods)
	if err != nil || by.IsZero() {
		return err
	}
	if kind, id := p.robot(); kind != "" {
		may, asked, err := s.Credential.RobotMay(ctx, tx, u, kind, id)
		return s.robotAnswer(may || !asked, err)
	}
	switch {
	case tx.Now().Before(by):
		p.until = by
		return nil
	}
	if can, err := s.Credential.CanShow(ctx, tx, u); err != nil {
		return err
	} else if can {
		return s.receipt(ctx, tx, u, p, [][]string{{"password", "totp"}})
	}
	if d == toPortal {
		return nil
	}
	return s.errNoFactor()
}

// errNoFactor answers whoever is proved, and must set up a second factor first.
func (s *Service) errNoFactor() error {
	where := "in the portal, on the page Security"
	if s.Portal != "" {
		where = "at " + s.Portal + "/security"
	}
	return &identity.Error{Kind: identity.Unauthorized, Message: "This account needs a second factor before anything else. Set it up " + where + "."}
}

// robot names what logs in for its user, when it is none of their own proofs.
func (p *proved) robot() (kind, id string) {
	switch {
	case p.key != "":
		return "credential", string(p.key)
	case p.credential != nil:
		return "application_credential", string(p.credential.ID)
	case p.accessToken != nil:
		return "OS-OAUTH1:access_token", string(p.accessToken.ID)
	}
	return "", ""
}

// errSuspended answers what was right, and may not log in beside the second factor of its owner. Keystone hands out a receipt here
// that nothing completes.
var errSuspended = &identity.Error{
	Kind: identity.Unauthorized,
	Message: "The owner of this credential has turned on a second factor, beside which it may not log in. Its owner can keep it, on the" +
		" portal's page Security, or make a new one there.",
}

// errNoRobots is errSuspended where nobody can keep it.
var errNoRobots = &identity.Error{
	Kind: identity.Unauthorized,
	Message: "The owner of this credential has turned on a second factor, beside which application credentials and OAuth tokens may not" +
		" log in here.",
}

func (s *Service) robotAnswer(may bool, err error) error {
	if err == nil && !may {
		if err = errNoRobots; s.Credential.Decides() {
			err = errSuspended
		}
	}
	return err
}

// trustorAllows refuses a trust that may not be used beside the second factor of who gave it.
func (s *Service) trustorAllows(ctx context.Context, tx *store.Tx, t *identity.Trust) error {
	u, err := tx.User(ctx, t.TrustorUserID)
	if errors.Is(err, identity.NotFound) {
		return nil // which the trust does not survive
	} else if err != nil {
		return err
	}
	may, asked, err := s.Credential.RobotMay(ctx, tx, u, "OS-TRUST:trust", string(t.ID))
	if err == nil && !asked {
		return nil
	}
	return s.robotAnswer(may, err)
}

// ownRulesMet tells whether a passkey stands in for the one-time code that the rules ask for which came with a user's factor.
// Those that an administrator has set know nothing of passkeys.
func (s *Service) ownRulesMet(ctx context.Context, tx *store.Tx, u identity.User, p *proved) (bool, error) {
	if !slices.Contains(p.methods, "webauthn") || !p.passkey && p.parent == nil && !slices.Contains(p.methods, "password") {
		return false, nil
	}
	return s.Credential.OwnsRules(ctx, tx, u)
}

func (s *Service) receipt(ctx context.Context, tx *store.Tx, u identity.User, p *proved, rules [][]string) error {
	d, err := tx.Domain(ctx, u.DomainID)
	if err != nil {
		return hide(err)
	}
	now := tx.Now()
	r := receiptAsToken(u, now.Truncate(time.Second), now.Add(s.ReceiptExpiration).Truncate(time.Second))
	if err := s.stamp(ctx, tx, r, p.parent); err != nil {
		return err
	}
	e := &ReceiptError{
		Methods: s.inOrder(p.methods), User: u, Domain: d, IssuedAt: r.IssuedAt, ExpiresAt: r.ExpiresAt, Required: [][]string{},
	}
	for _, rule := range rules {
		if slices.ContainsFunc(rule, func(m string) bool { return slices.Contains(p.methods, m) }) {
			e.Required = append(e.Required, rule)
		}
	}
	if kind, _ := p.robot(); kind != "" {
		e.Why = "The owner of this credential has multi-factor rules, none of which lets it log in by itself."
		if len(e.Required) == 0 { // Keystone tells none then, with which no program can do anything
			e.Required = rules
		}
	}
	if slices.Contains(e.Methods, "password") && slices.ContainsFunc(rules, func(rule []string) bool { return slices.Contains(rule, "totp") }) {
		some, err := s.Credential.TakesPasskey(ctx, tx, u)
		if err != nil {
			return err
		}
		if some { // after those that clients of Keystone know
			e.Required = append(e.Required, []string{"password", "webauthn"})
		}
	}
	e.Receipt, err = s.Receipts.SealReceipt(token.Receipt{
		UserID: string(u.ID), Methods: e.Methods, IssuedAt: e.IssuedAt, ExpiresAt: e.ExpiresAt,
	})
	if err != nil {
		return err
	}
	return e
}
