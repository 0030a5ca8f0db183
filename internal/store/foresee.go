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
// grounds, its user's groups and roles, and until when tokens like it are revoked. t is what the token's text says. A glance
// then recalls all this. Nothing is read that the node remembers, nor for a transaction, nor for tokens that stand on more than
// that. What is missing fails nothing here: who asks for it will be told.
func (tx *Tx) Foresee(ctx context.Context, t *identity.Token) error {
	if tx.begun == nil || t.TrustID != "" || t.AccessTokenID != "" || t.Federated {
		return nil
	}
	user, scope := t.User.ID, t.Scope
	if _, ok := tx.db.facts.Get(groundsOf(user, scope)); ok {
		return nil
	}
	var (
		of       []userRow
		options  = map[string]any{}
		projects []identity.Project
		member   memberships
		roles    []identity.Role
		revoked  time.Time
	)
	with, args := tx.held(user, nil, scope)
	g := gathering{with: with, withArgs: args}
	g.add(userColumns, userTables+` WHERE u."id" = ?`, []any{user}, func(s scanner) error {
		r, err := scanUser(s)
		of = append(of, r)
		return err
	})
	g.add(`"option_id", "option_value"`, `FROM "user_option" WHERE "user_id" = ?`, []any{user}, func(s scanner) error {
		var id string
		var value any
		err := s.Scan(&id, jsonOf(&value))
		options[id] = value
		return err
	})
	g.add(projectColumns, `FROM "project" WHERE "id" IN (?, ?, (SELECT "domain_id" FROM "project" WHERE "id" = ?), `+homeOf+`) AND "id" <> ?`,
		[]any{scope.DomainID(), scope.ProjectID(), scope.ProjectID(), user, identity.RootDomain}, func(s scanner) error {
			p, err := scanProject(s)
			projects = append(projects, p)
			return err
		})
	tx.memberships(&g, user, &member)
	roleSet := `(NULL)`
	if len(with) > 0 {
		roleSet = `(SELECT "role_id" FROM "held")`
		g.add(roleColumns, `FROM "role" WHERE "id" IN `+roleSet+` AND "domain_id" = ?`, []any{identity.NoRoleDomain}, func(s scanner) error {
			r, err := scanRole(s)
			roles = append(roles, r)
			return err
		})
	}
	plain := t.ApplicationCredentialID == "" // whose roles are all that the user holds
	if plain {
		from, args := revocations(t, roleSet, nil, homeOf, []any{user})
		g.add(`MAX("issued_before")`, from, args, func(s scanner) error { return s.Scan(timeOf{&revoked}) })
	}
	if err := g.run(ctx, tx); err != nil || len(of) != 1 || of[0].federated {
		return err
	}
	u := of[0].User
	for id, value := range options {
		setUserOption(&u, id, value)
	}
	tx.foresaw(Fact{What: "user", Of: string(user)}, u, userKeys(u))
	if found, err := assemble(u, projects, scope); err == nil {
		tx.foresaw(groundsOf(user, scope), found, found.keys())
	}
	tx.foresaw(Fact{What: "groups", Of: string(user)}, member, member.keys(user))
	if len(with) > 0 {
		slices.SortFunc(roles, func(a, b identity.Role) int { return strings.Compare(a.Name, b.Name) })
		keys := roleKeys(user, scope, member.groups, roles)
		if !member.until.IsZero() {
			keys = nil
		}
		tx.foresaw(Fact{"roles", string(user), scope.String()}, roles, keys)
	}
	if plain {
		tx.foresaw(revokedUntilOf(t), revoked, nil)
	}
	return nil
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
	if _, ok := tx.db.facts.Get(offered); ok {
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
