package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Foresee reads in one statement what judging a token will ask for, however many roles, groups and projects that is: its
// grounds, its user's groups and roles, its application credential, and until when tokens like it are revoked. t is what the
// token's text says. A glance then recalls all this. For tokens of trusts and of identity providers, whose text says less, it
// reads what they are bound to, and ForeseeRights the rest. Nothing is read that the node remembers, nor for a transaction, nor
// for tokens of OAuth. What is missing fails nothing here: who asks for it will be told.
func (tx *Tx) Foresee(ctx context.Context, t *identity.Token) error {
	switch {
	case tx.begun == nil || t.AccessTokenID != "":
		return nil
	case bound(t):
		return tx.foreseeBonds(ctx, t)
	}
	user, scope := t.User.ID, t.Scope
	if _, ok := tx.recalled(groundsOf(user, scope)); ok {
		return nil
	}
	var g gathering
	people, projects := gatherPeople(&g, `(?)`, user), gatherProjects(&g, scope, homeOf, user)
	var member memberships
	tx.memberships(&g, user, &member)
	var roles []identity.Role
	tx.gatherHeld(&g, user, nil, scope, &roles)
	credential := gatherCredential(&g, t.ApplicationCredentialID)
	revoked := gatherRevocations(&g, t, homeOf, user)
	rules := gatherProjectRules(&g, scope.ProjectID())
	if err := g.run(ctx, tx); err != nil {
		return err
	}
	found := people.all()
	if len(found) != 1 || found[0].ID != user {
		return nil
	}
	tx.foresaw(Fact{What: "user", Of: string(user)}, found[0], userKeys(found[0]))
	if g, err := assemble(found[0], *projects, scope); err == nil {
		tx.foresaw(groundsOf(user, scope), g, g.keys())
	}
	for _, c := range credential.all() {
		tx.foresaw(credentialOf(c.ID), c, credentialKeys(&c))
	}
	tx.foresaw(Fact{What: "groups", Of: string(user)}, member, member.keys(user))
	if scope.Kind() != identity.Unscoped {
		roles = globalByName(roles)
		keys := roleKeys(user, scope, member.groups, roles)
		if !member.until.IsZero() {
			keys = nil
		}
		tx.foresaw(rolesOn(user, scope), roles, keys)
	}
	tx.foresaw(revokedUntilOf(t), revoked, nil)
	if p := scope.ProjectID(); p != "" {
		tx.foresaw(projectRulesOf(p), *rules, projectRulesKeys(p))
	}
	return nil
}

// bound tells whether a token has its rights from something that must be read first.
func bound(t *identity.Token) bool { return t.TrustID != "" || t.Federated }

// foreseeBonds reads a token's grounds, its identity provider or its trust with all that this was handed on from, and all people
// and projects of these. It is for this glance alone.
func (tx *Tx) foreseeBonds(ctx context.Context, t *identity.Token) error {
	const chain = `(WITH RECURSIVE "chain" ("id", "parent") AS (SELECT "id", "redelegated_trust_id" FROM "trust" WHERE "id" = ?
		UNION SELECT p."id", p."redelegated_trust_id" FROM "trust" p JOIN "chain" c ON p."id" = c."parent") SELECT "id" FROM "chain")`
	who, whoArgs := `(?)`, []any{t.User.ID}
	if t.TrustID != "" {
		who = `(SELECT "trustor_user_id" FROM "trust" WHERE "id" IN ` + chain + ` UNION SELECT "trustee_user_id" FROM "trust" WHERE "id" IN ` + chain + `)`
		whoArgs = []any{t.TrustID, t.TrustID}
	}
	var g gathering
	people := gatherPeople(&g, who, whoArgs...)
	projects := gatherProjects(&g, t.Scope, `(SELECT "domain_id" FROM "user" WHERE "id" IN `+who+`)`, whoArgs...)
	let := gatherProjectRules(&g, t.Scope.ProjectID())
	var life *time.Duration
	if t.Federated {
		tx.gatherProviderLife(&g, t.IdentityProviderID, t.ProtocolID, &life)
	}
	var links trusts
	rules := newRoleRules()
	if t.TrustID != "" {
		links.gather(&g, chain, t.TrustID)
		rules.gather(&g)
	}
	if err := g.run(ctx, tx); err != nil {
		return err
	}
	for _, u := range people.all() {
		tx.foresaw(Fact{What: "user", Of: string(u.ID)}, u, nil)
		if u.ID != t.User.ID {
			continue
		}
		if found, err := assemble(u, *projects, t.Scope); err == nil {
			tx.foresaw(groundsOf(u.ID, t.Scope), found, nil)
		}
	}
	tx.foresaw(projectRulesOf(t.Scope.ProjectID()), *let, nil)
	for _, p := range *projects {
		if p.IsDomain {
			tx.foresaw(domainOf(identity.DomainID(p.ID)), p, nil)
		}
	}
	if t.Federated {
		tx.foresaw(providerLife(t.IdentityProviderID, t.ProtocolID), life, nil)
	}
	for _, l := range links.all() {
		tx.foresaw(trustOf(l.ID), l, nil)
	}
	if t.TrustID != "" {
		tx.foresaw(roleRules, rules, nil)
	}
	return nil
}

// ForeseeRights is Foresee for the rights of a token of a trust or an identity provider, once it is known what it is bound to. It
// does nothing for others.
func (tx *Tx) ForeseeRights(ctx context.Context, t *identity.Token) error {
	if tx.begun == nil || !bound(t) {
		return nil
	}
	people, holders := []identity.UserID{t.User.ID}, []identity.UserID{t.User.ID}
	for i, l := range t.Trusts {
		if people = append(people, l.TrustorUserID); i == 0 {
			holders = nil
		}
		if i == 0 || i == len(t.Trusts)-1 {
			holders = append(holders, l.TrustorUserID)
		}
	}
	people, holders = distinct(people), distinct(holders)
	member, roles := make([]memberships, len(people)), make([][]identity.Role, len(holders))
	var g gathering
	for i, u := range people {
		tx.memberships(&g, u, &member[i])
	}
	for i, u := range holders {
		tx.gatherHeld(&g, u, t.GroupIDs, t.Scope, &roles[i])
	}
	revoked, given := gatherRevocations(&g, t, `?`, t.User.DomainID), ends(nil)
	if len(t.Trusts) > 0 {
		given = gatherRevocations(&g, byTrustor(t), `?`, t.User.DomainID)
	}
	if err := g.run(ctx, tx); err != nil {
		return err
	}
	for i, u := range people {
		tx.foresaw(Fact{What: "groups", Of: string(u)}, member[i], nil)
	}
	for i, u := range holders {
		slices.SortFunc(roles[i], byName)
		tx.foresaw(heldBy(u, t.GroupIDs, t.Scope), roles[i], nil)
	}
	if len(t.Trusts) > 0 {
		tx.foresaw(revokedUntilOf(byTrustor(t)), given, nil)
	}
	tx.foresaw(revokedUntilOf(t), revoked, nil)
	return nil
}

func distinct(ids []identity.UserID) []identity.UserID {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func byName(a, b identity.Role) int { return strings.Compare(a.Name, b.Name) }

// globalByName are those of the roles held that EffectiveRoles tells, as it tells them.
func globalByName(held []identity.Role) []identity.Role {
	roles := slices.DeleteFunc(held, func(r identity.Role) bool { return r.DomainID != "" })
	for i := range roles {
		roles[i].Options = nil
	}
	slices.SortFunc(roles, byName)
	return roles
}

// people are users being read.
type people struct {
	rows     []userRow
	options  []option[identity.UserID]
	subjects []subject
}

func gatherPeople(g *gathering, set string, args ...any) *people {
	p := new(people)
	g.add(userColumns, userTables+` WHERE u."id" IN `+set, args, func(s scanner) error {
		r, err := scanUser(s)
		p.rows = append(p.rows, r)
		return err
	})
	g.add(`"user_id", "option_id", "option_value"`, `FROM "user_option" WHERE "user_id" IN `+set, args, func(s scanner) error {
		var o option[identity.UserID]
		err := s.Scan(&o.entity, &o.id, jsonOf(&o.value))
		p.options = append(p.options, o)
		return err
	})
	g.add(subjectColumns, `FROM "federated_user" WHERE "user_id" IN `+set, args, func(s scanner) error {
		f, err := scanSubject(s)
		p.subjects = append(p.subjects, f)
		return err
	})
	return p
}

func (p *people) all() []identity.User {
	users := make([]identity.User, len(p.rows))
	at := make(map[identity.UserID]*identity.User, len(p.rows))
	for i, r := range p.rows {
		users[i] = r.User
		at[r.ID] = &users[i]
	}
	for _, o := range p.options {
		setUserOption(at[o.entity], o.id, o.value)
	}
	addSubjects(p.subjects, at)
	return users
}

// gatherProjects reads the project or domain of a scope, its domain, and a set of other domains.
func gatherProjects(g *gathering, scope identity.Scope, domains string, args ...any) *[]identity.Project {
	found := new([]identity.Project)
	read := func(set string, args ...any) {
		g.add(projectColumns, `FROM "project" WHERE "id" IN `+set+` AND "id" <> ?`, append(args, identity.RootDomain), func(s scanner) error {
			p, err := scanProject(s)
			*found = append(*found, p)
			return err
		})
	}
	// Two questions: asked for either of two sets, MariaDB looks at every project.
	read(`(?, ?, (SELECT "domain_id" FROM "project" WHERE "id" = ?))`, scope.DomainID(), scope.ProjectID(), scope.ProjectID())
	read(domains, slices.Clone(args)...)
	return found
}

// readCredential is an application credential being read.
type readCredential struct {
	rows  []numberedCredential
	parts credentialParts
}

func gatherCredential(g *gathering, id identity.ApplicationCredentialID) *readCredential {
	c := new(readCredential)
	if id == "" {
		return c
	}
	g.add(applicationCredentialColumns, `FROM "application_credential" WHERE "id" = ?`, []any{id}, func(s scanner) error {
		row, err := scanApplicationCredential(s)
		c.rows = append(c.rows, row)
		return err
	})
	c.parts.gather(g, `(SELECT "internal_id" FROM "application_credential" WHERE "id" = ?)`, id)
	return c
}

// all is the credential, if there is one.
func (c *readCredential) all() []identity.ApplicationCredential {
	found := make([]identity.ApplicationCredential, len(c.rows))
	at := map[int64]*identity.ApplicationCredential{}
	for i, r := range c.rows {
		found[i] = r.ApplicationCredential
		at[r.number] = &found[i]
	}
	c.parts.give(at)
	return found
}

// Offer is what all catalogs are made of: the services that are enabled, and all endpoints, each in the order of their ids.
type Offer struct {
	Services  []identity.Service
	Endpoints []identity.Endpoint
}

// Cost is about what an offer takes, in bytes.
func (o *Offer) Cost() int { return (1 + len(o.Services) + len(o.Endpoints)) << 10 }

// Offer returns what all catalogs are made of.
func (tx *Tx) Offer(ctx context.Context) (*Offer, error) {
	return Recall(tx, offered, func() (*Offer, []Key, error) {
		o := new(Offer)
		var g gathering
		o.gather(&g)
		err := g.run(ctx, tx)
		o.sort()
		return o, catalogKeys, err
	})
}

var (
	offered     = Fact{What: "offer"}
	catalogKeys = []Key{{"catalog", ""}}
)

func (o *Offer) gather(g *gathering) {
	g.add(serviceColumns, `FROM "service" WHERE "enabled" = ?`, []any{true}, func(s scanner) error {
		v, err := scanService(s)
		o.Services = append(o.Services, v)
		return err
	})
	g.add(endpointColumns, `FROM "endpoint"`, nil, func(s scanner) error {
		e, err := scanEndpoint(s)
		o.Endpoints = append(o.Endpoints, e)
		return err
	})
}

func (o *Offer) sort() {
	slices.SortFunc(o.Services, func(a, b identity.Service) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(o.Endpoints, func(a, b identity.Endpoint) int { return cmp.Compare(a.ID, b.ID) })
}

// ForeseeCatalog is Foresee for what is shown of a token beside itself: its catalog and the service providers.
func (tx *Tx) ForeseeCatalog(ctx context.Context, project identity.ProjectID) error {
	if tx.begun == nil {
		return nil
	}
	if _, ok := tx.recalled(offered); ok {
		return nil
	}
	o := new(Offer)
	var filters []EndpointFilter
	var providers []identity.ServiceProvider
	var g gathering
	o.gather(&g)
	gatherFilters(&g, project, &filters)
	gatherProviders(&g, &providers)
	if err := g.run(ctx, tx); err != nil {
		return err
	}
	o.sort()
	slices.SortFunc(providers, func(a, b identity.ServiceProvider) int { return cmp.Compare(a.ID, b.ID) })
	tx.foresaw(offered, o, catalogKeys)
	tx.foresaw(filtersOf(project), filters, catalogKeys)
	tx.foresaw(serviceProviders, providers, providerKeys)
	return nil
}

// homeOf is the domain of a user.
const homeOf = `(SELECT "domain_id" FROM "user" WHERE "id" = ?)`

// foresaw keeps a fact for this glance, and for others if its keys say what it was made from.
func (tx *Tx) foresaw(f Fact, v any, keys []Key) {
	if tx.known == nil {
		tx.known = map[Fact]any{}
	}
	tx.known[f] = v
	tx.remember(f, v, keys)
}
