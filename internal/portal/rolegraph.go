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
	Branches []roleBranch // roles that no other implies and that imply some
	Alone    []identity.Role
	Roles    []roleGroup // to choose from
	Manage   bool
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

func (v *visit) roleGraph() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	rules, err := v.p.Assignment.Inferences(v.Context(), caller)
	if err != nil {
		return err
	}
	roles, err := v.p.Assignment.DescribedRoles(v.Context(), caller, "")
	if err != nil {
		return err
	}
	slices.SortFunc(roles, func(a, b assignment.DescribedRole) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	pg := &roleGraphPage{Roles: v.roleGroups(roles, "")}
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
	return v.show(http.StatusOK, "rolegraph", pg)
}
