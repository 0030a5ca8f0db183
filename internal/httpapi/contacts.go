package httpapi

import (
	"net/http"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/trail"
)

// Addresses that get mails about a project and belong to no account.
var contactRoutes = []route{
	{method: get, path: "/v3/lintel/projects/{project_id}/contacts", serve: (*API).listContacts, actions: []authz.Action{authz.ListProjectContacts},
		query:   schema.ContactList,
		summary: "List the contacts of a project", answer: pageOf("contacts", "contact")},
	{method: post, path: "/v3/lintel/projects/{project_id}/contacts", serve: (*API).createContact, actions: []authz.Action{authz.ManageProjectContacts},
		body:    schema.ContactCreate,
		summary: "Add a contact, who gets a mail that asks for agreement", answer: one("contact")},
	{method: patch, path: "/v3/lintel/projects/{project_id}/contacts/{contact_id}", serve: (*API).updateContact,
		actions: []authz.Action{authz.ManageProjectContacts}, body: schema.ContactUpdate,
		summary: "Change what a contact is told about", answer: one("contact")},
	{method: del, path: "/v3/lintel/projects/{project_id}/contacts/{contact_id}", serve: (*API).deleteContact,
		actions: []authz.Action{authz.ManageProjectContacts},
		summary: "Delete a contact"},
	{method: post, path: "/v3/lintel/projects/{project_id}/notices", serve: (*API).createNotice, actions: []authz.Action{authz.ManageProjectContacts},
		body:    schema.NoticeCreate,
		summary: "Send a notice to the contacts of a project who chose its topic", answer: one("notice")},
}

func renderContact(_ *request, c identity.Contact) object {
	o := object{
		"id": c.ID, "project_id": string(c.ProjectID), "name": c.Name, "address": c.Address, "topics": c.Topics, "language": c.Language,
		"created_at": renderTime(c.CreatedAt), "verified_at": nil,
	}
	if !c.VerifiedAt.IsZero() {
		o["verified_at"] = renderTime(c.VerifiedAt)
	}
	return o
}

func (a *API) listContacts(w http.ResponseWriter, r *request) error {
	q, err := a.list(r, trail.MaxPage)
	if err != nil {
		return err
	}
	found, err := a.Membership.Contacts(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), q)
	if err != nil {
		return err
	}
	return writeList(w, r, "contacts", found, q, renderContact)
}

func topics(body *schema.Object) []string {
	return append([]string(nil), schema.List[string](body, "topics").Value...)
}

func (a *API) createContact(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("contact")
	c, err := a.Membership.AddContact(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), identity.Contact{
		Name: text[string](body, "name"), Address: text[string](body, "address"), Topics: topics(body), Language: text[string](body, "language"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"contact": renderContact(r, c)})
}

func (a *API) updateContact(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("contact")
	c, err := a.Membership.UpdateContact(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), r.PathValue("contact_id"),
		schema.Field[string](body, "name"), schema.List[string](body, "topics"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, object{"contact": renderContact(r, c)})
}

func (a *API) deleteContact(w http.ResponseWriter, r *request) error {
	if err := a.Membership.DeleteContact(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), r.PathValue("contact_id")); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) createNotice(w http.ResponseWriter, r *request) error {
	body := r.Body.Object("notice")
	sent, err := a.Membership.Notify(r.Context(), r.Caller, id[identity.ProjectID](r, "project_id"), membership.Notice{
		Topic: text[string](body, "topic"), Subject: text[string](body, "subject"), Words: text[string](body, "text"),
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, object{"notice": object{"recipients": sent}})
}
