package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
)

// roleGraphPage shows which roles imply which, from the top down, and lets one imply another.
type roleGraphPage struct {
	chrome
	Branches       []roleBranch // roles that no other implies and that imply some
	Alone          []identity.Role
	Priors         []roleGroup
	Implieds       []roleGroup
	Prior, Implied identity.RoleID // that were chosen
	Manage         bool
}

// roleBranch is a role in the graph, with those that it implies. One that stands there already has none.
type roleBranch struct {
	identity.Role
	Called   string
	Page     *roleGraphPage
	By       identity.RoleID // that implies it; empty at the top
	ByName   string
	Again    bool
	Branches []roleBranch
}

func (v *visit) graphTabs(graph bool) []tab {
	return []tab{{entry: entry{Prefix + "/cloud/roles", v.T("List"), !graph}}, {entry: entry{Prefix + "/cloud/roles/graph", v.T("Graph"), graph}}}
}

func (v *visit) roleGraphPage() (identity.Caller, *roleGraphPage, error) {
	caller, err := v.onSystem()
	if err != nil {
		return caller, nil, err
	}
	rules, err := v.p.Assignment.Inferences(v.Context(), caller)
	if err != nil {
		return caller, nil, err
	}
	roles, err := v.p.Assignment.DescribedRoles(v.Context(), caller, "")
	if err != nil {
		return caller, nil, err
	}
	slices.SortFunc(roles, func(a, b assignment.DescribedRole) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	pg := &roleGraphPage{Prior: identity.RoleID(v.field("prior")), Implied: identity.RoleID(v.field("role"))}
	pg.Priors, pg.Implieds = v.roleGroups(roles, pg.Prior), v.roleGroups(roles, pg.Implied)
	pg.Manage = v.p.Assignment.MayCreateRole(v.Context(), caller)
	pg.Section, pg.Title, pg.Lead, pg.Tabs = "roles", v.T("Roles"), v.T("Who has a role has all that stand below it."), v.graphTabs(true)
	pg.Terminal = []string{"openstack implied role list", "openstack implied role create PRIOR --implied-role ROLE"}
	below := map[identity.RoleID][]identity.Role{}
	implied := map[identity.RoleID]bool{}
	for _, r := range rules {
		if r.Prior.DomainID != "" && len(below[r.Prior.ID]) == 0 {
			roles = append(roles, assignment.DescribedRole{Role: r.Prior})
		}
		below[r.Prior.ID] = append(below[r.Prior.ID], r.Implied)
		implied[r.Implied.ID] = true
	}
	drawn := map[identity.RoleID]bool{}
	var draw func(r, by identity.Role) roleBranch
	draw = func(r, by identity.Role) roleBranch {
		b := roleBranch{Role: r, Called: v.roleCalled(r), Page: pg, By: by.ID, ByName: v.roleCalled(by), Again: drawn[r.ID] && len(below[r.ID]) > 0}
		if drawn[r.ID] {
			return b
		}
		drawn[r.ID] = true
		for _, next := range below[r.ID] {
			b.Branches = append(b.Branches, draw(next, r))
		}
		return b
	}
	for _, circles := range []bool{false, true} { // what is in a circle has no top
		for _, d := range roles {
			r := d.Role
			switch {
			case drawn[r.ID], !circles && implied[r.ID]:
			case len(below[r.ID]) == 0:
				if !implied[r.ID] {
					pg.Alone, drawn[r.ID] = append(pg.Alone, r), true
				}
			default:
				pg.Branches = append(pg.Branches, draw(r, identity.Role{}))
			}
		}
	}
	return caller, pg, nil
}

func (v *visit) roleGraph() error {
	_, pg, err := v.roleGraphPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "rolegraph", pg)
}

func (v *visit) addToGraph() error {
	caller, pg, err := v.roleGraphPage()
	if err != nil {
		return err
	}
	if pg.Problem, err = v.imply(caller, identity.ImpliedRole{Prior: pg.Prior, Implied: pg.Implied}); err != nil {
		return err
	}
	if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "rolegraph", pg)
	}
	v.redirect("/cloud/roles/graph?done=saved")
	return nil
}

// imply lets one role imply another, unless that closes a circle: all roles of a circle would be one. It returns what is said against it.
func (v *visit) imply(caller identity.Caller, i identity.ImpliedRole) (problem string, err error) {
	rules, err := v.p.Assignment.Inferences(v.Context(), caller)
	if err != nil {
		return "", err
	}
	way := map[identity.RoleID]string{i.Implied: ""} // the roles that follow from the implied one, with how
	for todo := []identity.RoleID{i.Implied}; len(todo) > 0; todo = todo[1:] {
		for _, r := range rules {
			if _, seen := way[r.Implied.ID]; r.Prior.ID != todo[0] || seen {
				continue
			}
			way[r.Implied.ID] = strings.TrimPrefix(way[todo[0]]+" → "+r.Implied.Name, " → ")
			todo = append(todo, r.Implied.ID)
		}
	}
	if through, circle := way[i.Prior]; circle {
		if i.Prior == i.Implied {
			return v.T("A role cannot imply itself."), nil
		}
		return v.F("That would be a circle: the one implies the other already (%s), and all roles between them would be one.", through), nil
	}
	_, err = v.p.Assignment.CreateImpliedRole(v.Context(), caller, i)
	return v.refusal(err)
}
