package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

// implication is a rule by which one role implies another that is to be made, or to be ended.
type implication struct {
	prior, implied identity.Role
	rules          []identity.Inference // that there are
	back           string
}

// loadImplication finds the two roles of the form.
func (v *visit) loadImplication(action string) (caller identity.Caller, i implication, err error) {
	if caller, err = v.onSystem(); err != nil {
		return caller, i, err
	}
	if !v.p.Assignment.MayCreateRole(v.Context(), caller) {
		return caller, i, identity.NotAllowed(action)
	}
	if i.prior, err = v.p.Assignment.Role(v.Context(), caller, identity.RoleID(v.field("prior"))); err != nil {
		return caller, i, err
	}
	if i.implied, err = v.p.Assignment.Role(v.Context(), caller, identity.RoleID(v.field("role"))); err != nil {
		return caller, i, err
	}
	if i.rules, err = v.p.Assignment.Inferences(v.Context(), caller); err != nil {
		return caller, i, err
	}
	if i.back = Prefix + "/cloud/roles/" + string(i.prior.ID); v.field("from") == "graph" {
		i.back = Prefix + "/cloud/roles/graph"
	}
	return caller, i, nil
}

// chains are the roles that follow from one, itself among them, with the names of those on the way.
func chains(rules []identity.Inference, from identity.Role) map[identity.RoleID][]string {
	way := map[identity.RoleID][]string{from.ID: {from.Name}}
	for todo := []identity.RoleID{from.ID}; len(todo) > 0; todo = todo[1:] {
		for _, r := range rules {
			if _, seen := way[r.Implied.ID]; r.Prior.ID == todo[0] && !seen {
				way[r.Implied.ID] = append(slices.Clone(way[todo[0]]), r.Implied.Name)
				todo = append(todo, r.Implied.ID)
			}
		}
	}
	return way
}

// reachBy is what a role permits in a project by some rules.
func (v *visit) reachBy(rules []identity.Inference, role identity.Role) *policy.Reach {
	var names []string
	for _, way := range chains(rules, role) {
		names = append(names, way[len(way)-1])
	}
	return v.p.Services.Reaches(policy.Supposition{Roles: names, Scope: "project"})[0]
}

// meansImplication says whom a change of the rules of a role concerns, and what they may do after it.
func (v *visit) meansImplication(caller identity.Caller, i implication, after []identity.Inference) ([]string, error) {
	having := []identity.RoleID{i.prior.ID}
	for _, r := range i.rules {
		if _, follows := chains(i.rules, r.Prior)[i.prior.ID]; follows && !slices.Contains(having, r.Prior.ID) {
			having = append(having, r.Prior.ID)
		}
	}
	granted, _, err := v.p.Assignment.Assignments(v.Context(), caller, assignment.Query{Roles: having, Limit: mostAssignments + 1}, false)
	if err != nil {
		return nil, err
	}
	means := v.N(len(granted), "It concerns all who have the role by %d grant of it, or of a role that implies it, at once.", "It concerns all who have the role by %d grants of it, or of roles that imply it, at once.")
	if len(granted) > mostAssignments {
		means = v.F("It concerns all who have the role by more than %d grants of it, or of roles that imply it, at once.", mostAssignments)
	}
	was, is := v.reachBy(i.rules, i.prior), v.reachBy(after, i.prior)
	return []string{means, v.F("In a project of one’s own, %s permits %d of %d known permissions then, and %d now.", i.prior.Name, is.Yes, is.All, was.Yes)}, nil
}

// implyRole lets one role imply another, unless that closes a circle: all roles of a circle would be one.
func (v *visit) implyRole() error {
	caller, i, err := v.loadImplication("identity:create_implied_role")
	if err != nil {
		return err
	}
	out := &actPage{Back: i.back, Harmless: true, Do: v.F("Let it imply %s", i.implied.Name)}
	out.Section, out.Title, out.Lead = "roles", v.F("Let %s imply %s?", i.prior.Name, i.implied.Name), v.T("Everybody who has the one role has the other from then on, everywhere.")
	out.Terminal = []string{"openstack implied role create --implied-role " + roleWord(i.implied) + " " + roleWord(i.prior)}
	if way, circle := chains(i.rules, i.implied)[i.prior.ID]; circle {
		out.Do, out.Terminal, out.Problem = "", nil, v.T("A role cannot imply itself.")
		if len(way) > 1 {
			out.Problem = v.F("That would be a circle: the one implies the other already (%s), and all roles between them would be one.", strings.Join(way, " → "))
		}
		return v.show(http.StatusUnprocessableEntity, "act", out)
	}
	after := append(slices.Clone(i.rules), identity.Inference{Prior: i.prior, Implied: i.implied})
	if out.Means, err = v.meansImplication(caller, i, after); err != nil {
		return err
	}
	was, err := v.p.Assignment.AboutRole(v.Context(), caller, i.prior.ID)
	if err != nil {
		return err
	}
	brings, err := v.p.Assignment.AboutRole(v.Context(), caller, i.implied.ID)
	if err != nil {
		return err
	}
	if far := brings.Weight.Far; brings.Weight.High && !was.Weight.High {
		out.Harmless, out.Typed = false, i.prior.Name
		out.Means = append(out.Means, v.F("It makes %s a role of high impact, as %s is: %d of %d known permissions in every project.", i.prior.Name, i.implied.Name, far.Yes, far.All))
	}
	return v.decide(out, func() (string, error) {
		_, err := v.p.Assignment.CreateImpliedRole(v.Context(), caller, identity.ImpliedRole{Prior: i.prior.ID, Implied: i.implied.ID})
		return strings.TrimPrefix(i.back, Prefix) + "?done=saved", err
	})
}

// endImpliedRole ends a rule by which one role implies another.
func (v *visit) endImpliedRole() error {
	caller, i, err := v.loadImplication("identity:delete_implied_role")
	if err != nil {
		return err
	}
	without := func(r identity.Inference) bool { return r.Prior.ID == i.prior.ID && r.Implied.ID == i.implied.ID }
	out := &actPage{Back: i.back, Do: v.T("End it")}
	out.Section, out.Title = "roles", v.F("End that %s implies %s?", i.prior.Name, i.implied.Name)
	out.Lead = v.T("Who has the one role has the other no more, but for those who were granted it, or have it by another role.")
	out.Terminal = []string{"openstack implied role delete --implied-role " + roleWord(i.implied) + " " + roleWord(i.prior)}
	if out.Means, err = v.meansImplication(caller, i, slices.DeleteFunc(slices.Clone(i.rules), without)); err != nil {
		return err
	}
	return v.decide(out, func() (string, error) {
		err := v.p.Assignment.DeleteImpliedRole(v.Context(), caller, identity.ImpliedRole{Prior: i.prior.ID, Implied: i.implied.ID})
		return strings.TrimPrefix(i.back, Prefix) + "?done=saved", err
	})
}
