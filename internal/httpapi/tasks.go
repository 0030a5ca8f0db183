package httpapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/trail"
)

// taskRoutes do in one call, by names and in one transaction, what takes several of Keystone's. They are what the command
// lintel calls.
var taskRoutes = []route{
	{method: post, path: "/v3/lintel/users", serve: (*API).enroll, actions: []authz.Action{authz.CreateUser, authz.CreateGrant}, body: schema.Enrolment,
		summary: "Create a user with roles on a project, and a link to set the first password; roles to which somebody else must agree wait for that", answer: one("user", "enrolment")},
	{method: post, path: "/v3/lintel/invitations", serve: (*API).invite, actions: []authz.Action{authz.CreateGrant}, body: schema.Invitations,
		summary: "Invite people to a project", answer: many("invitations", "invitation")},
	{method: get, path: "/v3/lintel/invitations", serve: (*API).listInvitations, actions: []authz.Action{authz.ListRoleAssignmentsForTree}, query: schema.InvitationList,
		summary: "List the open invitations to a project", answer: many("invitations", "listed_invitation")},
	{method: get, path: "/v3/lintel/domains/{domain_id}/invitations", serve: (*API).listDomainInvitations, actions: []authz.Action{authz.ListRoleAssignments}, query: schema.DomainInvitationList,
		summary: "List the open invitations to the projects of a domain, the newest first; searched by address, project and inviter", answer: pageOf("invitations", "listed_invitation")},
	{method: post, path: "/v3/lintel/projects/{project_id}/invitations/{invitation_id}", serve: (*API).resendInvitation,
		actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.CreateGrant},
		summary: "Send an invitation again, with a new link", answer: one("invitation")},
	{method: del, path: "/v3/lintel/projects/{project_id}/invitations/{invitation_id}", serve: (*API).cancelInvitation,
		actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.RevokeGrant},
		summary: "Withdraw an invitation"},
	{method: put, path: "/v3/lintel/projects/{project_id}/invitations/{invitation_id}/asker/{user_id}", serve: (*API).approveInstead,
		actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.CreateGrant}, success: []int{http.StatusNoContent},
		summary: "Let a user accept an invitation who has its link and asked to do so with an account of another address"},
	{method: del, path: "/v3/lintel/projects/{project_id}/invitations/{invitation_id}/asker/{user_id}", serve: (*API).refuseInstead,
		actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.RevokeGrant},
		summary: "Leave an invitation to the address that it was sent to"},
	{method: post, path: "/v3/lintel/grants", serve: (*API).grantNamed, actions: []authz.Action{authz.CreateGrant, authz.AddUserToGroup}, body: schema.GrantsCreate,
		summary: "Grant roles on a project or a domain to a user or a group, for good or until a time, or add a user to a group; with 202 it is asked for, since somebody else must agree, or waits for the user’s second factor", answer: one("grants"),
		success: []int{http.StatusCreated, http.StatusAccepted}},
	{method: get, path: "/v3/lintel/grant_requests", serve: (*API).listGrantRequests, actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.ListRoleAssignments}, query: schema.GrantRequestList,
		summary: "List the requests on a project, or on a domain and in it, to which somebody else must agree", answer: many("grant_requests", "grant_request")},
	{method: post, path: "/v3/lintel/grant_requests/{grant_request_id}/approval", serve: (*API).approveGrantRequest, actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.ListRoleAssignments, authz.CreateGrant, authz.AddUserToGroup},
		success: []int{http.StatusOK}, summary: "Agree to a request, and do what it asks for", answer: one("grant_request")},
	{method: post, path: "/v3/lintel/grant_requests/{grant_request_id}/refusal", serve: (*API).refuseGrantRequest, actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.ListRoleAssignments, authz.CreateGrant, authz.AddUserToGroup},
		body: schema.GrantRequestRefuse, success: []int{http.StatusOK}, summary: "Refuse a request for grants", answer: one("grant_request")},
	{method: del, path: "/v3/lintel/grant_requests/{grant_request_id}", serve: (*API).withdrawGrantRequest, actions: []authz.Action{authz.ListRoleAssignmentsForTree, authz.ListRoleAssignments},
		summary: "Withdraw a request for grants"},
	{method: get, path: "/v3/lintel/waiting_grants", serve: (*API).listWaitingGrants, actions: []authz.Action{authz.ListRoleAssignmentsForTree}, query: schema.WaitingGrantList,
		summary: "List the grants that wait for their user’s second factor: those on a project, or one’s own", answer: many("waiting_grants", "waiting_grant")},
	{method: del, path: "/v3/lintel/waiting_grants/{waiting_grant_id}", serve: (*API).withdrawWaitingGrant, actions: []authz.Action{authz.RevokeGrant},
		summary: "Withdraw a grant that waits for its user’s second factor"},
	{method: del, path: "/v3/lintel/grants", serve: (*API).revokeNamed, actions: []authz.Action{authz.RevokeGrant, authz.RemoveUserFromGroup}, query: schema.GrantsDelete,
		summary: "Take a role on a project or a domain from a user or a group, by name or id, or from a user all roles that were granted on a project, or a user out of a group; with 202 it, or some of it, is asked for, since somebody else must agree", answer: one("grants"),
		success: []int{http.StatusNoContent, http.StatusAccepted}},
	{method: get, path: "/v3/lintel/departure", serve: (*API).showDeparture, actions: []authz.Action{authz.ListRoleAssignmentsForTree}, query: schema.DepartureShow,
		summary: "Tell what it would mean to take from a user all roles that were granted on a project: what would remain, and what would work no more", answer: one("departure")},
	{method: get, path: "/v3/lintel/sign_ups", serve: (*API).listSignUps, actions: []authz.Action{authz.ListSignUps},
		summary: "List who asks for an account and has proved their address", answer: many("sign_ups", "sign_up")},
	{method: post, path: "/v3/lintel/sign_ups/{sign_up_id}/approval", serve: (*API).approveSignUp, actions: []authz.Action{authz.ManageSignUps, authz.CreateUser, authz.CreateProject, authz.CreateGrant},
		body: schema.SignUpApprove, summary: "Make an account for somebody who asked for one, with a project and a link to set the first password", answer: one("user", "enrolment")},
	{method: post, path: "/v3/lintel/sign_ups/{sign_up_id}/refusal", serve: (*API).refuseSignUp, actions: []authz.Action{authz.ManageSignUps},
		body: schema.SignUpRefuse, success: []int{http.StatusNoContent}, summary: "Give somebody who asked for an account none"},
	{method: post, path: "/v3/lintel/mail/bounces", serve: (*API).reportBounce, actions: []authz.Action{authz.ReportBounce}, body: schema.BounceReport,
		success: []int{http.StatusNoContent}, summary: "Tell that the mail of an open invitation came back from a mail server that had taken it"},
	{method: get, path: "/v3/lintel/access", serve: (*API).showAccess, actions: []authz.Action{authz.ListRoleAssignments}, query: schema.AccessShow,
		summary: "Tell where a user has roles, what gives them, and what they permit", answer: one("access")},
}

// domainOf is a member that names a domain by id or name; of neither if there is none.
func domainOf(o *schema.Object) (d directory.DomainRef) {
	if named := domainRef(o); named != nil {
		d = *named
	}
	return d
}

// refOf is a member that names something by id, or by name in a domain.
func refOf(o *schema.Object, key string) assignment.Ref {
	in := o.Object(key)
	return assignment.Ref{ID: text[string](in, "id"), Name: text[string](in, "name"), Domain: domainOf(in)}
}

// atHome takes a name without a domain for one of the caller's own.
func atHome(r *request, ref assignment.Ref) assignment.Ref {
	if ref.Domain == (directory.DomainRef{}) && r.Caller.Token != nil {
		ref.Domain.ID = r.Caller.Token.UserDomain.ID
	}
	return ref
}

func roleNames(o *schema.Object, key string) (names []string) {
	for _, r := range schema.List[*schema.Object](o, key).Value {
		names = append(names, cmp.Or(text[string](r, "id"), text[string](r, "name")))
	}
	return names
}

// portalPage is the address of a page of the portal.
func (a *API) portalPage(r *request, path string) string {
	return cmp.Or(a.PortalURL, strings.TrimSuffix(r.base(), "/v3")+"/portal") + path
}

func (a *API) enroll(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("user")
	u := identity.User{Name: text[string](in, "name"), Enabled: !in.Has("enabled") || schema.Flag(in, "enabled").Value, Extra: identity.Extra{}}
	for _, key := range []string{"email", "description"} {
		if f := schema.Field[string](in, key); f.Present {
			u.Extra[key] = f.Value
		}
	}
	out, err := a.Membership.Enroll(r.Context(), r.Caller, membership.Enrolment{
		User: u, Domain: domainOf(in), Password: schema.Field[string](in, "password"), Project: refOf(in, "project"), Make: schema.Flag(in, "create_project").Value, Roles: roleNames(in, "roles"),
		Reason: text[string](in, "reason"), SetUp: schema.Flag(in, "invite").Value, Language: text[string](in, "language"),
	})
	if err != nil {
		return err
	}
	return a.enrolled(w, r, out)
}

// enrolled writes what came of making an account.
func (a *API) enrolled(w http.ResponseWriter, r *request, out membership.Enrolled) error {
	o := object{"user": renderOneUser(r, out.User)}
	if out.Project.ID != "" {
		o["project"] = idName(out.Project.ID, out.Project.Name)
		roles := make([]object, len(out.Roles))
		for i, role := range out.Roles {
			roles[i] = idName(role.ID, role.Name)
		}
		o["roles"] = roles
	}
	if out.Asked != nil {
		o["request_id"], o["waiting_roles"] = out.Asked.ID, out.Asked.RoleNames
	}
	if !out.Until.IsZero() {
		o["link_expires_at"] = renderTime(out.Until)
	}
	if out.Secret != "" {
		o["link"] = a.portalPage(r, "/reset/"+out.Secret)
	}
	return writeJSON(w, http.StatusCreated, object{"user": o})
}

func (a *API) invite(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("invitations")
	until, err := endOf(in, "access_expires_at")
	if err != nil {
		return err
	}
	sent, err := a.Membership.InviteTo(r.Context(), r.Caller, atHome(r, refOf(in, "project")), schema.List[string](in, "addresses").Value, roleNames(in, "roles"),
		membership.Draft{Reason: text[string](in, "reason"), Words: text[string](in, "message"), Language: text[string](in, "language"), Until: until, Areas: areasOf(in)})
	if err != nil {
		return err
	}
	all := make([]object, len(sent))
	for i, s := range sent {
		all[i] = a.renderSent(r, s)
	}
	return writeJSON(w, http.StatusCreated, object{"invitations": all})
}

// endOf is a time in a body; zero for none.
func endOf(o *schema.Object, key string) (time.Time, error) {
	in := text[string](o, key)
	if in == "" {
		return time.Time{}, nil
	}
	t, ok := identity.ParseTime(in)
	if !ok {
		return t, identity.Invalidf("%s is a time such as 2030-12-31T23:59:59Z, not %.80q.", key, in)
	}
	return t, nil
}

func (a *API) grantNamed(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("grants")
	until, err := endOf(in, "expires_at")
	if err != nil {
		return err
	}
	n := assignment.NamedGrant{Roles: roleNames(in, "roles"), Inherited: schema.Flag(in, "inherited").Value, Until: until}
	if in.Has("user") {
		n.User = atHome(r, refOf(in, "user"))
	}
	if in.Has("group") {
		n.Group = atHome(r, refOf(in, "group"))
	}
	if in.Has("domain") {
		n.Domain = &directory.DomainRef{ID: text[identity.DomainID](in.Object("domain"), "id"), Name: text[string](in.Object("domain"), "name")}
	} else {
		n.Project = atHome(r, refOf(in, "project"))
	}
	var out membership.Granted
	switch meanwhile := roleNames(in, "meanwhile"); {
	case n.Inherited && schema.Flag(in, "once_second_factor").Value:
		err = identity.Invalidf("What waits for a second factor is granted on one project.")
	case schema.Flag(in, "once_second_factor").Value:
		out, err = a.Membership.GrantOnceFactor(r.Context(), r.Caller, n, meanwhile, text[string](in, "reason"))
	case len(meanwhile) > 0:
		err = identity.Invalidf("Roles are given meanwhile where others wait: with once_second_factor.")
	case !in.Has("roles"):
		out, err = a.Membership.JoinNamed(r.Context(), r.Caller, n.User, n.Group, text[string](in, "reason"))
	default:
		out, err = a.Membership.Grant(r.Context(), r.Caller, n, text[string](in, "reason"))
	}
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if len(out.Waiting) > 0 || out.Request != nil {
		status = http.StatusAccepted
	}
	return writeJSON(w, status, object{"grants": renderGranted(out, until)})
}

// renderGranted tells what came of a wish for grants that are to end then, or to take them back.
func renderGranted(out membership.Granted, until time.Time) object {
	ids := func(grants []identity.Grant) []string {
		roles := []string{}
		for _, g := range grants {
			if g.Role != "" { // else somebody joins a group
				roles = append(roles, string(g.Role))
			}
		}
		return roles
	}
	var to identity.Grant
	asked := []string{}
	if r := out.Request; r != nil {
		to = identity.Grant{User: r.UserID, Group: r.GroupID, Project: r.ProjectID, Inherited: r.Inherited}
		if asked = ids(r.Grants()); !r.Joins() {
			to.Domain = r.DomainID
		}
	} else {
		to = slices.Concat(out.Grants, out.Waiting)[0]
	}
	o := object{
		"request_id": nil, "user_id": orNull(string(to.User)), "group_id": orNull(string(to.Group)), "project_id": orNull(string(to.Project)), "domain_id": orNull(string(to.Domain)),
		"inherited": to.Inherited, "role_ids": ids(out.Grants), "waiting_role_ids": ids(out.Waiting), "requested_role_ids": asked, "expires_at": nil,
	}
	if !until.IsZero() {
		o["expires_at"] = renderTime(until)
	}
	if out.Request != nil {
		o["request_id"] = out.Request.ID
	}
	return o
}

func renderGrantRequest(g membership.Request) object {
	o := object{
		"id": g.ID, "project_id": orNull(string(g.ProjectID)), "domain_id": orNull(string(g.DomainID)), "inherited": g.Inherited, "revoke": g.Revoke, "once_second_factor": g.OnceFactor, "user": nil, "group": nil, "address": orNull(g.Address),
		"requester": idName(g.RequesterID, g.Requester), "roles": append([]string{}, g.RoleNames...),
		"reason": g.Reason, "access_expires_at": nil, "state": g.Standing(), "created_at": renderTime(g.CreatedAt), "expires_at": renderTime(g.ExpiresAt),
		"decider": nil, "answer": orNull(g.Answer),
	}
	if !g.Until.IsZero() {
		o["access_expires_at"] = renderTime(g.Until)
	}
	switch {
	case g.Joins():
		o["user"], o["group"] = idName(g.UserID, g.For), idName(g.GroupID, g.Group)
	case g.UserID != "":
		o["user"] = idName(g.UserID, g.For)
	case g.GroupID != "":
		o["group"] = idName(g.GroupID, g.For)
	}
	if g.DeciderID != "" {
		o["decider"] = idName(g.DeciderID, g.Decider)
	}
	return o
}

func (a *API) listGrantRequests(w http.ResponseWriter, r *request) error {
	to := assignment.Ref{Name: text[string](r.Args, "project"), Domain: directory.DomainRef{Name: text[string](r.Args, "domain")}}
	if to.Name == "" && to.Domain.Name == "" {
		return identity.Invalidf("Name a project, or a domain.")
	}
	found, err := a.Membership.GrantRequestsTo(r.Context(), r.Caller, atHome(r, to))
	if err != nil {
		return err
	}
	all := make([]object, len(found))
	for i, g := range found {
		all[i] = renderGrantRequest(g)
	}
	return writeJSON(w, http.StatusOK, object{"grant_requests": all})
}

func (a *API) approveGrantRequest(w http.ResponseWriter, r *request) error {
	g, err := a.Membership.Approve(r.Context(), r.Caller, r.PathValue("grant_request_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"grant_request": renderGrantRequest(g)})
}

func (a *API) refuseGrantRequest(w http.ResponseWriter, r *request) error {
	g, err := a.Membership.Refuse(r.Context(), r.Caller, r.PathValue("grant_request_id"), text[string](r.Body.Object("refusal"), "reason"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"grant_request": renderGrantRequest(g)})
}

func (a *API) withdrawGrantRequest(w http.ResponseWriter, r *request) error {
	if err := a.Membership.Withdraw(r.Context(), r.Caller, r.PathValue("grant_request_id")); err != nil {
		return err
	}
	return noContent(w)
}

func renderWaitingGrant(w membership.Waiting) object {
	o := object{
		"id": w.ID, "user": idName(w.UserID, w.User), "project": idName(w.ProjectID, w.Project), "role": idName(w.Role, w.RoleName), "granter": idName(w.GranterID, w.Granter), "agreed_by": nil,
		"created_at": renderTime(w.CreatedAt), "access_expires_at": nil, "reason": orNull(w.Reason),
	}
	if !w.Until.IsZero() {
		o["access_expires_at"] = renderTime(w.Until)
	}
	if w.AgreerID != "" {
		o["agreed_by"] = idName(w.AgreerID, w.Agreer)
	}
	return o
}

func (a *API) listWaitingGrants(w http.ResponseWriter, r *request) (err error) {
	var found []membership.Waiting
	if project := text[string](r.Args, "project"); project != "" {
		on := atHome(r, assignment.Ref{Name: project, Domain: directory.DomainRef{Name: text[string](r.Args, "domain")}})
		found, err = a.Membership.WaitingGrantsOn(r.Context(), r.Caller, on)
	} else {
		found, err = a.Membership.OwnWaitingGrants(r.Context(), r.Caller)
	}
	if err != nil {
		return err
	}
	all := make([]object, len(found))
	for i, g := range found {
		all[i] = renderWaitingGrant(g)
	}
	return writeJSON(w, http.StatusOK, object{"waiting_grants": all})
}

func (a *API) withdrawWaitingGrant(w http.ResponseWriter, r *request) error {
	if err := a.Membership.WithdrawWaiting(r.Context(), r.Caller, r.PathValue("waiting_grant_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) revokeNamed(w http.ResponseWriter, r *request) error {
	user, group, project, domain := text[string](r.Args, "user"), text[string](r.Args, "group"), text[string](r.Args, "project"), text[string](r.Args, "domain")
	ref := func(name, in string) assignment.Ref {
		return atHome(r, assignment.Ref{Name: name, Domain: directory.DomainRef{Name: text[string](r.Args, in)}})
	}
	if user != "" && group != "" && project == "" && domain == "" && !r.Args.Has("role") && !r.Args.Has("all") && !r.Args.Has("inherited") {
		if err := a.Membership.LeaveNamed(r.Context(), r.Caller, ref(user, "user_domain"), ref(group, "group_domain")); err != nil {
			return err
		}
		return noContent(w)
	}
	if (user == "") == (group == "") || (project == "") == (domain == "") {
		return identity.Invalidf("Name a user or a group, and a project or a domain, or a user and the group to leave.")
	}
	if all := r.Args.Has("all"); all == r.Args.Has("role") {
		return identity.Invalidf("Name a role, or say all.")
	} else if all && (group != "" || domain != "" || r.Args.Has("inherited")) {
		return identity.Invalidf("All roles are taken from a user, on a project.")
	}
	n := assignment.NamedGrant{Roles: []string{text[string](r.Args, "role")}, Inherited: r.Args.Has("inherited")}
	if group != "" {
		n.Group = ref(group, "user_domain")
	} else {
		n.User = ref(user, "user_domain")
	}
	if domain != "" {
		n.Domain = &directory.DomainRef{Name: domain}
	} else {
		n.Project = ref(project, "project_domain")
	}
	revoke := func() (membership.Granted, error) {
		if r.Args.Has("all") {
			return a.Membership.DismissNamed(r.Context(), r.Caller, n.User, n.Project, text[string](r.Args, "reason"))
		}
		return a.Membership.RevokeNamed(r.Context(), r.Caller, n, text[string](r.Args, "reason"))
	}
	out, err := revoke()
	if err != nil {
		return err
	}
	if out.Request == nil {
		return noContent(w)
	}
	return writeJSON(w, http.StatusAccepted, object{"grants": renderGranted(out, n.Until)})
}

func (a *API) showDeparture(w http.ResponseWriter, r *request) error {
	ref := func(name, in string) assignment.Ref {
		return atHome(r, assignment.Ref{Name: text[string](r.Args, name), Domain: directory.DomainRef{Name: text[string](r.Args, in)}})
	}
	d, on, called, err := a.Credential.DepartureNamed(r.Context(), r.Caller, ref("user", "user_domain"), ref("project", "project_domain"))
	if err != nil {
		return err
	}
	roles := func(ids []identity.RoleID) []object {
		all := []object{}
		for _, id := range ids {
			all = append(all, idName(id, called.Of("role", string(id)).Name))
		}
		return all
	}
	keeps := []object{}
	for _, k := range d.Remaining {
		o := idName(k.Role, called.Of("role", string(k.Role)).Name)
		if g := k.ViaGroup; g != "" {
			o["group"] = idName(g, called.Of("group", string(g)).Name)
		}
		if from := cmp.Or(string(k.ViaProject), string(k.ViaDomain)); from != "" {
			o["inherited_from"] = idName(from, called.Of("project", from).Name)
		}
		if k.ViaRole != "" {
			o["implied_by"] = idName(k.ViaRole, called.Of("role", string(k.ViaRole)).Name)
		}
		keeps = append(keeps, o)
	}
	l := called.Of("user", string(d.ID))
	ends := object{"tokens": !d.Stays, "application_credentials": nil, "ec2_credentials": nil, "trusts": nil}
	if d.Counted {
		ends["application_credentials"], ends["ec2_credentials"], ends["trusts"] = d.ApplicationCredentials, d.Keys, d.Trusts
	}
	return writeJSON(w, http.StatusOK, object{"departure": object{
		"user": object{"id": string(d.ID), "name": l.Name, "domain": idName(l.Domain, l.DomainName)}, "project_id": string(on),
		"loses": roles(d.Revocable), "asked": roles(d.Askable), "keeps": keeps, "ends": ends,
	}})
}

func (a *API) renderSent(r *request, s membership.Sent) object {
	o := object{"id": string(s.ID), "address": s.Address, "project_id": string(s.ProjectID), "expires_at": renderTime(s.ExpiresAt), "changed": s.Again, "request_id": nil}
	if s.Asked != nil {
		o["request_id"] = s.Asked.ID
	}
	if s.Secret != "" {
		o["link"] = a.portalPage(r, "/invite/"+s.Secret)
	}
	return o
}

func (a *API) listInvitations(w http.ResponseWriter, r *request) error {
	to := atHome(r, assignment.Ref{Name: text[string](r.Args, "project"), Domain: directory.DomainRef{Name: text[string](r.Args, "domain")}})
	found, err := a.Membership.InvitationsTo(r.Context(), r.Caller, to, text[string](r.Args, "address"))
	if err != nil {
		return err
	}
	all := []object{}
	for _, l := range found.Items {
		all = append(all, renderListed(l))
	}
	return writeJSON(w, http.StatusOK, object{"invitations": all})
}

func renderListed(l membership.Listed) object {
	o := object{
		"id": string(l.ID), "address": l.Address, "project_id": string(l.ProjectID), "roles": l.RoleNames, "areas": l.Areas, "inviter": l.Inviter,
		"expires_at": renderTime(l.ExpiresAt), "state": l.Standing(), "request_id": nil, "asker": nil,
	}
	if l.Asker != "" {
		o["asker"] = idName(l.AskerID, l.Asker)
	}
	if l.Draft {
		o["request_id"] = l.RequestID
	}
	return o
}

func (a *API) listDomainInvitations(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, trail.MaxPage)
	if err != nil {
		return err
	}
	q.Limit = min(max(q.Limit, 1), trail.MaxPage)
	found, err := a.Membership.InvitationsIn(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"), text[string](r.Args, "search"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "invitations", found, q, func(_ *request, l membership.InDomain) object {
		o := renderListed(l.Listed)
		o["project"] = l.Project
		return o
	})
}

func (a *API) resendInvitation(w http.ResponseWriter, r *request) error {
	sent, err := a.Membership.Resend(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.InvitationID](r, "invitation_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"invitation": a.renderSent(r, sent)})
}

func (a *API) cancelInvitation(w http.ResponseWriter, r *request) error {
	if err := a.Membership.Cancel(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.InvitationID](r, "invitation_id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) approveInstead(w http.ResponseWriter, r *request) error {
	_, err := a.Membership.ApproveInstead(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.InvitationID](r, "invitation_id"), id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) refuseInstead(w http.ResponseWriter, r *request) error {
	err := a.Membership.RefuseInstead(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), id[identity.InvitationID](r, "invitation_id"), id[identity.UserID](r, "user_id"))
	if err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) listSignUps(w http.ResponseWriter, r *request) error {
	found, err := a.Membership.SignUps(r.Context(), r.Caller)
	if err != nil {
		return err
	}
	all := make([]object, len(found))
	for i, s := range found {
		all[i] = object{"id": s.ID, "address": s.Address, "name": s.Name, "project": s.Project, "reason": s.Reason, "created_at": renderTime(s.CreatedAt)}
	}
	return writeJSON(w, http.StatusOK, object{"sign_ups": all})
}

func (a *API) approveSignUp(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("approval")
	out, err := a.Membership.ApproveSignUp(r.Context(), r.Caller, r.PathValue("sign_up_id"), membership.Admission{
		Name: text[string](in, "name"), Project: text[string](in, "project"), Role: text[string](in, "role"), Domain: text[identity.DomainID](in, "domain_id"),
		Reason: text[string](in, "reason"),
	})
	if err != nil {
		return err
	}
	return a.enrolled(w, r, out)
}

func (a *API) refuseSignUp(w http.ResponseWriter, r *request) error {
	if err := a.Membership.RefuseSignUp(r.Context(), r.Caller, r.PathValue("sign_up_id"), text[string](r.Body.Object("refusal"), "reason")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) reportBounce(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("bounce")
	if err := a.Membership.Bounce(r.Context(), r.Caller, text[string](in, "mail_id"), text[string](in, "reason")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) showAccess(w http.ResponseWriter, r *request) error {
	who := assignment.Ref{Name: text[string](r.Args, "user"), Domain: directory.DomainRef{Name: text[string](r.Args, "domain")}}
	if who.Name == "" {
		who.ID = string(r.Caller.UserID())
	}
	access, err := a.Assignment.AccessOf(r.Context(), r.Caller, atHome(r, who))
	if err != nil {
		return err
	}
	places := []object{}
	for _, p := range access.Places() {
		o := object{"below": p.Below}
		switch l := access.Called.Of("project", cmp.Or(string(p.ProjectID()), string(p.DomainID()))); {
		case p.ProjectID() != "":
			o["project"] = object{"id": string(p.ProjectID()), "name": l.Name, "domain": idName(l.Domain, l.DomainName)}
		case p.DomainID() != "":
			o["domain"] = idName(p.DomainID(), l.Name)
		default:
			o["system"] = true
		}
		roles := []object{}
		var names []string
		ways := access.Ways(p)
		for _, role := range access.RolesAt(p) {
			names = append(names, role.Name)
			held := object{"id": string(role.ID), "name": role.Name}
			list := []object{}
			for _, way := range ways {
				if way.Role() == role.ID {
					list = append(list, renderWay(access, way))
				}
			}
			held["ways"] = list
			roles = append(roles, held)
		}
		o["roles"], o["services"] = roles, a.renderPermissions(policy.Supposition{Roles: names, Scope: scopeWord(p.Scope)}, r.flag("permissions"))
		places = append(places, o)
	}
	coming, err := a.Membership.Coming(r.Context(), r.Caller, access.User.ID)
	if err != nil {
		return err
	}
	l := access.Called.Of("user", string(access.User.ID))
	user := object{"id": string(access.User.ID), "name": l.Name, "domain": idName(l.Domain, l.DomainName)}
	return writeJSON(w, http.StatusOK, object{"access": object{"user": user, "places": places, "coming": renderComing(coming)}})
}

// renderComing tells what somebody is to have, and what that waits for.
func renderComing(c membership.Coming) []object {
	all := []object{}
	for _, w := range c.Waiting {
		all = append(all, object{"waits_for": "second_factor", "project": idName(w.ProjectID, w.Project), "roles": []string{w.RoleName}, "by": idName(w.GranterID, w.Granter), "agreers": []string{}})
	}
	for _, r := range c.Asked {
		o := object{"waits_for": "approval", "request_id": r.ID, "roles": append([]string{}, r.RoleNames...), "by": idName(r.RequesterID, r.Requester), "agreers": append([]string{}, r.Agreers...)}
		switch {
		case r.Joins():
			o["group"] = idName(r.GroupID, r.Group)
		case r.DomainID != "":
			o["domain"] = idName(r.DomainID, r.Place)
		default:
			o["project"] = idName(r.ProjectID, r.Place)
		}
		if r.GroupID != "" && !r.Joins() {
			o["by_group"] = idName(r.GroupID, r.For)
		}
		all = append(all, o)
	}
	return all
}

// scopeWord is the kind of a scope as rules name it.
func scopeWord(s identity.Scope) string {
	return map[identity.ScopeKind]string{identity.ProjectScoped: "project", identity.DomainScoped: "domain", identity.SystemScoped: "system"}[s.Kind()]
}

// renderWay says how a role comes to somebody.
func renderWay(access assignment.Access, w assignment.Way) object {
	o := object{}
	var roles []object
	for _, id := range w.Roles {
		roles = append(roles, idName(id, access.Roles[id].Name))
	}
	o["roles"] = roles
	o["origin"] = strings.Join(w.Origin(access.Roles), ", ")
	if g := w.Grant.Group; g != "" {
		o["group"] = idName(g, access.Called.Of("group", string(g)).Name)
	}
	if w.Grant.Inherited {
		from := cmp.Or(string(w.Grant.Project), string(w.Grant.Domain))
		o["inherited_from"] = idName(from, access.Called.Of("project", from).Name)
	}
	return o
}

// renderPermissions sums up what somebody may do in each service, or lists it too.
func (a *API) renderPermissions(somebody policy.Supposition, list bool) []object {
	all := []object{}
	for _, s := range a.Services.Reaches(somebody)[0].Services {
		o := object{"service": s.Name, "permissions": s.All, "yes": s.Yes, "conditional": s.Conditional, "no": s.All - s.Yes - s.Conditional}
		if list {
			lines := []object{}
			for _, p := range s.Weigh(somebody) {
				lines = append(lines, renderPermission(p))
			}
			o["list"] = lines
		}
		all = append(all, o)
	}
	return all
}

func renderPermission(p policy.Permission) object {
	o := object{"name": p.Name, "verdict": p.Verdict.String()}
	if p.Description != "" {
		o["description"] = p.Description
	}
	if p.Reason != "" {
		o["reason"] = p.Reason
	}
	if len(p.Conditions) > 0 {
		o["conditions"] = p.Conditions
	}
	var operations []string
	for _, op := range p.Operations {
		operations = append(operations, op.Method+" "+op.Path)
	}
	if len(operations) > 0 {
		o["operations"] = operations
	}
	return o
}
