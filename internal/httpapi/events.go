package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/trail"
)

// What Keystone has no routes for: the audit trail.
var eventRoutes = []route{
	{method: get, path: "/v3/lintel/events", serve: (*API).listEvents, actions: []authz.Action{authz.ListEvents}, query: schema.EventList,
		summary: "List what happened in the cloud, the newest first", answer: pageOf("events", "event")},
	{method: get, path: "/v3/lintel/domains/{domain_id}/events", serve: (*API).listDomainEvents, actions: []authz.Action{authz.ListDomainEvents},
		query:   schema.EventList,
		summary: "List what happened in a domain, the newest first", answer: pageOf("events", "event")},
	{method: get, path: "/v3/lintel/projects/{project_id}/events", serve: (*API).listProjectEvents,
		actions: []authz.Action{authz.ListProjectEvents}, query: schema.EventList,
		summary: "List what happened in a project, the newest first", answer: pageOf("events", "event")},
	{method: get, path: "/v3/lintel/users/{user_id}/events", serve: (*API).listUserEvents, actions: []authz.Action{authz.ListUserEvents},
		query:   schema.EventList,
		summary: "List what a user did and what was done to them, the newest first", answer: pageOf("events", "event")},
	{method: get, path: "/v3/lintel/audit", serve: (*API).showAudit, actions: []authz.Action{authz.ListEvents},
		summary: "Show of which days there is an audit trail, and what was found when it was verified", answer: one("audit")},
	{method: get, path: "/v3/lintel/audit/{day}", serve: (*API).verifyAudit, actions: []authz.Action{authz.ListEvents},
		summary: "Compare the audit trail of a day (UTC) with its seals", answer: one("day", "audit_day")},
}

// What logs in to a project, for who looks after it.
var inventoryRoutes = []route{
	{method: get, path: "/v3/lintel/projects/{project_id}/credentials", serve: (*API).listProjectCredentials,
		actions: []authz.Action{authz.ListProjectCredentials}, query: schema.ProjectCredentialList,
		summary: "List what logs in to a project, without any secret", answer: pageOf("credentials", "project_credential")},
	{method: del, path: "/v3/lintel/projects/{project_id}/credentials/{credential_id}", serve: (*API).deleteProjectCredential,
		actions: []authz.Action{authz.ListProjectCredentials, authz.DeleteProjectCredential},
		summary: "Delete something that logs in to a project, of whomever"},
	{method: post, path: "/v3/lintel/projects/{project_id}/credentials/{credential_id}/rotation", serve: (*API).askToRotate,
		actions: []authz.Action{authz.ListProjectCredentials}, success: []int{http.StatusAccepted},
		summary: "Ask the owner of something that logs in to a project, by mail, to replace it"},
	{method: get, path: "/v3/lintel/projects/{project_id}/services", serve: (*API).listRemains, actions: []authz.Action{authz.DeleteProject},
		summary: "List the services at which something of a project may remain when it is deleted", answer: many("services", "remaining_service")},
	{method: get, path: "/v3/lintel/users/{user_id}/credentials", serve: (*API).listUserCredentials,
		actions: []authz.Action{authz.ListUserCredentials}, query: schema.UserCredentialList,
		summary: "List what logs in for a user, or in their name, without any secret", answer: pageOf("credentials", "user_credential")},
	{method: get, path: "/v3/lintel/credentials/{credential_id}/owners", serve: (*API).listCredentialOwners, actions: []authz.Action{authz.ListCredentials, authz.ListUsers},
		summary: "List who has a credential of any kind, by its id or by the access key of an EC2 credential", answer: many("owners", "credential_owner")},
}

func renderProjectCredential(r *request, c credential.Held) object {
	rules := make([]object, len(c.AccessRules))
	for i, rule := range c.AccessRules {
		rules[i] = object{"service": rule.Service, "method": rule.Method, "path": rule.Path}
	}
	roles := make([]object, len(c.Roles))
	for i, role := range c.Roles {
		roles[i] = object{"id": string(role.ID), "name": role.Name}
	}
	orNever := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return renderTime(t)
	}
	o := object{
		"id": c.ID, "kind": c.Kind, "type": orNull(c.Type), "name": orNull(c.Name),
		"owner": object{"id": string(c.Owner.ID), "name": c.Owner.Name, "domain": object{"id": string(c.Owner.DomainID), "name": c.In}},
		"roles": roles, "access_rules": rules, "unrestricted": c.Unrestricted, "expires_at": nil,
		"created_at": orNever(c.Created), "last_used_at": orNever(c.Used), "last_used_from": orNull(c.UsedFrom),
	}
	if c.Ends != nil {
		o["expires_at"] = renderTime(*c.Ends)
	}
	return o
}

func (a *API) listProjectCredentials(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, trail.MaxPage)
	if err != nil {
		return err
	}
	q.Limit = min(max(q.Limit, 1), trail.MaxPage)
	found, err := a.Credential.InProject(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), store.ProjectCredentialFilter{
		User: text[identity.UserID](r.Args, "user_id"), After: q.Marker, Limit: q.Limit,
	})
	if err != nil {
		return err
	}
	return writeList(w, r, "credentials", found, q, func(r *request, c credential.Held) object {
		o := renderProjectCredential(r, c)
		o["second_factor"] = a.Credential.SecondFactor(c.Factor)
		return o
	})
}

func (a *API) listRemains(w http.ResponseWriter, r *request) error {
	all, err := a.Catalog.RemainsOf(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"))
	if err != nil {
		return err
	}
	out := make([]object, len(all))
	for i, e := range all {
		out[i] = object{"id": string(e.ID), "type": e.Type, "name": orNull(e.Name)}
	}
	return writeJSON(w, http.StatusOK, object{"services": out})
}

func (a *API) listUserCredentials(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, trail.MaxPage)
	if err != nil {
		return err
	}
	q.Limit = min(max(q.Limit, 1), trail.MaxPage)
	found, err := a.Credential.OfUser(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), store.ProjectCredentialFilter{After: q.Marker, Limit: q.Limit})
	if err != nil {
		return err
	}
	return writeList(w, r, "credentials", found, q, func(r *request, c credential.Held) object {
		o := renderProjectCredential(r, c)
		o["second_factor"], o["project"], o["trustee"] = a.Credential.SecondFactor(c.Factor), nil, nil
		if c.ProjectID != "" {
			o["project"] = idName(c.ProjectID, c.On)
		}
		if c.TrusteeID != "" {
			o["trustee"], o["name"] = idName(c.TrusteeID, c.Name), nil
		}
		return o
	})
}

func (a *API) listCredentialOwners(w http.ResponseWriter, r *request) error {
	found, err := a.Credential.OwnersOf(r.Context(), r.Caller, r.PathValue("credential_id"))
	if err != nil {
		return err
	}
	all := make([]object, len(found))
	for i, u := range found {
		all[i] = object{"id": string(u.ID), "name": u.Name, "domain_id": string(u.DomainID)}
	}
	return writeJSON(w, http.StatusOK, object{"owners": all})
}

func (a *API) deleteProjectCredential(w http.ResponseWriter, r *request) error {
	if err := a.Credential.TakeFromProject(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), r.PathValue("credential_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) askToRotate(w http.ResponseWriter, r *request) error {
	if err := a.Membership.AskToRotate(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), r.PathValue("credential_id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// renderEvent is an entry of the trail. Its id is where the list goes on after it.
func renderEvent(_ *request, e identity.TrailEntry) object {
	o := object{
		"id": e.Marker, "event_id": e.ID, "at": renderTime(e.At), "class": e.Class, "action": e.Action, "outcome": "success", "reason": orNull(e.Cause),
		"times": max(1, e.Times), "actor": renderParty(&e.Actor), "via": renderParty(e.Via), "by": renderParty(e.By), "target": renderParty(&e.Target),
		"person": renderParty(e.Person), "role": renderParty(e.Role), "project": renderParty(e.Project), "domain": renderParty(e.Domain),
		"system": e.System, "inherited": e.Inherited, "methods": append([]string{}, e.Methods...), "audit_ids": append([]string{}, e.AuditIDs...), "changes": append([]string{}, e.Changes...),
		"identity_provider": orNull(e.Provider), "claimed_name": orNull(e.Claimed),
		"address": orNull(e.Address), "agent": orNull(e.Agent), "request_id": orNull(e.RequestID), "global_request_id": orNull(e.GlobalRequestID),
	}
	if e.Failed {
		o["outcome"] = "failure"
	}
	return o
}

func renderParty(p *identity.Party) any {
	if p == nil || *p == (identity.Party{}) {
		return nil
	}
	return object{"kind": orNull(p.Kind), "id": orNull(p.ID), "name": orNull(p.Name), "domain_name": orNull(p.In)}
}

// eventQuery reads which entries are asked for.
func (a *API) eventQuery(r *request) (q identity.TrailQuery, page identity.Query, err error) {
	if page, err = a.list(r, trail.MaxPage); err != nil {
		return q, page, err
	}
	page.Limit = min(max(page.Limit, 1), trail.MaxPage)
	q = identity.TrailQuery{
		Project: text[identity.ProjectID](r.Args, "project_id"), Domain: text[identity.DomainID](r.Args, "domain_id"),
		Actor: text[string](r.Args, "actor"), Target: text[string](r.Args, "target"), Class: text[string](r.Args, "class"),
		Action: text[string](r.Args, "action"), Address: text[string](r.Args, "address"), RequestID: text[string](r.Args, "request_id"), AuditID: text[string](r.Args, "audit_id"),
		Marker: page.Marker, Limit: page.Limit,
	}
	if o := text[string](r.Args, "outcome"); o != "" {
		failed := o == "failure"
		q.Failed = &failed
	}
	for name, at := range map[string]*time.Time{"from": &q.From, "until": &q.Until} {
		t := text[string](r.Args, name)
		if t == "" {
			continue
		}
		var ok bool
		if *at, ok = identity.ParseTime(t); !ok {
			return q, page, identity.Invalidf("Invalid input for field/attribute %s. Value: %s. It must be a time in ISO 8601.", name, strconv.Quote(t))
		}
	}
	return q, page, nil
}

func (a *API) writeEvents(w http.ResponseWriter, r *request, load func(identity.TrailQuery) (trail.Page, error)) error {
	q, page, err := a.eventQuery(r)
	if err != nil {
		return err
	}
	found, err := load(q)
	if err != nil {
		return err
	}
	return writeList(w, r, "events", found, page, renderEvent)
}

func (a *API) listEvents(w http.ResponseWriter, r *request) error {
	return a.writeEvents(w, r, func(q identity.TrailQuery) (trail.Page, error) { return a.Trail.All(r.Context(), r.Caller, q) })
}

func (a *API) showAudit(w http.ResponseWriter, r *request) error {
	o, err := a.Trail.Overview(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	broken := make([]object, len(o.Broken))
	for i, d := range o.Broken {
		broken[i] = renderAuditDay(d)
	}
	out := object{"days_kept": o.Days, "first_day": orNull(o.First), "last_day": orNull(o.Last), "verified_at": nil, "broken": broken}
	if !o.Verified.IsZero() {
		out["verified_at"] = renderTime(o.Verified)
	}
	return writeJSON(w, http.StatusOK, object{"audit": out})
}

func (a *API) verifyAudit(w http.ResponseWriter, r *request) error {
	d, err := a.Trail.Verify(r.Context(), r.Caller, r.PathValue("day"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"day": renderAuditDay(d)})
}

func renderAuditDay(d trail.Day) object {
	faults := make([]object, len(d.Faults))
	for i, f := range d.Faults {
		faults[i] = object{"kind": string(f.Kind), "seal": nil, "entry": nil}
		if f.Seal != 0 {
			faults[i]["seal"] = f.Seal
		}
		if f.Entry != 0 {
			faults[i]["entry"] = f.Entry
		}
	}
	return object{
		"day": d.Day, "unbroken": !d.Broken(), "seals": d.Seals, "sealed": d.Sealed, "unsealed": d.Unsealed, "late": d.Late, "trimmed": d.Trimmed,
		"head": orNull(d.Head), "faults": faults,
	}
}

func (a *API) listDomainEvents(w http.ResponseWriter, r *request) error {
	return a.writeEvents(w, r, func(q identity.TrailQuery) (trail.Page, error) {
		return a.Trail.OfDomain(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"), q)
	})
}

func (a *API) listProjectEvents(w http.ResponseWriter, r *request) error {
	return a.writeEvents(w, r, func(q identity.TrailQuery) (trail.Page, error) {
		return a.Trail.OfProject(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), q)
	})
}

func (a *API) listUserEvents(w http.ResponseWriter, r *request) error {
	return a.writeEvents(w, r, func(q identity.TrailQuery) (trail.Page, error) {
		return a.Trail.OfUser(r.Context(), r.Caller, id[identity.UserID](r, "user_id"), q)
	})
}
