package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

var rolePages = []page{
	{method: get, path: "/p/{id}/roles", serve: (*visit).roleGuide},
	{method: get, path: "/p/{id}/roles/{role}", serve: (*visit).roleHere},
	{method: get, path: "/p/{id}/permissions", serve: (*visit).myPermissions},
}

// roleGuidePage lists the roles of a project: what each is for, what it brings along, who has it.
type roleGuidePage struct {
	chrome
	Roles []guideRow
}

// guideRow is a role with what people are told of it.
type guideRow struct {
	assignment.GuideRole
	inWords
	Sum string // how much it permits
}

func (v *visit) guide(h *here) ([]assignment.GuideRole, error) {
	return asGranter(h, func(c identity.Caller) ([]assignment.GuideRole, int, error) {
		guide, err := v.p.Assignment.RoleGuide(v.Context(), c, h.ID)
		offers := 0
		for _, r := range guide {
			if r.MayGrant {
				offers++
			}
		}
		return guide, offers, err
	})
}

func (v *visit) roleGuide() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	pg := new(roleGuidePage)
	guide, err := v.guide(h)
	if err != nil {
		return err
	}
	sums := make([]roleChoice, len(guide))
	for i, r := range guide {
		sums[i] = v.choiceOf(r.Offer)
	}
	v.explain(sums, nil)
	for i, r := range guide {
		pg.Roles = append(pg.Roles, guideRow{r, sums[i].inWords, sums[i].Sum})
	}
	byCategory(v, pg.Roles, func(r *guideRow) *inWords { return &r.inWords })
	pg.Here, pg.Section, pg.Title = h, "roles", v.T("Roles")
	pg.Lead = v.F("What each role in %s is for, what it brings along, and how many people have it.", h.Name)
	pg.Terminal = []string{"openstack role list", "openstack implied role list"}
	return v.show(http.StatusOK, "roles", pg)
}

// permissionsPage tells what roles permit in each service, computed from the services' own rules.
type permissionsPage struct {
	chrome
	Names    []string // of the roles
	Services []servicePermissions
	Others   bool // there are services beside Identity
	Needed   []neededRole
	Unknown  []string // services of the catalog whose rules are not loaded
	Why      string   // the page that tells why
	Back     *link
}

type servicePermissions struct {
	*policy.Service
	policy.Counts
	List []permission
}

// Known tells whether anything was read of the service.
func (s servicePermissions) Known() bool { return !s.Loaded.IsZero() }

type permission struct {
	Name, Description string
	Operations        []policy.Operation
	Conditions        []string // none for what is permitted in any case
}

// permits computes what roles permit in a project of their own, without what they do not.
func (v *visit) permits(pg *permissionsPage) {
	s := policy.Supposition{Roles: pg.Names, Scope: "project"}
	services := v.p.Services.List()
	pg.Others = len(services) > 1
	for _, p := range services {
		sum := servicePermissions{Service: p, Counts: policy.Counts{All: len(p.Rules)}}
		for _, d := range p.Rules {
			got := p.Enforcer.Suppose(d.Name, s)
			switch got.Verdict {
			case policy.Yes:
				sum.Yes++
			case policy.Depends:
				sum.Conditional++
			default:
				continue
			}
			sum.List = append(sum.List, permission{d.Name, d.Description, d.Operations, got.Conditions})
		}
		pg.Services = append(pg.Services, sum)
	}
}

func (v *visit) roleHere() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	guide, err := v.guide(h)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(guide, func(r assignment.GuideRole) bool { return string(r.ID) == v.PathValue("role") })
	if i < 0 {
		return identity.Missing("role", v.PathValue("role"))
	}
	pg := &permissionsPage{Names: append([]string{guide[i].Name}, v.choiceOf(guide[i].Offer).Brings...), Back: &link{v.T("All roles"), h.Path("/roles")}}
	pg.Here, pg.Section, pg.Title = h, "roles", guide[i].Name
	pg.Lead = v.T("What this role permits in its project, computed from the rules of each service.")
	v.permits(pg)
	if pg.Unknown, err = v.unknown(h.callers[0]); err != nil {
		return err
	}
	pg.Terminal = []string{"lintel access role --policies DIR" + bringing(guide[i].Role, v.choiceOf(guide[i].Offer).Brings)}
	return v.show(http.StatusOK, "permissions", pg)
}

// myPermissions tells what the reader's roles permit, or one of them that the address names.
func (v *visit) myPermissions() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	if !h.member {
		return identity.Missing("role on the project", h.ID)
	}
	access, err := v.p.Assignment.AccessOf(v.Context(), v.self(), assignment.Ref{ID: string(v.User().ID)}, h.ID)
	if err != nil {
		return err
	}
	pg := &permissionsPage{Back: &link{h.Name, h.Path()}}
	for _, r := range h.callers[0].Token.Roles {
		pg.Names = append(pg.Names, r.Name)
	}
	pg.Here, pg.Section, pg.Title = h, "project", v.T("What you may do")
	pg.Lead = v.F("What your roles permit in %s, computed from the rules of each service.", h.Name)
	one := v.field("role")
	if one != "" {
		if pg.Names = namesOf(h.callers[0], access, []string{one}); len(pg.Names) == 0 {
			return identity.Missing("role", one)
		}
		pg.Title, pg.Lead = pg.Names[0], v.T("What this role permits in its project, computed from the rules of each service.")
	}
	v.permits(pg)
	if pg.Unknown, err = v.unknown(h.callers[0]); err != nil {
		return err
	}
	if one == "" {
		pg.Needed = v.needed(access, policy.Supposition{Roles: pg.Names, Scope: "project"})
	}
	pg.Why = Prefix + "/access?project=" + string(h.ID)
	pg.Terminal = []string{"lintel access show", "lintel access role " + word(pg.Names[0]) + strings.Repeat(" --with ROLE", min(1, len(pg.Names)-1)) + " --policies DIR"}
	return v.show(http.StatusOK, "permissions", pg)
}
