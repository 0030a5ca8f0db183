package store

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Revoke writes a revocation event, and drops those that no token can be old enough for any more: revoked longer ago
// than Options.KeepRevocations.
func (tx *Tx) Revoke(ctx context.Context, e identity.RevocationEvent) error {
	second := tx.now.Truncate(time.Second)
	if e.RevokedAt.IsZero() {
		e.RevokedAt = second
	}
	if e.IssuedBefore.IsZero() {
		e.IssuedBefore = e.RevokedAt
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
	tx.touch("revocation", string(e.UserID))
	_, err = tx.exec(ctx, `DELETE FROM "revocation_event" WHERE "revoked_at" < ?`, second.Add(-tx.db.keepRevocations))
	return err
}

// RevokedUntil tells the latest second at which a token like this one is revoked when it was issued then; zero when the
// token stands. The rules are upstream's (keystone/models/revoke_model.py): every field of an event that is set must
// agree, and the domain of a project does not count as the token's own.
func (tx *Tx) RevokedUntil(ctx context.Context, t *identity.Token) (until time.Time, err error) {
	chain := ""
	if len(t.AuditIDs) > 1 {
		chain = t.AuditIDs[1]
	}
	roles := make([]identity.RoleID, len(t.Roles))
	for i, r := range t.Roles {
		roles[i] = r.ID
	}
	roleSet, roleArgs := in(roles)
	args := []any{
		t.IssuedAt, t.User.ID, t.Scope.ProjectID(), t.AuditIDs[0], chain, t.TrustID,
		t.User.DomainID, t.Scope.DomainID(), t.ExpiresAt.Truncate(time.Second),
	}
	args = append(args, roleArgs...)
	err = tx.row(ctx, `SELECT MAX("issued_before") FROM "revocation_event" WHERE "issued_before" >= ?
		AND ("user_id" IS NULL OR "user_id" = ?)
		AND ("project_id" IS NULL OR "project_id" = ?)
		AND ("audit_id" IS NULL OR "audit_id" = ?)
		AND ("audit_chain_id" IS NULL OR "audit_chain_id" = ?)
		AND ("trust_id" IS NULL OR "trust_id" = ?)
		AND ("domain_id" IS NULL OR "domain_id" IN (?, ?))
		AND ("expires_at" IS NULL OR "expires_at" = ?)
		AND ("role_id" IS NULL OR "role_id" IN `+roleSet+`)
		AND "consumer_id" IS NULL`, args...).Scan(timeOf{&until})
	return until, err
}
