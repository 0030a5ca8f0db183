package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// A user is in a group by a row of user_group_membership, for good, or by rows of expiring_user_group_membership, which
// identity providers gave at logins. These count from the login for the provider's own time, or else for
// Options.MembershipTTL.

// AddToGroup makes a user a lasting member of a group; it changes nothing for one who is. User and group must exist.
func (tx *Tx) AddToGroup(ctx context.Context, user identity.UserID, group identity.GroupID) error {
	if _, err := tx.lockParent(ctx, "user", string(user)); err != nil { // see LockAccount
		return err
	}
	tx.touch("user", string(user))
	return tx.upsert(ctx, "user_group_membership", 2, []string{"user_id", "group_id"}, user, group)
}

// RemoveFromGroup ends a lasting membership and revokes the user's tokens. It tells whether there was one.
func (tx *Tx) RemoveFromGroup(ctx context.Context, user identity.UserID, group identity.GroupID) (bool, error) {
	n, err := tx.exec(ctx, `DELETE FROM "user_group_membership" WHERE "user_id" = ? AND "group_id" = ?`, user, group)
	if err != nil || n == 0 {
		return false, err
	}
	tx.touch("user", string(user))
	return true, tx.Revoke(ctx, identity.RevocationEvent{UserID: user})
}

// lives is the condition that a membership "m" that the identity provider "i" gave has not ended.
func (tx *Tx) lives() (condition string, args []any) {
	const minutes = `COALESCE(NULLIF(i."authorization_ttl", 0), ?)`
	end := map[dialect]string{
		sqlite:     `strftime('%Y-%m-%d %H:%M:%f', m."last_verified", '+' || ` + minutes + ` || ' minutes')`,
		postgresql: `m."last_verified" + ` + minutes + ` * INTERVAL '1 minute'`,
		mariadb:    `DATE_ADD(m."last_verified", INTERVAL ` + minutes + ` MINUTE)`,
	}
	return end[tx.db.dialect] + ` > ?`, []any{int(tx.db.membershipTTL / time.Minute), tx.now}
}

const fromExpiring = ` FROM "expiring_user_group_membership" m JOIN "identity_provider" i ON i."id" = m."idp_id"`

// groupsOf is the set of the groups that a user is in.
func (tx *Tx) groupsOf(user identity.UserID) (set string, args []any) {
	lives, args := tx.lives()
	return `(SELECT "group_id" FROM "user_group_membership" WHERE "user_id" = ?
		UNION ALL SELECT m."group_id"` + fromExpiring + ` WHERE m."user_id" = ? AND ` + lives + `)`, append([]any{user, user}, args...)
}

// GroupsOfUser returns a page of the groups that a user is in, in the order of their ids. Of several memberships of one
// group the lasting one is shown, or else the one that ends last. The filters are those of Groups.
func (tx *Tx) GroupsOfUser(ctx context.Context, user identity.UserID, q identity.Query) (page identity.Page[identity.Membership], err error) {
	var s selection
	s.also(`m."user_id" = ?`, user)
	s.groups(tx, q)
	all, err := list(ctx, tx, func(row scanner) (m identity.Membership, err error) {
		m.Group, err = scanGroup(row)
		return m, err
	}, selectGroup+` JOIN "user_group_membership" m ON m."group_id" = g."id"`+s.sql(), s.args...)
	if err != nil {
		return page, err
	}
	lives, args := tx.lives()
	s.also(lives, args...)
	ending, err := list(ctx, tx, func(row scanner) (m identity.Membership, err error) {
		var e ending
		m.Group, err = scanGroup(also{row, e.columns()})
		m.ExpiresAt = e.at(tx)
		return m, err
	}, `SELECT g."id", g."domain_id", g."name", g."description", g."extra", `+endingColumns+fromExpiring+`
		JOIN "group" g ON g."id" = m."group_id"`+s.sql(), s.args...)
	if err != nil {
		return page, err
	}
	slices.SortFunc(ending, func(a, b identity.Membership) int { return b.ExpiresAt.Compare(*a.ExpiresAt) })
	all = append(all, ending...)
	// The sort is stable and what is to stay comes first.
	slices.SortStableFunc(all, func(a, b identity.Membership) int { return cmp.Compare(a.ID, b.ID) })
	all = slices.CompactFunc(all, func(a, b identity.Membership) bool { return a.ID == b.ID })
	all = slices.DeleteFunc(all, func(m identity.Membership) bool { return string(m.ID) <= q.Marker })
	if page.More = q.Limit > 0 && len(all) > q.Limit; page.More {
		all = all[:q.Limit]
	}
	page.Items = all
	return page, nil
}

const endingColumns = `m."last_verified", i."authorization_ttl"`

// ending is when a membership ends, as endingColumns say.
type ending struct {
	verified time.Time
	minutes  sql.NullInt64
}

func (e *ending) columns() []any { return []any{timeOf{&e.verified}, &e.minutes} }

func (e *ending) at(tx *Tx) *time.Time {
	t := e.verified.Add(e.life(tx))
	return &t
}

func (e *ending) life(tx *Tx) time.Duration {
	return cmp.Or(time.Duration(e.minutes.Int64)*time.Minute, tx.db.membershipTTL)
}

// also is a row with more columns than a scan function knows.
type also struct {
	scanner
	more []any
}

func (a also) Scan(dest ...any) error { return a.scanner.Scan(append(dest, a.more...)...) }

// InGroup tells whether a user is in a group.
func (tx *Tx) InGroup(ctx context.Context, user identity.UserID, group identity.GroupID) (bool, error) {
	set, args := tx.groupsOf(user)
	found, err := list(ctx, tx, column[int], `SELECT 1 FROM "group" WHERE "id" = ? AND "id" IN `+set, append([]any{group}, args...)...)
	return len(found) > 0, err
}

// GroupIDs returns the groups that a user is in, and when the first of these memberships, or of the grants of the user and
// of these groups, ends; zero for never.
func (tx *Tx) GroupIDs(ctx context.Context, user identity.UserID) (groups []identity.GroupID, until time.Time, err error) {
	m, err := Recall(tx, Fact{What: "groups", Of: string(user)}, func() (m memberships, from []Key, err error) {
		var g gathering
		tx.memberships(&g, user, &m)
		err = g.run(ctx, tx)
		return m, m.keys(user), err
	})
	return m.groups, m.until, err
}

// memberships are what GroupIDs returns.
type memberships struct {
	groups []identity.GroupID
	until  time.Time
}

// keys are those of what a user's memberships were read from; none if they end by themselves.
func (m *memberships) keys(user identity.UserID) []Key {
	if !m.until.IsZero() {
		return nil
	}
	keys := []Key{{"user", string(user)}, {"grants", string(user)}}
	for _, g := range m.groups {
		keys = append(keys, Key{"grants", string(g)})
	}
	return keys
}

// memberships adds what m is read from to a gathering.
func (tx *Tx) memberships(g *gathering, user identity.UserID, m *memberships) {
	g.add(`"group_id"`, `FROM "user_group_membership" WHERE "user_id" = ?`, []any{user}, func(s scanner) error {
		group, err := column[identity.GroupID](s)
		m.groups = append(m.groups, group)
		return err
	})
	lives, args := tx.lives()
	g.add(`m."group_id", `+endingColumns, fromExpiring+` WHERE m."user_id" = ? AND `+lives, append([]any{user}, args...), func(s scanner) error {
		var e ending
		group, err := column[identity.GroupID](also{s, e.columns()})
		m.groups, m.until = append(m.groups, group), soonest(m.until, *e.at(tx))
		return err
	})
	from, args := tx.firstEnd(user)
	g.add(`MIN("expires_at")`, from, args, func(s scanner) error {
		var end time.Time
		err := s.Scan(timeOf{&end})
		m.until = soonest(m.until, end)
		return err
	})
}

// Members returns who is in each of the groups.
func (tx *Tx) Members(ctx context.Context, groups []identity.GroupID) (map[identity.GroupID][]identity.UserID, error) {
	type membership struct {
		group identity.GroupID
		user  identity.UserID
	}
	members := map[identity.GroupID][]identity.UserID{}
	lives, more := tx.lives()
	for part := range slices.Chunk(groups, maxIn) {
		set, args := in(part)
		rows, err := list(ctx, tx, func(s scanner) (m membership, err error) {
			err = s.Scan(&m.group, &m.user)
			return m, err
		}, `SELECT "group_id", "user_id" FROM "user_group_membership" WHERE "group_id" IN `+set+`
			UNION SELECT m."group_id", m."user_id"`+fromExpiring+` WHERE m."group_id" IN `+set+` AND `+lives+` ORDER BY 1, 2`,
			slices.Concat(args, args, more)...)
		if err != nil {
			return nil, err
		}
		for _, m := range rows {
			members[m.group] = append(members[m.group], m.user)
		}
	}
	return members, nil
}

// SetProvidedGroups makes the groups that an identity provider says a user is in, now, the only ones that the user is in by its
// word. It tells whether any is new or gone; then what the user has is no more what it was.
func (tx *Tx) SetProvidedGroups(ctx context.Context, user identity.UserID, provider identity.IdentityProviderID, groups []identity.GroupID) (changed bool, err error) {
	had, err := list(ctx, tx, column[identity.GroupID], `SELECT "group_id" FROM "expiring_user_group_membership" WHERE "user_id" = ? AND "idp_id" = ?`,
		user, provider)
	if err != nil {
		return false, err
	}
	for _, g := range had {
		if slices.Contains(groups, g) {
			continue
		}
		changed = true
		_, err := tx.exec(ctx, `DELETE FROM "expiring_user_group_membership" WHERE "user_id" = ? AND "idp_id" = ? AND "group_id" = ?`, user, provider, g)
		if err != nil {
			return false, err
		}
	}
	for _, g := range groups {
		changed = changed || !slices.Contains(had, g)
		err := tx.upsert(ctx, "expiring_user_group_membership", 3, []string{"user_id", "group_id", "idp_id", "last_verified"}, user, g, provider, tx.now)
		if err != nil {
			return false, err
		}
	}
	if len(had)+len(groups) > 0 {
		tx.touch("user", string(user))
	}
	return changed, nil
}
