package authz

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

// Checker asks the policy. All fields are set once.
type Checker struct {
	Policy *policy.Enforcer
	Log    *slog.Logger

	// Services are those of the cloud whose rules are known ([lintel] policy_bundles), Identity's own among them.
	Services *policy.Services

	// Protect keeps everybody from reaching above themselves, whatever the policy opens ([lintel] protect_people).
	Protect bool

	// TellMissing lets callers without rights know of some things that they are not there, as Keystone does
	// ([lintel] tell_missing).
	TellMissing bool
}

// Target is what an action acts on, as rules name it: Target{"user": User(u)} is read as %(target.user.domain_id)s.
type Target map[string]any

// Check returns nil when the caller may do the action on the target, a 401 for nobody, and otherwise a 403 that names
// the action and nothing else. A rule that cannot be evaluated refuses.
func (c *Checker) Check(ctx context.Context, caller identity.Caller, action Action, target Target) error {
	if caller.Admin {
		return nil
	}
	if caller.Token == nil {
		return identity.Unauthenticatedf("nobody asks for %s", action)
	}
	allowed, err := c.Policy.Enforce(ctx, string(action), facts(caller.Request, target), Credentials(caller))
	if err != nil {
		c.Log.WarnContext(ctx, "a policy rule cannot be evaluated; refusing", "rule", action, "error", err)
	}
	if err != nil || !allowed {
		return identity.NotAllowed(string(action))
	}
	return nil
}

// CheckFound is Check for a target that was looked for: missing is what came of that, nil when it is there. Who may not
// do the action learns nothing about it; who may gets missing.
func (c *Checker) CheckFound(ctx context.Context, caller identity.Caller, action Action, target Target, missing error) error {
	if missing != nil && !errors.Is(missing, identity.NotFound) {
		return missing
	}
	if missing != nil && c.TellMissing && tellMissing[action] && (caller.Token != nil || caller.Admin) {
		return missing
	}
	return cmp.Or(c.Check(ctx, caller, action, target), missing)
}

// tellMissing are the actions whose target Keystone looks for before it asks the policy.
var tellMissing = map[Action]bool{
	UpdateDomain: true, DeleteDomain: true,
	DeleteGroup: true,
	GetRole:     true, UpdateRole: true, DeleteRole: true,
	UpdateLimit: true, DeleteLimit: true,
	EC2GetCredential: true, EC2DeleteCredential: true,
}

// Allowed is Check for places that leave out what may not be seen.
func (c *Checker) Allowed(ctx context.Context, caller identity.Caller, action Action, target Target) bool {
	return c.Check(ctx, caller, action, target) == nil
}

// facts is what rules may substitute: the path's arguments under their own names, target.*, request_body.* and
// filter_attr.* (enforce_call in keystone/common/rbac_enforcer/enforcer.py). What a client sent can never stand in for
// the target.
func facts(r identity.RequestAttrs, target Target) map[string]any {
	f := make(map[string]any, len(r.Path)+3)
	for k, v := range r.Path {
		f[k] = v
	}
	if r.Body != nil {
		f["request_body"] = r.Body()
	}
	if len(r.Filters) > 0 {
		filters := make(map[string]any, len(r.Filters))
		for k, v := range r.Filters {
			filters[k] = v
		}
		f["filter_attr"] = filters
	}
	if target != nil {
		f["target"] = map[string]any(target)
	}
	return f
}

// Credentials are the caller as rules see them (to_policy_values in keystone/common/context.py and oslo.context). They
// must not be changed.
func Credentials(caller identity.Caller) map[string]any {
	t := caller.Token
	return t.Memo.Once(func() any { return credentials(t) }).(map[string]any)
}

func credentials(t *identity.Token) map[string]any {
	roles := make([]any, len(t.Roles))
	for i, r := range t.Roles {
		roles[i] = r.Name
	}
	user, _ := t.Actor()
	c := map[string]any{
		"user_id": string(user.ID), "user_domain_id": string(user.DomainID),
		"system_scope": nil, "domain_id": nil, "project_id": nil, "project_domain_id": nil,
		"roles": roles, "is_admin_project": true, "token": tokenBody(t),
		"service_user_id": nil, "service_user_domain_id": nil, "service_project_id": nil,
		"service_project_domain_id": nil, "service_roles": []any{},
	}
	switch t.Scope.Kind() {
	case identity.SystemScoped:
		c["system_scope"] = "all"
	case identity.DomainScoped:
		c["domain_id"] = string(t.Scope.DomainID())
		c["is_admin_project"] = false
	case identity.ProjectScoped:
		c["project_id"] = string(t.Scope.ProjectID())
		c["project_domain_id"] = string(t.Project.DomainID)
		if is := t.IsAdminProject; is != nil {
			c["is_admin_project"] = *is
		}
	}
	return c
}

// tokenBody is the part of the token's JSON that rules walk with token.project.domain.id and the like.
func tokenBody(t *identity.Token) map[string]any {
	roles := make([]any, len(t.Roles))
	for i, r := range t.Roles {
		roles[i] = named(r.ID, r.Name)
	}
	methods := make([]any, len(t.Methods))
	for i, m := range t.Methods {
		methods[i] = m
	}
	actor, home := t.Actor()
	user := named(actor.ID, actor.Name)
	user["domain"] = named(home.ID, home.Name)
	b := map[string]any{"methods": methods, "user": user}
	switch t.Scope.Kind() {
	case identity.SystemScoped:
		b["system"] = map[string]any{"all": true}
	case identity.DomainScoped:
		b["domain"] = named(t.ScopeDomain.ID, t.ScopeDomain.Name)
	case identity.ProjectScoped:
		project := named(t.Project.ID, t.Project.Name)
		project["domain"] = named(t.ScopeDomain.ID, t.ScopeDomain.Name)
		b["project"], b["is_domain"] = project, t.Project.IsDomain
		if is := t.IsAdminProject; is != nil {
			b["is_admin_project"] = *is
		}
	default:
		return b
	}
	b["roles"] = roles
	return b
}

func named[ID ~string](id ID, name string) map[string]any {
	return map[string]any{"id": string(id), "name": name}
}

// attributes are an entity's extra attributes with its own set over them.
func attributes(extra identity.Extra, own map[string]any) map[string]any {
	m := make(map[string]any, len(extra)+len(own))
	maps.Copy(m, extra)
	maps.Copy(m, own)
	return m
}

func orNull[S ~string](s S) any {
	if s == "" {
		return nil
	}
	return string(s)
}
