package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// DomainRules returns what a domain asks of its people; nothing where nobody set any.
func (tx *Tx) DomainRules(ctx context.Context, domain identity.DomainID) (identity.DomainRules, error) {
	return Recall(tx, Fact{What: "domain rules", Of: string(domain)}, func() (r identity.DomainRules, keys []Key, err error) {
		err = tx.row(ctx, `SELECT "rules" FROM "lintel_domain_rules" WHERE "domain_id" = ?`, domain).Scan(jsonOf(&r))
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return r, []Key{{"domain_rules", string(domain)}}, err
	})
}

// PutDomainRules writes what a domain asks of its people.
func (tx *Tx) PutDomainRules(ctx context.Context, domain identity.DomainID, r identity.DomainRules) error {
	tx.touch("domain_rules", string(domain))
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.upsert(ctx, "lintel_domain_rules", 1, []string{"domain_id", "rules", "changed_at"}, domain, ascii(body), tx.now)
}

// ProjectRules returns how a project lets people in; nothing where nobody said.
func (tx *Tx) ProjectRules(ctx context.Context, project identity.ProjectID) (identity.ProjectRules, error) {
	return Recall(tx, projectRulesOf(project), func() (identity.ProjectRules, []Key, error) {
		var g gathering
		r := gatherProjectRules(&g, project)
		err := g.run(ctx, tx)
		return *r, projectRulesKeys(project), err
	})
}

func projectRulesOf(project identity.ProjectID) Fact {
	return Fact{What: "project rules", Of: string(project)}
}

func projectRulesKeys(project identity.ProjectID) []Key { return []Key{{"project", string(project)}} }

func gatherProjectRules(g *gathering, project identity.ProjectID) *identity.ProjectRules {
	r := new(identity.ProjectRules)
	g.add(`"rules"`, `FROM "lintel_project_rules" WHERE "project_id" = ?`, []any{project}, func(s scanner) error { return s.Scan(jsonOf(r)) })
	return r
}

// PutProjectRules writes how a project lets people in.
func (tx *Tx) PutProjectRules(ctx context.Context, project identity.ProjectID, r identity.ProjectRules) error {
	tx.touch("project", string(project))
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.upsert(ctx, "lintel_project_rules", 1, []string{"project_id", "rules", "changed_at"}, project, ascii(body), tx.now)
}

// FactorProjects counts the projects that ask for a second factor.
func (db *DB) FactorProjects(ctx context.Context) (n int, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.row(ctx, `SELECT COUNT(*) FROM "lintel_project_rules" WHERE "rules" LIKE '%"factor":true%'`).Scan(&n)
	})
	return n, err
}

// RequiresFactorOfRoles tells whether some domain requires a second factor of those who hold some roles.
func (tx *Tx) RequiresFactorOfRoles(ctx context.Context) (bool, error) {
	some, err := list(ctx, tx, column[int], `SELECT 1 FROM "lintel_domain_rules" WHERE "rules" LIKE '%"level":"roles"%' LIMIT 1`)
	return len(some) > 0, err
}

// DomainCounts are how many of some kinds a domain has.
type DomainCounts struct {
	Users, Disabled, NoFactor, Locked, Never, Dormant, Suspended int
	Groups, Projects, Managers, Invitations, Ending              int
}

// CountDomain counts a domain. Locked are accounts with so many wrong passwords, the last of them after a time; dormant those
// that logged in once, but not since another; ending are grants that end before soon.
func (tx *Tx) CountDomain(ctx context.Context, domain identity.DomainID, failures int, after, since, soon time.Time) (n DomainCounts, err error) {
	// One look at all users tells three things of them; the rest looks at those alone whom it counts.
	err = tx.row(ctx, `SELECT COUNT(*), COUNT(CASE WHEN "last_active_at" IS NULL THEN 1 END), COUNT(CASE WHEN "last_active_at" < ? THEN 1 END)
		FROM "user" WHERE "domain_id" = ?`, date(since), domain).Scan(&n.Users, &n.Never, &n.Dormant)
	if err != nil {
		return n, err
	}
	const in = `EXISTS (SELECT 1 FROM "user" u WHERE u."domain_id" = ? AND u."id" = `
	err = tx.row(ctx, `SELECT (SELECT COUNT(*) FROM "user" WHERE "domain_id" = ? AND "enabled" = ?),
		(SELECT COUNT(*) FROM "user_option" r WHERE r."option_id" = 'MFAR' AND `+in+`r."user_id")
			AND NOT EXISTS (SELECT 1 FROM "user_option" e WHERE e."user_id" = r."user_id" AND e."option_id" = 'MFAE' AND e."option_value" = 'false')),
		(SELECT COUNT(*) FROM "lintel_suspension" s WHERE `+in+`s."user_id")),
		(SELECT COUNT(*) FROM "group" WHERE "domain_id" = ?), (SELECT COUNT(*) FROM "project" WHERE "domain_id" = ?),
		(SELECT COUNT(DISTINCT "actor_id") FROM "assignment" WHERE "target_id" = ? AND "type" IN ('UserDomain', 'GroupDomain')),
		(SELECT COUNT(*) FROM "lintel_invitation" i JOIN "project" p ON p."id" = i."project_id"
			WHERE i."state" = 'open' AND i."expires_at" > ? AND p."domain_id" = ?),
		(SELECT COUNT(*) FROM "lintel_grant_meta" e JOIN "assignment" ON `+metaOf("assignment")+` JOIN "project" p ON p."id" = e."target_id"
			WHERE e."expires_at" > ? AND e."expires_at" < ? AND (p."domain_id" = ? OR p."id" = ?))`,
		domain, false, domain, domain, domain, domain, domain, tx.now, domain, tx.now, soon, domain, domain).
		Scan(&n.Disabled, &n.NoFactor, &n.Suspended, &n.Groups, &n.Projects, &n.Managers, &n.Invitations, &n.Ending)
	if err == nil && failures > 0 {
		err = tx.row(ctx, `SELECT COUNT(*) FROM "local_user" l WHERE l."failed_auth_at" > ? AND `+in+`l."user_id") AND l."failed_auth_count" >= ?
			AND NOT EXISTS (SELECT 1 FROM "user_option" o WHERE o."user_id" = l."user_id" AND o."option_id" = ? AND o."option_value" = 'true')`,
			after, domain, failures, userOptions[identity.OptIgnoreLockout]).Scan(&n.Locked)
	}
	n.NoFactor = n.Users - n.NoFactor
	return n, err
}

// InvitationsIn returns a page of the open invitations to the projects of a domain, the newest first. text is a part of the
// address, or of the name of project or inviter.
func (tx *Tx) InvitationsIn(ctx context.Context, domain identity.DomainID, text string, q identity.Query) (page identity.Page[identity.Invitation], err error) {
	var s selection
	s.also(`i."state" = 'open' AND i."project_id" IN (SELECT "id" FROM "project" WHERE "domain_id" = ?)`, domain)
	if text != "" {
		pattern := "%" + like(text) + "%"
		s.also(`(LOWER(i."address") LIKE LOWER(?) ESCAPE '!' OR EXISTS (SELECT 1 FROM "project" p WHERE p."id" = i."project_id" AND LOWER(p."name") LIKE LOWER(?) ESCAPE '!')
			OR EXISTS (SELECT 1`+fromUsers+` WHERE u."id" = i."inviter_id" AND LOWER(`+nameOfUser+`) LIKE LOWER(?) ESCAPE '!'))`, pattern, pattern, pattern)
	}
	if q.Marker != "" {
		after, err := tx.Invitation(ctx, identity.InvitationID(q.Marker))
		if err != nil {
			return page, err
		}
		s.also(`(i."created_at" < ? OR i."created_at" = ? AND i."id" > ?)`, after.CreatedAt, after.CreatedAt, after.ID)
	}
	page.Items, err = list(ctx, tx, scanInvitation, selectInvitation+s.sql()+` ORDER BY i."created_at" DESC, i."id" LIMIT ?`, append(s.args, q.Limit+1)...)
	if page.More = len(page.Items) > q.Limit; page.More {
		page.Items = page.Items[:q.Limit]
	}
	return page, err
}

// OwnersOf returns the users who have a credential of some id: an application credential, one of any other type, or an EC2
// access key.
func (tx *Tx) OwnersOf(ctx context.Context, id string) ([]identity.UserID, error) {
	sum := sha256.Sum256([]byte(id)) // Keystone keeps access keys under these
	return list(ctx, tx, column[identity.UserID], `SELECT "user_id" FROM "application_credential" WHERE "id" = ?
		UNION SELECT "user_id" FROM "credential" WHERE "id" IN (?, ?)`, id, id, hex.EncodeToString(sum[:]))
}

// Suspension says that somebody shut an account out.
type Suspension struct {
	Reason     string
	By         identity.UserID
	Since      time.Time
	Until      time.Time // when it ends by itself; zero for never
	WasEnabled bool
}

// Suspension returns that of a user, and tells whether there is one.
func (tx *Tx) Suspension(ctx context.Context, id identity.UserID) (s Suspension, there bool, err error) {
	err = tx.row(ctx, `SELECT s."reason", s."by_id", s."since", s."was_enabled", e."ends_at" FROM "lintel_suspension" s
		LEFT JOIN "lintel_suspension_end" e ON e."user_id" = s."user_id" WHERE s."user_id" = ?`, id).
		Scan(&s.Reason, &s.By, timeOf{&s.Since}, &s.WasEnabled, timeOf{&s.Until})
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// PutSuspension writes that a user is suspended.
func (tx *Tx) PutSuspension(ctx context.Context, id identity.UserID, s Suspension) error {
	_, err := tx.exec(ctx, `INSERT INTO "lintel_suspension" ("user_id", "reason", "by_id", "since", "was_enabled") VALUES (?, ?, ?, ?, ?)`,
		id, s.Reason, s.By, tx.now, s.WasEnabled)
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("suspension", "%s is suspended already", id)
	}
	if err == nil && !s.Until.IsZero() {
		err = tx.upsert(ctx, "lintel_suspension_end", 1, []string{"user_id", "ends_at"}, id, s.Until)
	}
	return err
}

// EndedSuspensions returns up to n users whose suspension was to end by now.
func (tx *Tx) EndedSuspensions(ctx context.Context, n int) ([]identity.UserID, error) {
	return list(ctx, tx, column[identity.UserID], `SELECT "user_id" FROM "lintel_suspension_end" WHERE "ends_at" <= ? ORDER BY "ends_at" LIMIT ?`, tx.now, n)
}

// DeleteSuspension forgets that a user was suspended.
func (tx *Tx) DeleteSuspension(ctx context.Context, id identity.UserID) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_suspension_end" WHERE "user_id" = ?`, id); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `DELETE FROM "lintel_suspension" WHERE "user_id" = ?`, id)
	return err
}
