package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// maxLead is how far into the future the events of one user may reach; see Revoke.
const maxLead = time.Minute

// Revoke writes a revocation event, and drops those that no token can be old enough for any more: revoked longer ago
// than Options.KeepRevocations.
//
// Events and tokens know whole seconds only, and an event ends all that was issued in its second. Who logs in within
// that second gets a token that is stamped one second after the event (auth.Service). So a second event for the same
// user in that second must reach one second further, or it would miss that token.
func (tx *Tx) Revoke(ctx context.Context, e identity.RevocationEvent) error {
	if e.AccessTokenID != "" && e.DomainID == "" && e.ProjectID == "" && e.UserID == "" && e.RoleID == "" && e.TrustID == "" && e.ConsumerID == "" && e.AuditID == "" && e.AuditChainID == "" {
		return errors.New("a revocation event that names an access token alone, which is not compared, would end every token")
	}
	second := tx.now.Truncate(time.Second)
	if e.RevokedAt.IsZero() {
		e.RevokedAt = second
	}
	if e.IssuedBefore.IsZero() {
		e.IssuedBefore = e.RevokedAt
		if e.UserID != "" {
			var last time.Time
			err := tx.row(ctx, `SELECT MAX("issued_before") FROM "revocation_event" WHERE "user_id" = ? AND "issued_before" >= ?`,
				e.UserID, e.IssuedBefore).Scan(timeOf{&last})
			if err != nil {
				return err
			}
			if !last.IsZero() {
				e.IssuedBefore = last.Truncate(time.Second).Add(time.Second)
			}
			if limit := second.Add(maxLead); e.IssuedBefore.After(limit) {
				e.IssuedBefore = limit
			}
		}
	}
	_, err := tx.exec(ctx, `INSERT INTO "revocation_event" ("domain_id", "project_id", "user_id", "role_id", "trust_id",
		"consumer_id", "access_token_id", "issued_before", "expires_at", "revoked_at", "audit_id", "audit_chain_id")
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		orNull(e.DomainID), orNull(e.ProjectID), orNull(e.UserID), orNull(e.RoleID), orNull(e.TrustID),
		orNull(e.ConsumerID), orNull(e.AccessTokenID), e.IssuedBefore, orNull(e.ExpiresAt), e.RevokedAt,
		orNull(e.AuditID), orNull(e.AuditChainID))
	if err != nil {
		return err
	}
	k := revocationKey(e)
	tx.touch(k.Kind, k.ID)
	_, err = tx.exec(ctx, `DELETE FROM "revocation_event" WHERE "revoked_at" < ?`, second.Add(-tx.db.keepRevocations))
	return err
}

// methodRevocationLead is how far RevokeWithout reaches ahead: a login that asked for the user's rules before this commits
// may be stamped a little later.
const methodRevocationLead = 5 * time.Second

// RevokeWithout ends the tokens of a user in which one of these methods had no part. Trusts that the user gave are not
// touched: they stand on what the trustee proved. Keystone's table of events has no column for methods, and knows none of it.
func (tx *Tx) RevokeWithout(ctx context.Context, user identity.UserID, methods ...string) error {
	second := tx.now.Truncate(time.Second)
	for _, m := range methods {
		_, err := tx.exec(ctx, `INSERT INTO "lintel_method_revocation" ("user_id", "method", "issued_before", "revoked_at") VALUES (?, ?, ?, ?)`,
			user, m, second.Add(methodRevocationLead), second)
		if err != nil {
			return err
		}
	}
	k := revocationKey(identity.RevocationEvent{UserID: user})
	tx.touch(k.Kind, k.ID)
	_, err := tx.exec(ctx, `DELETE FROM "lintel_method_revocation" WHERE "revoked_at" < ?`, second.Add(-tx.db.keepRevocations))
	return err
}

// RevocationEvents returns the events that were written after a time, the oldest first; the zero time is before all.
func (tx *Tx) RevocationEvents(ctx context.Context, after time.Time) ([]identity.RevocationEvent, error) {
	var s selection
	if !after.IsZero() {
		s.also(`"revoked_at" > ?`, after)
	}
	return list(ctx, tx, func(s scanner) (e identity.RevocationEvent, err error) {
		err = s.Scan(textOf(&e.DomainID), textOf(&e.ProjectID), textOf(&e.UserID), textOf(&e.RoleID), textOf(&e.TrustID),
			textOf(&e.ConsumerID), textOf(&e.AccessTokenID), textOf(&e.AuditID), textOf(&e.AuditChainID),
			timeOf{&e.IssuedBefore}, timeOf{&e.ExpiresAt}, timeOf{&e.RevokedAt})
		return e, err
	}, `SELECT "domain_id", "project_id", "user_id", "role_id", "trust_id", "consumer_id", "access_token_id", "audit_id",
		"audit_chain_id", "issued_before", "expires_at", "revoked_at"
		FROM "revocation_event"`+s.sql()+` ORDER BY "revoked_at", "id"`, s.args...)
}

// revocationKey names the tokens that an event may end, by what tells most about them.
func revocationKey(e identity.RevocationEvent) Key {
	id := ""
	switch {
	case e.AuditID != "":
		id = "audit " + e.AuditID
	case e.AuditChainID != "":
		id = "chain " + e.AuditChainID
	case e.TrustID != "":
		id = "trust " + string(e.TrustID)
	case e.UserID != "":
		id = "user " + string(e.UserID)
	case e.ProjectID != "":
		id = "project " + string(e.ProjectID)
	}
	return Key{"revocation", id}
}

// TokenKeys returns the keys of all that a token is made from: when one of them is touched, it may have changed or
// ended. groups are those that its user, and the trustors of its trusts, are in.
func TokenKeys(t *identity.Token, groups []identity.GroupID) []Key {
	keys := []Key{
		{"user", string(t.User.ID)}, {"project", string(t.User.DomainID)}, {"grants", string(t.User.ID)}, {"implied_role", ""},
		{"revocation", ""}, {"revocation", "user " + string(t.User.ID)}, {"revocation", "audit " + t.AuditIDs[0]},
		{"catalog", ""}, {"service_provider", ""},
	}
	if len(t.AuditIDs) > 1 {
		keys = append(keys, Key{"revocation", "chain " + t.AuditIDs[1]})
	}
	if p := t.Scope.ProjectID(); p != "" {
		keys = append(keys, Key{"project", string(p)}, Key{"project", string(t.Project.DomainID)}, Key{"revocation", "project " + string(p)})
	}
	if t.Federated {
		keys = append(keys, Key{"identity_provider", string(t.IdentityProviderID)})
	}
	if d := t.Scope.DomainID(); d != "" {
		keys = append(keys, Key{"project", string(d)})
	}
	for _, l := range t.Trusts {
		keys = append(keys, Key{"trust", string(l.ID)}, Key{"revocation", "trust " + string(l.ID)}, Key{"revocation", "user " + string(l.TrustorUserID)},
			Key{"user", string(l.TrustorUserID)}, Key{"user", string(l.TrusteeUserID)}, Key{"grants", string(l.TrustorUserID)},
			Key{"project", string(l.Trustor.DomainID)}, Key{"project", string(l.Trustee.DomainID)})
	}
	if c := t.ApplicationCredentialID; c != "" {
		keys = append(keys, Key{"application_credential", string(c)})
	}
	if a := t.AccessTokenID; a != "" {
		keys = append(keys, Key{"access_token", string(a)})
	}
	for _, r := range t.Roles {
		keys = append(keys, Key{"role", string(r.ID)})
	}
	for _, g := range groups {
		keys = append(keys, Key{"group", string(g)}, Key{"grants", string(g)})
	}
	return keys
}

// RevokedUntil tells the latest second at which a token like this one is revoked when it was issued then; zero when the
// token stands.
//
// Every field of an event that is set must agree with the token (keystone/models/revoke_model.py). The domain of an event
// that also has an expiry is the domain of a scope; else it may be the user's, too. The domain of a project counts as
// neither, and the OAuth access token is not compared.
func (tx *Tx) RevokedUntil(ctx context.Context, t *identity.Token) (until time.Time, err error) {
	found, err := Recall(tx, revokedUntilOf(t), func() (ends, []Key, error) {
		var g gathering
		e := gatherRevocations(&g, t, `?`, t.User.DomainID)
		return e, nil, g.run(ctx, tx)
	})
	if err != nil {
		return until, err
	}
	until = found[""]
	for _, r := range t.Roles {
		if at := found[r.ID]; at.After(until) {
			until = at
		}
	}
	if len(t.Trusts) == 0 || t.Trusts[0].TrustorUserID == t.User.ID {
		return until, nil
	}
	other, err := tx.RevokedUntil(ctx, byTrustor(t))
	if other.After(until) {
		until = other
	}
	return until, err
}

// byTrustor is a token of a trust as if its trustor held it: an event about a user also ends the tokens of trusts that the user
// gave.
func byTrustor(t *identity.Token) *identity.Token {
	given := *t
	given.User.ID, given.Trusts, given.Methods = t.Trusts[0].TrustorUserID, nil, nil
	return &given
}

// ends tells until when tokens are revoked by events that name a role, by that role, and by others under "".
type ends map[identity.RoleID]time.Time

func (e ends) take(s scanner) error {
	var role identity.RoleID
	var at time.Time
	err := s.Scan(textOf(&role), timeOf{&at})
	if at.After(e[role]) {
		e[role] = at
	}
	return err
}

// RevokedSince is RevokedUntil for a token that is about to be made from one that stands, issued at a time since: nothing
// names the new one itself yet, so the answer is the same for all that are made like it.
func (tx *Tx) RevokedSince(ctx context.Context, t *identity.Token, since time.Time) (time.Time, error) {
	of := []string{string(t.User.ID), string(t.TrustID), string(t.AccessTokenID), strconv.FormatInt(t.ExpiresAt.Unix(), 10), strconv.FormatInt(since.Unix(), 10)}
	of = append(append(append(of, t.AuditIDs[1:]...), "by"), t.Methods...)
	of = append(of, "with")
	for _, r := range t.Roles {
		of = append(of, string(r.ID))
	}
	until, err := Recall(tx, Fact{"revoked", strings.Join(of, " "), t.Scope.String()}, func() (time.Time, []Key, error) {
		like := *t
		like.IssuedAt, like.AuditIDs = since, slices.Clone(t.AuditIDs)
		like.AuditIDs[0] = ""
		until, err := tx.RevokedUntil(ctx, &like)
		return until, TokenKeys(&like, nil), err
	})
	if until.Before(t.IssuedAt) {
		until = time.Time{}
	}
	return until, err
}

// revokedUntilOf names what RevokedUntil tells of a token that is judged; see Foresee.
func revokedUntilOf(t *identity.Token) Fact {
	return Fact{"revoked until", t.AuditIDs[0], string(t.User.ID)}
}

// gatherRevocations adds to a gathering what may have ended a token, whose user's domain is given as an expression, by the role that is
// named; without what holds for the trustor of its trust. Each SELECT is a short range of one index, however many events there are; the
// last takes those that name neither user, project, token nor trust, which are few. Beside them are the revocations of RevokeWithout.
func gatherRevocations(g *gathering, t *identity.Token, home string, homeArgs ...any) ends {
	e := ends{}
	const columns = `"role_id", "issued_before"`
	var chain string
	if len(t.AuditIDs) > 1 {
		chain = t.AuditIDs[1]
	}
	var consumer identity.ConsumerID
	if t.AccessToken != nil {
		consumer = t.AccessToken.ConsumerID
	}
	rest := ` AND ("domain_id" IS NULL OR "domain_id" = ? OR "domain_id" = ` + home + ` AND "expires_at" IS NULL)
		AND ("expires_at" IS NULL OR "expires_at" = ?) AND ("consumer_id" IS NULL OR "consumer_id" = ?)
		AND "issued_before" >= ?`
	restArgs := slices.Concat([]any{t.Scope.DomainID()}, homeArgs, []any{t.ExpiresAt.Truncate(time.Second), consumer, t.IssuedAt})

	keys := []struct{ column, value, index string }{
		{"user_id", string(t.User.ID), "ix_revocation_event_user_id_issued_before"},
		{"project_id", string(t.Scope.ProjectID()), "ix_revocation_event_project_id_issued_before"},
		{"audit_id", t.AuditIDs[0], "ix_revocation_event_audit_id_issued_before"},
		{"audit_chain_id", chain, "lintel_ix_revocation_event_audit_chain_id"},
		{"trust_id", string(t.TrustID), "lintel_ix_revocation_event_trust_id"},
	}
	for i := range len(keys) + 1 {
		index := "lintel_ix_revocation_event_rest"
		if i < len(keys) {
			if index = keys[i].index; keys[i].value == "" {
				continue // no event can name what the token does not have
			}
		}
		where := make([]string, len(keys))
		var args []any
		for j, k := range keys {
			column := `"` + k.column + `"`
			switch {
			case i == len(keys):
				where[j] = column + ` IS NULL`
			case j < i: // said in a way that no index answers, here and below, or a database might take that instead of i's
				where[j] = `COALESCE(` + column + `, '') = ''`
			case j == i:
				where[j], args = column+` = ?`, append(args, k.value)
			default:
				where[j], args = `COALESCE(`+column+`, ?) = ?`, append(args, k.value, k.value)
			}
		}
		// MariaDB reads such a comment, and else would try each of the table's indexes out.
		g.add(columns, `FROM "revocation_event" /*! USE INDEX ("`+index+`") */ WHERE `+strings.Join(where, ` AND `)+rest, append(args, restArgs...), e.take)
	}
	// A passkey is two factors in one, or was shown after the password: its sessions lack nothing.
	if len(t.Methods) > 0 && !slices.Contains(t.Methods, "webauthn") {
		methods, args := in(t.Methods)
		g.add(`NULL, "issued_before"`, `FROM "lintel_method_revocation" WHERE "user_id" = ? AND "issued_before" >= ?
			AND "method" NOT IN `+methods, append([]any{t.User.ID, t.IssuedAt}, args...), e.take)
	}
	return e
}
