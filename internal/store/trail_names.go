package store

import (
	"context"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
)

// targets are the selections of what the target of an event is called, whose it is, who else has a part in it, and where it is,
// by the resource of the event. Users, groups, roles, projects and domains get their names as labels.
var targets = map[string]string{
	"user":    `SELECT u."id", NULL, u."id", NULL, NULL, u."domain_id" FROM "user" u WHERE u."id" IN `,
	"group":   `SELECT g."id", NULL, NULL, NULL, NULL, g."domain_id" FROM "group" g WHERE g."id" IN `,
	"project": `SELECT p."id", NULL, NULL, NULL, p."id", p."domain_id" FROM "project" p WHERE p."id" IN `,
	"domain":  `SELECT p."id", NULL, NULL, NULL, NULL, p."id" FROM "project" p WHERE p."id" IN `,
	"role":    `SELECT r."id", NULL, NULL, NULL, NULL, NULLIF(r."domain_id", '<<null>>') FROM "role" r WHERE r."id" IN `,
	"credential": `SELECT c."id", c."type", c."user_id", NULL, c."project_id", u."domain_id" FROM "credential" c
		LEFT JOIN "user" u ON u."id" = c."user_id" WHERE c."id" IN `,
	"application_credential": `SELECT a."id", a."name", a."user_id", NULL, a."project_id", u."domain_id" FROM "application_credential" a
		LEFT JOIN "user" u ON u."id" = a."user_id" WHERE a."id" IN `,
	"access_rule": `SELECT a."external_id", a."path", a."user_id", NULL, NULL, u."domain_id" FROM "access_rule" a
		LEFT JOIN "user" u ON u."id" = a."user_id" WHERE a."external_id" IN `,
	"OS-TRUST:trust": `SELECT t."id", NULL, t."trustor_user_id", t."trustee_user_id", t."project_id", u."domain_id" FROM "trust" t
		LEFT JOIN "user" u ON u."id" = t."trustor_user_id" WHERE t."id" IN `,
	"OS-OAUTH1:consumer": `SELECT c."id", c."description", NULL, NULL, NULL, NULL FROM "consumer" c WHERE c."id" IN `,
	"OS-OAUTH1:access_token": `SELECT a."id", NULL, a."authorizing_user_id", NULL, a."project_id", u."domain_id" FROM "access_token" a
		LEFT JOIN "user" u ON u."id" = a."authorizing_user_id" WHERE a."id" IN `,
	"invitation": `SELECT i."id", i."address", NULLIF(i."user_id", ''), NULL, i."project_id", p."domain_id" FROM "lintel_invitation" i
		LEFT JOIN "project" p ON p."id" = i."project_id" WHERE i."id" IN `,
	"contact": `SELECT c."id", c."address", NULL, NULL, c."project_id", p."domain_id" FROM "lintel_contact" c
		LEFT JOIN "project" p ON p."id" = c."project_id" WHERE c."id" IN `,
	"sign_up": `SELECT s."id", s."address", NULL, NULL, NULL, NULL FROM "lintel_sign_up" s WHERE s."id" IN `,
	"grant_request": `SELECT r."id", NULL, u."id", r."requester_id", CASE WHEN p."is_domain" THEN NULL ELSE r."project_id" END,
		CASE WHEN p."is_domain" THEN p."id" ELSE p."domain_id" END FROM "lintel_grant_request" r
		LEFT JOIN "project" p ON p."id" = r."project_id" LEFT JOIN "user" u ON u."id" = r."user_id" WHERE r."id" IN `,
	"service":          `SELECT s."id", s."type", NULL, NULL, NULL, NULL FROM "service" s WHERE s."id" IN `,
	"endpoint":         `SELECT e."id", e."url", NULL, NULL, NULL, NULL FROM "endpoint" e WHERE e."id" IN `,
	"policy":           `SELECT p."id", p."type", NULL, NULL, NULL, NULL FROM "policy" p WHERE p."id" IN `,
	"endpoint_group":   `SELECT g."id", g."name", NULL, NULL, NULL, NULL FROM "endpoint_group" g WHERE g."id" IN `,
	"registered_limit": `SELECT l."id", l."resource_name", NULL, NULL, NULL, NULL FROM "registered_limit" l WHERE l."id" IN `,
	"limit": `SELECT l."id", r."resource_name", NULL, NULL, l."project_id", COALESCE(l."domain_id", p."domain_id") FROM "limit" l
		LEFT JOIN "registered_limit" r ON r."id" = l."registered_limit_id" LEFT JOIN "project" p ON p."id" = l."project_id" WHERE l."id" IN `,
}

// about is what a selection of targets says.
type about struct{ id, name, user, other, project, domain string }

func scanAbout(s scanner) (a about, err error) {
	err = s.Scan(&a.id, textOf(&a.name), textOf(&a.user), textOf(&a.other), textOf(&a.project), textOf(&a.domain))
	return a, err
}

// name completes entries, with one query for each resource and one for all names: whose the targets are and where, and what
// everything that the entries mention is called.
func (tx *Tx) name(ctx context.Context, entries []identity.TrailEntry) error {
	byKind := map[string][]string{}
	for _, t := range entries {
		if targets[t.Target.Kind] != "" && t.Role == nil {
			byKind[t.Target.Kind] = append(byKind[t.Target.Kind], t.Target.ID)
		}
	}
	found := map[Key]about{}
	for kind, ids := range byKind {
		for part := range slices.Chunk(ids, maxIn) {
			set, args := in(part)
			rows, err := list(ctx, tx, scanAbout, targets[kind]+set, args...)
			if err != nil {
				return err
			}
			for _, a := range rows {
				found[Key{kind, a.id}] = a
			}
		}
	}
	var mentioned []Key
	for i := range entries {
		t := &entries[i]
		key := Key{t.Target.Kind, t.Target.ID}
		if a, there := found[key]; there {
			complete(t, a)
		} else if was := tx.farewells[key]; was.Target.ID != "" && t.Role == nil {
			t.Target = was.Target
			t.Person, t.Project, t.Domain = was.Person, was.Project, was.Domain
		}
		for _, p := range parties(t) {
			mentioned = append(mentioned, labelKey(p))
		}
	}
	called, err := tx.Labels(ctx, mentioned)
	if err != nil {
		return err
	}
	for i := range entries {
		t := &entries[i]
		for _, p := range parties(t) {
			if l, ok := called[labelKey(p)]; ok {
				p.Name, p.In = l.Name, l.DomainName
			}
		}
		if t.Domain != nil {
			continue
		}
		var in Label
		if t.Project != nil { // of a grant
			in = called[labelKey(t.Project)]
		} else if t.Class == identity.ClassSignIn {
			in = called[labelKey(&t.Actor)]
		}
		if t.Domain = domainParty(string(in.Domain)); t.Domain != nil {
			t.Domain.Name = in.DomainName
		}
	}
	return nil
}

// farewell notes what something that is about to be deleted is called, whose it is and where, for the event of that.
func (tx *Tx) farewell(ctx context.Context, kind, id string) error {
	if !tx.db.trail.on() {
		return nil
	}
	e := []identity.TrailEntry{{Target: identity.Party{Kind: kind, ID: id}}}
	if err := tx.name(ctx, e); err != nil {
		return err
	}
	if tx.farewells == nil {
		tx.farewells = map[Key]identity.TrailEntry{}
	}
	tx.farewells[Key{kind, id}] = e[0]
	return nil
}

// labelKey names a party for Labels, which knows a domain as a project.
func labelKey(p *identity.Party) Key {
	if p.Kind == "domain" {
		return Key{"project", p.ID}
	}
	return Key{p.Kind, p.ID}
}

// parties are those in an entry that have labels.
func parties(t *identity.TrailEntry) (all []*identity.Party) {
	for _, p := range []*identity.Party{&t.Actor, t.By, &t.Target, t.Person, t.Role, t.Project, t.Domain} {
		if p != nil && p.ID != "" && slices.ContainsFunc(labels, func(l struct{ kind, from string }) bool { return l.kind == labelKey(p).Kind }) {
			all = append(all, p)
		}
	}
	return all
}

// complete adds to an entry what is known of its target.
func complete(t *identity.TrailEntry, a about) {
	if a.name != "" {
		t.Target.Name = a.name
	}
	if person := a.user; person != "" && t.Person == nil {
		if person == t.Actor.ID && a.other != "" {
			person = a.other
		}
		t.Person = &identity.Party{Kind: "user", ID: person}
	}
	if a.project != "" && t.Project == nil {
		t.Project = &identity.Party{Kind: "project", ID: a.project}
	}
	if t.Domain == nil {
		t.Domain = domainParty(a.domain)
	}
}
