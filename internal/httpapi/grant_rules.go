package httpapi

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

// Who may grant what, beside what the policy says.
var grantRuleRoutes = []route{
	{method: get, path: "/v3/lintel/grant_rules", serve: (*API).listGrantRules, actions: []authz.Action{authz.ListGrantRules}, query: schema.GrantRuleList,
		summary: "List the rules of who may grant what", answer: members(object{
			"grant_rules": object{"type": "array", "items": entitySchema("grant_rule")}, "unreachable_roles": object{"type": "array", "items": entitySchema("unreachable_role")}})},
	{method: get, path: "/v3/lintel/grant_rules/decision", serve: (*API).supposeGrant, actions: []authz.Action{authz.ListGrantRules, authz.ListRoleAssignments},
		query: schema.GrantDecision, summary: "Tell whether somebody may do something to somebody, and which rule decides", answer: one("grant_decision")},
	{method: put, path: "/v3/lintel/grant_rules", serve: (*API).setGrantRules, actions: []authz.Action{authz.ManageGrantRules}, body: schema.GrantRulesSet,
		success: []int{http.StatusOK}, summary: "Replace all rules of who may grant what, by others or by a preset, or tell what that would change",
		answer: members(object{"grant_rules": object{"type": "array", "items": entitySchema("grant_rule")}, "changes": entitySchema("grant_rule_changes")})},
	{method: post, path: "/v3/lintel/grant_rules", serve: (*API).putGrantRule, actions: []authz.Action{authz.ManageGrantRules}, body: schema.GrantRulePut,
		summary: "Add a rule of who may grant what, in the place of one about the same roles", answer: one("grant_rule")},
	{method: del, path: "/v3/lintel/grant_rules/{grant_rule_id}", serve: (*API).deleteGrantRule, actions: []authz.Action{authz.ManageGrantRules},
		summary: "Delete a rule of who may grant what"},
}

func renderGrantRule(all membership.GrantRules, g identity.GrantRule) object {
	o := object{
		"id": g.ID, "domain_id": orNull(g.DomainID),
		"holder_role": idName(g.Holder, all.Roles[g.Holder].Name), "holder_scope": string(g.HolderTier),
		"target_role": idName(g.Target, all.Roles[g.Target].Name), "target_scope": string(g.TargetTier),
		"may_grant": g.Grant, "may_revoke": g.Revoke, "may_invite": g.Invite, "max_days": nil, "needs_approval": g.NeedsAnswer, "needs_step_up": g.StepUp,
	}
	if g.MaxDays > 0 {
		o["max_days"] = g.MaxDays
	}
	return o
}

func renderGrantRules(all membership.GrantRules, some []identity.GrantRule) []object {
	out := make([]object, len(some))
	for i, g := range some {
		out[i] = renderGrantRule(all, g)
	}
	return out
}

func (a *API) listGrantRules(w http.ResponseWriter, r *request) error {
	all, err := a.Membership.GrantRules(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	some := all.Rules
	if r.Args.Has("domain_id") {
		some = all.Of(text[identity.DomainID](r.Args, "domain_id"))
	}
	return writeJSON(w, http.StatusOK, object{"grant_rules": renderGrantRules(all, some), "unreachable_roles": renderUnreachable(all)})
}

// renderUnreachable are the roles that nobody can come to have.
func renderUnreachable(all membership.GrantRules) []object {
	out := []object{}
	for _, domain := range slices.Sorted(maps.Keys(all.Unreachable)) {
		for _, id := range all.Unreachable[domain] {
			out = append(out, object{"domain_id": orNull(domain), "role": idName(id, all.Roles[id].Name)})
		}
	}
	return out
}

func (a *API) supposeGrant(w http.ResponseWriter, r *request) error {
	q := membership.Supposition{
		Role: text[identity.RoleID](r.Args, "as_role_id"), User: text[identity.UserID](r.Args, "as_user_id"), Act: text[membership.Act](r.Args, "act"),
		On: identity.Grant{User: text[identity.UserID](r.Args, "user_id"), Role: text[identity.RoleID](r.Args, "role_id")},
	}
	project, domain, system := text[identity.ProjectID](r.Args, "as_project_id"), text[identity.DomainID](r.Args, "as_domain_id"), r.Args.Has("as_system")
	switch {
	case project != "" && domain == "" && !system:
		q.Scope, q.On.Project = identity.OnProject(project), project
	case domain != "" && project == "" && !system:
		q.Scope, q.On.Domain = identity.OnDomain(domain), domain
	case system && project == "" && domain == "":
		q.Scope, q.On.System = identity.OnSystem(), true
	case system || project != "" || domain != "":
		return identity.Invalidf("Say once where they act: as_project_id, as_domain_id or as_system.")
	}
	if at := text[identity.ProjectID](r.Args, "project_id"); at != "" {
		q.On.Project, q.On.Domain, q.On.System = at, "", false
	}
	out, err := a.Membership.Suppose(r.Context(), r.Caller, q)
	if err != nil {
		return err
	}
	o := object{
		"allowed": out.Allowed, "decided_by": string(out.By), "reason": orNull(out.Reason), "nothing_to_revoke": out.Absent, "policy": nil, "grant_rule": nil, "role": nil, "on": nil,
	}
	if out.Action != "" {
		o["policy"] = object{"rule": string(out.Action), "check": out.Check}
	}
	if out.Rule.ID != "" {
		o["grant_rule"] = renderGrantRule(membership.GrantRules{Roles: out.Roles}, out.Rule)
	}
	if out.Role.ID != "" {
		o["role"] = idName(out.Role.ID, out.Role.Name)
		o["on"] = idName("system", "system")
		if !out.At.System {
			o["on"] = idName(out.At.Project.ID, out.At.Project.Name)
		}
	}
	return writeJSON(w, http.StatusOK, object{"grant_decision": o})
}

// grantRuleOf reads a rule whose roles may be named by id or name.
func grantRuleOf(body *schema.Object) identity.GrantRule {
	role := func(key string) identity.RoleID {
		ref := body.Object(key)
		return cmp.Or(text[identity.RoleID](ref, "id"), text[identity.RoleID](ref, "name"))
	}
	return identity.GrantRule{
		Holder: role("holder_role"), HolderTier: text[identity.Tier](body, "holder_scope"),
		Target: role("target_role"), TargetTier: text[identity.Tier](body, "target_scope"), DomainID: text[identity.DomainID](body, "domain_id"),
		Grant: schema.Flag(body, "may_grant").Value, Revoke: schema.Flag(body, "may_revoke").Value, Invite: schema.Flag(body, "may_invite").Value,
		MaxDays: int(schema.Integer(body, "max_days").Value), NeedsAnswer: schema.Flag(body, "needs_approval").Value, StepUp: schema.Flag(body, "needs_step_up").Value,
	}
}

func (a *API) setGrantRules(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("grant_rules")
	set := membership.RuleSet{
		Domain: text[identity.DomainID](body, "domain_id"), Preset: text[membership.Preset](body, "preset"), Mapping: text[string](body, "role_mapping"),
	}
	if body.Has("preset") == body.Has("rules") {
		return identity.Invalidf("Name a preset or list the rules: one of them.")
	}
	for _, rule := range schema.List[*schema.Object](body, "rules").Value {
		set.Rules = append(set.Rules, grantRuleOf(rule))
	}
	c, err := a.Membership.SetGrantRules(r.Context(), r.Caller, set, schema.Flag(body, "rehearse").Value)
	if err != nil {
		return err
	}
	high := make([]object, len(c.High))
	for i, id := range c.High {
		high[i] = idName(id, c.Roles[id].Name)
	}
	return writeJSON(w, http.StatusOK, object{"grant_rules": renderGrantRules(c.GrantRules, c.Of(set.Domain)), "changes": object{
		"added": renderGrantRules(c.GrantRules, c.Added), "changed": renderGrantRules(c.GrantRules, c.Changed), "removed": renderGrantRules(c.GrantRules, c.Removed),
		"missing_roles": append([]string{}, c.Missing...), "high_impact_roles": high, "unreachable_roles": renderUnreachable(c.GrantRules),
	}})
}

func (a *API) putGrantRule(w http.ResponseWriter, r *request) error {
	c, g, err := a.Membership.PutGrantRule(r.Context(), r.Caller, grantRuleOf(r.Body.Object("grant_rule")), false)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"grant_rule": renderGrantRule(c.GrantRules, g)})
}

func (a *API) deleteGrantRule(w http.ResponseWriter, r *request) error {
	if _, err := a.Membership.DeleteGrantRule(r.Context(), r.Caller, r.PathValue("grant_rule_id"), false); err != nil {
		return err
	}
	return noContent(w)
}
