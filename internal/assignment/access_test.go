package assignment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

var errBack = errors.New("roll back")

// graph is a random cloud around one user.
type graph struct {
	*rand.Rand
	ctx context.Context
	tx  *store.Tx

	projects []identity.ProjectID // the two domains first
	leaf     map[identity.ProjectID]identity.ProjectID
	groups   []identity.GroupID
	roles    []identity.RoleID
}

const somebody identity.UserID = "somebody"

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func (g *graph) build() error {
	g.leaf = map[identity.ProjectID]identity.ProjectID{}
	domains := map[identity.ProjectID]identity.DomainID{}
	for i := range 2 {
		id := fmt.Sprintf("d%d", i)
		if err := g.tx.InsertDomain(g.ctx, identity.Domain{ID: identity.DomainID(id), Name: id, Enabled: true}); err != nil {
			return err
		}
		g.projects = append(g.projects, identity.ProjectID(id))
		domains[identity.ProjectID(id)] = identity.DomainID(id)
	}
	insert := func(id, parent identity.ProjectID) error {
		domains[id] = domains[parent]
		return g.tx.InsertProject(g.ctx, identity.Project{ID: id, Name: string(id), DomainID: domains[id], ParentID: parent, Enabled: true})
	}
	for i := range 6 {
		id := identity.ProjectID(fmt.Sprintf("p%d", i))
		if err := insert(id, pick(g.Rand, g.projects)); err != nil {
			return err
		}
		g.projects = append(g.projects, id)
	}
	for _, p := range g.projects { // somewhere that nothing was granted
		g.leaf[p] = "below " + p
		if err := insert(g.leaf[p], p); err != nil {
			return err
		}
	}
	if err := g.tx.InsertUser(g.ctx, identity.User{ID: somebody, Name: "somebody", DomainID: "d0", Enabled: true}); err != nil {
		return err
	}
	for i := range 3 {
		id := identity.GroupID(fmt.Sprintf("g%d", i))
		if err := g.tx.InsertGroup(g.ctx, identity.Group{ID: id, Name: string(id), DomainID: "d0"}); err != nil {
			return err
		}
		g.groups = append(g.groups, id)
		if g.IntN(3) > 0 {
			if err := g.tx.AddToGroup(g.ctx, somebody, id); err != nil {
				return err
			}
		}
	}
	for i := range 7 {
		r := identity.Role{ID: identity.RoleID(fmt.Sprintf("r%d", i)), Name: fmt.Sprintf("r%d", i)}
		if i >= 5 {
			r.DomainID = "d0"
		}
		if err := g.tx.InsertRole(g.ctx, r); err != nil {
			return err
		}
		g.roles = append(g.roles, r.ID)
	}
	for range g.IntN(9) { // rings too
		i := identity.ImpliedRole{Prior: pick(g.Rand, g.roles), Implied: pick(g.Rand, g.roles)}
		if there, err := g.tx.Implies(g.ctx, i); err != nil || there || i.Prior == i.Implied {
			if err != nil {
				return err
			}
			continue
		}
		if err := g.tx.InsertImpliedRole(g.ctx, i); err != nil {
			return err
		}
	}
	for range 1 + g.IntN(8) {
		made := identity.Grant{Role: pick(g.Rand, g.roles)}
		if g.IntN(2) == 0 {
			made.User = somebody
		} else {
			made.Group = pick(g.Rand, g.groups)
		}
		switch on := g.IntN(9); {
		case on == 0:
			made.System = true
		case on < 4:
			made.Domain, made.Inherited = identity.DomainID(pick(g.Rand, g.projects[:2])), g.IntN(2) == 0
		default:
			made.Project, made.Inherited = pick(g.Rand, g.projects[2:]), g.IntN(2) == 0
		}
		if err := g.tx.PutGrant(g.ctx, made); err != nil {
			return err
		}
	}
	return nil
}

// places are all where the user could have roles, each with the scope of a token that shows it.
func (g *graph) places() map[assignment.Place]identity.Scope {
	all := map[assignment.Place]identity.Scope{{Scope: identity.OnSystem()}: identity.OnSystem()}
	for i, p := range g.projects {
		at := identity.OnProject(p)
		if i < 2 {
			at = identity.OnDomain(identity.DomainID(p))
		}
		all[assignment.Place{Scope: at}] = at
		all[assignment.Place{Scope: at, Below: true}] = identity.OnProject(g.leaf[p])
		all[assignment.Place{Scope: identity.OnProject(g.leaf[p])}] = identity.OnProject(g.leaf[p])
	}
	return all
}

// compare tells where the roles that the access tells differ from those that a token would bear.
func (g *graph) compare(what string, a assignment.Access) error {
	for place, scope := range g.places() {
		roles, err := g.tx.EffectiveRoles(g.ctx, somebody, nil, scope)
		if err != nil {
			return err
		}
		var have, want []identity.RoleID
		for _, r := range roles {
			want = append(want, r.ID)
		}
		for _, r := range a.RolesAt(place) {
			have = append(have, r.ID)
		}
		slices.Sort(want)
		slices.Sort(have)
		if !slices.Equal(have, want) {
			return fmt.Errorf("%s: at %v the roles are said to be %q and are %q", what, place, have, want)
		}
	}
	return nil
}

// remove really does what was foreseen.
func (g *graph) remove(r assignment.Removal) error {
	var err error
	switch {
	case r.Group != "":
		_, err = g.tx.RemoveFromGroup(g.ctx, somebody, r.Group)
	case r.Role != "":
		err = g.tx.DeleteRole(g.ctx, r.Role)
	case r.Implies != (identity.ImpliedRole{}):
		_, err = g.tx.DeleteImpliedRole(g.ctx, r.Implies)
	default:
		_, err = g.tx.DeleteGrant(g.ctx, r.Grant)
	}
	return err
}

// 8.2: what is said of random clouds is what tokens would bear, and what is foreseen of taking one thing away is what comes of
// it: a grant to the person or to a group, on a project, a domain or the system, inherited or not; being in a group; that a
// role implies another; a role.
func TestForesightIsWhatHappens(t *testing.T) {
	env := testenv.New(t)
	removed := map[string]int{}
	for seed := range uint64(300) {
		run := func(ctx context.Context, tx *store.Tx) error {
			g := &graph{Rand: rand.New(rand.NewPCG(seed, 8)), ctx: ctx, tx: tx}
			if err := g.build(); err != nil {
				return err
			}
			var besides []identity.ProjectID
			for p := range g.places() {
				if id := p.ProjectID(); id != "" {
					besides = append(besides, id)
				}
			}
			a, err := assignment.AccessIn(ctx, tx, somebody, store.GrantFilter{User: somebody, Member: true}, besides...)
			if err != nil {
				return err
			}
			if err := g.compare("as it is", a); err != nil {
				return err
			}
			var all []assignment.Removal
			for _, p := range a.Places() {
				all = append(all, assignment.Removals(a.Ways(p))...)
			}
			for _, id := range g.roles {
				all = append(all, assignment.Removal{Role: id})
			}
			r := pick(g.Rand, all)
			switch {
			case r.Group != "":
				removed["group"]++
			case r.Role != "":
				removed["role"]++
			case r.Implies != (identity.ImpliedRole{}):
				removed["implication"]++
			default:
				removed["grant"]++
			}
			foreseen := a.Without(r)
			if err := g.remove(r); err != nil {
				return err
			}
			if err := g.compare(fmt.Sprintf("without %+v", r), foreseen); err != nil {
				return err
			}
			return errBack
		}
		err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error { return run(t.Context(), tx) })
		if !errors.Is(err, errBack) {
			t.Fatalf("cloud %d: %v", seed, err)
		}
	}
	for _, kind := range []string{"grant", "group", "implication", "role"} {
		if removed[kind] < 10 {
			t.Errorf("%s was taken away %d times only", kind, removed[kind])
		}
	}
}

// The same role by four ways: all are shown, and without one there are three. 8.2
func TestFourWays(t *testing.T) {
	c := newCompany(t)
	c.admin.Put("/v3/projects/"+c.harbour+"/users/"+c.ann+"/roles/"+c.sailor, nil).Want(204)
	c.admin.Put("/v3/projects/"+c.harbour+"/groups/"+c.crew+"/roles/"+c.sailor, nil).Want(204)
	c.admin.Put("/v3/OS-INHERIT/projects/"+c.sea+"/users/"+c.ann+"/roles/"+c.sailor+"/inherited_to_projects", nil).Want(204)
	c.admin.Put("/v3/projects/"+c.harbour+"/users/"+c.ann+"/roles/"+c.pilot, nil).Want(204)
	here := assignment.Place{Scope: identity.OnProject(identity.ProjectID(c.harbour))}
	sailor := func(a assignment.Access) (n int) {
		for _, w := range a.Ways(here) {
			if w.Role() == identity.RoleID(c.sailor) {
				n++
			}
		}
		return n
	}
	var a assignment.Access
	err := c.Server.DB.View(t.Context(), func(tx *store.Tx) (err error) {
		a, err = assignment.AccessIn(t.Context(), tx, identity.UserID(c.ann), store.GrantFilter{User: identity.UserID(c.ann), Member: true})
		return err
	})
	if err != nil || sailor(a) != 4 {
		t.Fatalf("%d ways, %v", sailor(a), err)
	}
	for _, r := range assignment.Removals(a.Ways(here)) {
		if n := sailor(a.Without(r)); n != 3 {
			t.Errorf("without %+v: %d ways", r, n)
		}
	}
}
