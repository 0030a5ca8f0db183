package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// classes are what kind of thing an event is about, by its resource.
var classes = map[string]string{
	"user": identity.ClassPeople, "group": identity.ClassPeople, "session": identity.ClassPeople, "factor": identity.ClassPeople,
	"contact": identity.ClassPeople,

	"role_assignment": identity.ClassAccess, "invitation": identity.ClassAccess, "grant_rule": identity.ClassAccess, "grant_request": identity.ClassAccess, "sign_up": identity.ClassPeople,

	"credential": identity.ClassCredential, "application_credential": identity.ClassCredential, "access_rule": identity.ClassCredential,
	"OS-TRUST:trust": identity.ClassCredential, "OS-OAUTH1:access_token": identity.ClassCredential,
	"OS-OAUTH1:request_token": identity.ClassCredential, "OS-OAUTH1:consumer": identity.ClassCredential,

	"project": identity.ClassProject, "domain": identity.ClassProject, "domain_config": identity.ClassProject,
	"role": identity.ClassRole, "trail": identity.ClassReading,
}

// entryOf is what the trail tells of an event, as far as that is known without asking.
func entryOf(e identity.Event) identity.TrailEntry {
	t := identity.TrailEntry{
		ID: e.ID, At: e.At, Class: classes[e.Resource], Action: strings.TrimPrefix(e.Type(), "identity."), Failed: e.Failed || e.Reason != nil,
		Cause: e.Cause, Changes: e.Changes,
		Target: identity.Party{Kind: e.Resource, ID: e.Target},
	}
	if t.Class == "" {
		t.Class = identity.ClassService
	}
	if from := e.Initiator; from != nil {
		t.Actor, t.Via, t.By, t.AuditIDs = from.Actor, from.Via, from.Trustee, from.AuditIDs
		if t.Actor.ID == "" && from.UserID != "" {
			t.Actor = identity.Party{Kind: "user", ID: string(from.UserID), Name: from.Name}
		}
		if from.Claim != nil {
			t.Claimed = from.Claim.Name
		}
		if from.Federated != nil {
			t.Provider = from.Federated.IdentityProviderID
		}
		t.Address, t.Agent, t.RequestID, t.GlobalRequestID = from.Address, from.Agent, from.RequestID, from.GlobalRequestID
	}
	if e.Operation == "" {
		t.Class, t.Target = identity.ClassSignIn, identity.Party{}
		t.Domain = e.Home
		if from := e.Initiator; from != nil && from.Claim != nil {
			if t.Domain = domainParty(string(from.Claim.DomainID)); t.Domain != nil {
				t.Domain.Name = from.Claim.DomainName
			}
			t.Cause = identity.CauseUnknown
		}
	}
	if e.Member != "" {
		t.Action = "group." + e.MemberOperation // "added", "removed"
		t.Class, t.Person = identity.ClassAccess, &identity.Party{Kind: "user", ID: string(e.Member)}
	}
	if e.For != "" {
		t.Project = &identity.Party{Kind: "project", ID: string(e.For)}
	}
	if g := e.Grant; g != nil {
		t.Role, t.Inherited, t.System = &identity.Party{Kind: "role", ID: string(g.Role)}, g.Inherited, g.System
		t.Target = identity.Party{Kind: "user", ID: string(g.User)}
		if g.Group != "" {
			t.Target = identity.Party{Kind: "group", ID: string(g.Group)}
		}
		if g.Project != "" {
			t.Project = &identity.Party{Kind: "project", ID: string(g.Project)}
		}
		t.Domain = domainParty(string(g.Domain))
	}
	return t
}

func domainParty(id string) *identity.Party {
	if id == "" {
		return nil
	}
	return &identity.Party{Kind: "domain", ID: id}
}

// origin notes who asked and from where, as far as the event does not say so: of what goes along with something else
// Keystone names nobody.
func origin(ctx context.Context, t *identity.TrailEntry) {
	r := telemetry.From(ctx)
	if r == nil {
		return
	}
	if t.Actor.ID == "" && t.Via == nil && t.Class != identity.ClassSignIn {
		t.Actor = identity.Party{Kind: "user", ID: r.UserID()}
	}
	if r.Client.IsValid() {
		t.Address = r.Client.String()
	}
	t.Agent, t.RequestID, t.GlobalRequestID = latin1(r.Agent, maxAgent), r.ID, r.GlobalID
}

// keep writes entries of changes to the trail, with the names of all that they mention as they are now.
func (tx *Tx) keep(ctx context.Context, entries ...identity.TrailEntry) error {
	if !tx.db.trail.on() || len(entries) == 0 {
		return nil
	}
	for i := range entries {
		origin(ctx, &entries[i])
	}
	if err := tx.name(ctx, entries); err != nil {
		return err
	}
	for _, t := range entries {
		if err := tx.insertEntry(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// keepGone is keep for what goes along with something else.
func keepGone[ID ~string](ctx context.Context, tx *Tx, resource string, ids []ID) error {
	gone := make([]identity.TrailEntry, len(ids))
	for i, id := range ids {
		gone[i] = entryOf(identity.Deleted(resource, id))
	}
	return tx.keep(ctx, gone...)
}

const trailColumns = `"at", "class", "action", "failed", "actor_id", "actor_name", "via_id", "target_id", "target_name", "person_id",
	"project_id", "domain_id", "address", "request_id", "audit_id", "audit_chain_id", "body"`

func (tx *Tx) insertEntry(ctx context.Context, t identity.TrailEntry) error {
	if t.ID == "" {
		t.ID = identity.NewID()
	}
	if t.At.IsZero() {
		t.At = tx.now
	}
	t.Agent = cut(t.Agent, maxClaim)
	t.Claimed = cut(t.Claimed, maxClaim)
	if t.Person == nil && t.Target.Kind == "user" {
		t.Person = &t.Target
	}
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	id := func(p *identity.Party, n int) any {
		if p == nil {
			return nil
		}
		return orNull(plainText(p.ID, n))
	}
	var own, chain any
	if n := len(t.AuditIDs); n > 0 {
		own, chain = orNull(plainText(t.AuditIDs[0], 32)), orNull(plainText(t.AuditIDs[n-1], 32))
	}
	_, err = tx.exec(ctx, `INSERT INTO "lintel_trail" (`+trailColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.At, t.Class, t.Action, t.Failed, id(&t.Actor, 64), orNull(nameKey(t.Actor.Name)), id(t.Via, 64), id(&t.Target, 255), orNull(nameKey(t.Target.Name)),
		id(t.Person, 64), id(t.Project, 64), id(t.Domain, 64), orNull(t.Address), orNull(plainText(t.RequestID, 64)), own, chain, ascii(body))
	return err
}

// nameKey is a name, or an id, as it is looked for: in ASCII, since anybody may be called anything, and a database may know few
// characters.
func nameKey(name string) string { return cut(ascii([]byte(name)), 255) }

// Trail returns a page of the trail, the newest entries first, with one query.
func (db *DB) Trail(ctx context.Context, q identity.TrailQuery) (page identity.Page[identity.TrailEntry], err error) {
	err = db.View(ctx, func(tx *Tx) error {
		page, err = tx.Trail(ctx, q)
		return err
	})
	return page, err
}

// Trail is the method of DB inside a transaction.
func (tx *Tx) Trail(ctx context.Context, q identity.TrailQuery) (page identity.Page[identity.TrailEntry], err error) {
	var s selection
	for column, value := range map[string]string{
		"project_id": string(q.Project), "domain_id": string(q.Domain), "class": q.Class, "action": q.Action, "address": q.Address, "request_id": q.RequestID,
	} {
		if value != "" {
			s.also(`"`+column+`" = ?`, nameKey(value))
		}
	}
	if q.Class == "" && q.Action == "" {
		s.also(`"class" <> ?`, identity.ClassReading)
	}
	if q.Failed != nil {
		s.also(`"failed" = ?`, *q.Failed)
	}
	if !q.From.IsZero() {
		s.also(`"at" >= ?`, q.From)
	}
	if !q.Until.IsZero() {
		s.also(`"at" < ?`, q.Until)
	}
	if q.Marker != "" {
		at, seq, err := readMarker(q.Marker)
		if err != nil {
			return page, err
		}
		s.also(`"at" <= ? AND ("at" < ? OR "seq" < ?)`, at, at, seq)
	}
	// Each way to be chosen has an index of its own that is in the order of the page, so each gives as many as fit on one.
	ways := []selection{s}
	either := func(value string, columns ...string) {
		if value == "" {
			return
		}
		var more []selection
		for _, w := range ways {
			for _, column := range columns {
				each := selection{where: slices.Clone(w.where), args: slices.Clone(w.args)}
				each.also(`"`+column+`" = ?`, nameKey(value))
				more = append(more, each)
			}
		}
		ways = more
	}
	either(string(q.Person), "actor_id", "person_id")
	either(q.Actor, "actor_id", "actor_name", "via_id")
	either(q.Target, "target_id", "target_name")
	either(q.AuditID, "audit_id", "audit_chain_id")
	var chosen strings.Builder
	var args []any
	for i, w := range ways {
		if i > 0 {
			chosen.WriteString(` UNION `)
		}
		fmt.Fprintf(&chosen, `SELECT * FROM (SELECT "at", "seq" FROM "lintel_trail"%s ORDER BY "at" DESC, "seq" DESC LIMIT ?) w%d`, w.sql(), i)
		args = append(append(args, w.args...), q.Limit+1)
	}
	page.Items, err = list(ctx, tx, scanEntry, `SELECT t."seq", t."at", t."body" FROM (`+chosen.String()+`) c JOIN "lintel_trail" t ON t."seq" = c."seq"
		ORDER BY t."at" DESC, t."seq" DESC LIMIT ?`, append(args, q.Limit+1)...)
	if len(page.Items) > q.Limit {
		page.Items, page.More = page.Items[:q.Limit], true
	}
	return page, err
}

// mostActs is in how many entries those are looked for who acted in some way.
const mostActs = 1000

// ActorsOf returns the users who acted, or tried to sign in, by the newest entries that a query asks for.
func (tx *Tx) ActorsOf(ctx context.Context, q identity.TrailQuery) (users []identity.UserID, err error) {
	q.Limit = mostActs
	page, err := tx.Trail(ctx, q)
	for _, e := range page.Items {
		if id := identity.UserID(e.Actor.ID); id != "" && e.Actor.Kind == "user" && !slices.Contains(users, id) {
			users = append(users, id)
		}
	}
	return users, err
}

func scanEntry(s scanner) (t identity.TrailEntry, err error) {
	var seq int64
	var at time.Time
	var body string
	if err = s.Scan(&seq, timeOf{&at}, &body); err == nil {
		err = json.Unmarshal([]byte(body), &t)
	}
	t.Marker = strconv.FormatInt(at.UnixMicro(), 10) + "-" + strconv.FormatInt(seq, 10)
	return t, err
}

func readMarker(text string) (at time.Time, seq int64, err error) {
	before, after, _ := strings.Cut(text, "-")
	micros, err := strconv.ParseInt(before, 10, 64)
	if err == nil {
		seq, err = strconv.ParseInt(after, 10, 64)
	}
	if at = time.UnixMicro(micros).UTC(); err != nil || at.Year() < 1000 || at.Year() > 9999 {
		return at, seq, identity.Invalidf("The marker %q is none of the trail's.", text)
	}
	return at, seq, nil
}

// trimBatch is how many entries of the trail are forgotten in one transaction, so that none is long.
const trimBatch = 1000

// TrimTrail forgets entries from before a time, and who was not seen since, and returns how many entries that were.
func (db *DB) TrimTrail(ctx context.Context, before time.Time) (n int64, err error) {
	err = db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, `DELETE FROM "lintel_seen" WHERE "at" < ?`, before)
		return err
	})
	for err == nil {
		var last int64
		err = db.Update(ctx, func(tx *Tx) error {
			old, err := list(ctx, tx, column[int64], `SELECT "seq" FROM "lintel_trail" WHERE "at" < ? ORDER BY "at", "seq" LIMIT ?`, before, trimBatch)
			if last = int64(len(old)); err != nil || last == 0 {
				return err
			}
			set, args := in(old)
			_, err = tx.exec(ctx, `DELETE FROM "lintel_trail" WHERE "seq" IN `+set, args...)
			return err
		})
		if n += last; last < trimBatch {
			break
		}
	}
	return n, err
}
