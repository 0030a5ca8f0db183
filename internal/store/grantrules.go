package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// GrantRules returns all grant rules, ordered by holder and target.
func (tx *Tx) GrantRules(ctx context.Context) ([]identity.GrantRule, error) {
	return list(ctx, tx, func(s scanner) (r identity.GrantRule, err error) {
		err = s.Scan(&r.ID, &r.Holder, &r.HolderTier, &r.Target, &r.TargetTier, textOf(&r.DomainID), &r.Grant, &r.Revoke, &r.Invite,
			&r.MaxDays, &r.NeedsAnswer, &r.StepUp)
		return r, err
	}, `SELECT "id", "holder_role_id", "holder_scope", "target_role_id", "target_scope", "domain_id", "may_grant", "may_revoke", "may_invite",
		"max_days", "needs_approval", "needs_step_up" FROM "lintel_grant_rule" ORDER BY "domain_id", "holder_role_id", "holder_scope", "target_role_id", "target_scope"`)
}

// PutGrantRule writes a grant rule, in the place of one of the same domain, holder and target.
func (tx *Tx) PutGrantRule(ctx context.Context, r identity.GrantRule) error {
	if err := tx.DropGrantRule(ctx, r); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_grant_rule" ("id", "holder_role_id", "holder_scope", "target_role_id", "target_scope", "domain_id",
		"may_grant", "may_revoke", "may_invite", "max_days", "needs_approval", "needs_step_up") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Holder, r.HolderTier, r.Target, r.TargetTier, r.DomainID, r.Grant, r.Revoke, r.Invite, r.MaxDays, r.NeedsAnswer, r.StepUp)
	return err
}

// DropGrantRule deletes the rule of the same domain, holder and target, if there is one.
func (tx *Tx) DropGrantRule(ctx context.Context, r identity.GrantRule) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_grant_rule" WHERE "holder_role_id" = ? AND "holder_scope" = ? AND "target_role_id" = ?
		AND "target_scope" = ? AND "domain_id" = ?`, r.Holder, r.HolderTier, r.Target, r.TargetTier, r.DomainID)
	return err
}

// DropGrantRules deletes all rules of a domain, or with an empty one those of the whole cloud.
func (tx *Tx) DropGrantRules(ctx context.Context, domain identity.DomainID) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_grant_rule" WHERE "domain_id" = ?`, domain)
	return err
}

// profileDetails is what is kept as JSON.
type profileDetails struct {
	DocsURL string            `json:"docs_url,omitempty"`
	Name    map[string]string `json:"name,omitempty"`
	Summary map[string]string `json:"summary,omitempty"`
	Warning map[string]string `json:"warning,omitempty"`
}

// RoleProfiles returns all profiles, by role.
func (tx *Tx) RoleProfiles(ctx context.Context) (map[identity.RoleID]identity.RoleProfile, error) {
	rows, err := list(ctx, tx, func(s scanner) (p identity.RoleProfile, err error) {
		var d profileDetails
		err = s.Scan(&p.RoleID, &p.Impact, &p.Category, &p.Sort, &p.Audience, jsonOf(&d))
		p.DocsURL, p.Name, p.Summary, p.Warning = d.DocsURL, d.Name, d.Summary, d.Warning
		return p, err
	}, `SELECT "role_id", "impact", "category", "sort", "audience", "details" FROM "lintel_role_profile"`)
	all := make(map[identity.RoleID]identity.RoleProfile, len(rows))
	for _, p := range rows {
		all[p.RoleID] = p
	}
	return all, err
}

// PutRoleProfile writes the profile of a role.
func (tx *Tx) PutRoleProfile(ctx context.Context, p identity.RoleProfile) error {
	body, err := json.Marshal(profileDetails{p.DocsURL, p.Name, p.Summary, p.Warning})
	if err != nil {
		return err
	}
	return tx.upsert(ctx, "lintel_role_profile", 1, []string{"role_id", "impact", "category", "sort", "audience", "details"},
		p.RoleID, p.Impact, p.Category, p.Sort, p.Audience, ascii(body))
}

// DropRoleProfile deletes the profile of a role.
func (tx *Tx) DropRoleProfile(ctx context.Context, role identity.RoleID) error {
	_, err := tx.exec(ctx, `DELETE FROM "lintel_role_profile" WHERE "role_id" = ?`, role)
	return err
}

// PutOrigin notes who set a part of an account.
func (tx *Tx) PutOrigin(ctx context.Context, o identity.Origin) error {
	return tx.upsert(ctx, "lintel_origin", 2, []string{"user_id", "part", "setter_id", "scope", "set_at"},
		o.UserID, o.What, o.SetterID, scopeText(o.Scope), tx.now)
}

// Origins returns who set which parts of an account, as far as that was noted.
func (tx *Tx) Origins(ctx context.Context, user identity.UserID) (map[identity.AccountPart]identity.Origin, error) {
	rows, err := list(ctx, tx, func(s scanner) (o identity.Origin, err error) {
		var scope string
		err = s.Scan(&o.UserID, &o.What, &o.SetterID, &scope, timeOf{&o.At})
		o.Scope = scopeOf(scope)
		return o, err
	}, `SELECT "user_id", "part", "setter_id", "scope", "set_at" FROM "lintel_origin" WHERE "user_id" = ?`, user)
	all := make(map[identity.AccountPart]identity.Origin, len(rows))
	for _, o := range rows {
		all[o.What] = o
	}
	return all, err
}

// scopeOf reads what scopeText wrote.
func scopeOf(text string) (s identity.Scope) {
	switch kind, id, _ := strings.Cut(text, ":"); kind {
	case "project":
		s = identity.OnProject(identity.ProjectID(id))
	case "domain":
		s = identity.OnDomain(identity.DomainID(id))
	case "system":
		s = identity.OnSystem()
	}
	return s
}
