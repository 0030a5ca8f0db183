package portal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
)

var credentialPages = []page{
	{method: get, path: "/credentials", serve: (*visit).credentials},
	{method: get, path: "/credentials/new", serve: (*visit).newCredential},
	{method: post, path: "/credentials/new", serve: (*visit).createCredential},
	{method: post, path: "/credentials/file", serve: (*visit).credentialFile},
	{method: get, path: "/credentials/{id}/delete", serve: (*visit).askDeleteCredential},
	{method: post, path: "/credentials/{id}/delete", serve: (*visit).deleteCredential},
	{method: get, path: "/credentials/keys/new", serve: (*visit).newKey},
	{method: post, path: "/credentials/keys/new", serve: (*visit).createKey, confirmed: true},
	{method: get, path: "/credentials/keys/{id}/delete", serve: (*visit).askDeleteKey},
	{method: post, path: "/credentials/keys/{id}/delete", serve: (*visit).deleteKey},
}

// credentialsPage lists what logs in for somebody when they are not there.
type credentialsPage struct {
	chrome
	Credentials []identity.ApplicationCredential
	Full        string // says that there can be no more
	Keys        []credential.EC2Key
	projects    map[identity.ProjectID]string
}

// Project is the name of a project of the reader's.
func (p *credentialsPage) Project(id identity.ProjectID) string {
	if name := p.projects[id]; name != "" {
		return name
	}
	return string(id)
}

func (v *visit) credentials() error {
	pg := &credentialsPage{projects: map[identity.ProjectID]string{}}
	pg.Section, pg.Title = "credentials", v.T("Credentials")
	pg.Lead = v.T("What logs in for you when you are not there: programs, pipelines, backups.")
	pg.Action = &link{v.T("Create a credential"), Prefix + "/credentials/new"}
	pg.Terminal = []string{"openstack application credential list", "openstack ec2 credentials list"}
	found, err := v.p.Credential.ApplicationCredentials(v.Context(), v.self(), v.User().ID, identity.Query{})
	if err != nil {
		return err
	}
	pg.Credentials = found.Items
	if most := v.p.Credential.ApplicationCredentialLimit; most >= 0 && len(pg.Credentials) >= most {
		pg.Full = v.F("You have %d of %d application credentials. Delete one before you create another.", len(pg.Credentials), most)
	}
	projects, err := v.p.Assignment.Projects(v.Context(), v.self())
	if err != nil {
		return err
	}
	for _, p := range projects {
		pg.projects[p.ID] = p.Name
	}
	if pg.Keys, err = v.p.Credential.EC2Keys(v.Context(), v.self(), v.User().ID); err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	return v.show(http.StatusOK, "credentials", pg)
}

// newCredentialPage is the form for an application credential. What was typed stays when something is wrong with it.
type newCredentialPage struct {
	chrome
	Projects []identity.Project
	Project  string

	Name, Description, Ends, Date string
	Roles                         []choice
	Services                      []string
	Methods                       []string
	Rules                         []ruleRow
	Find                          string // operations to make rules of
	Offered                       []offeredRule
	MoreOffered                   bool
	Zone                          string // the reader's, as their browser tells it
	Unrestricted                  bool

	entries []catalog.Entry
}

// rules are those that were filled in.
func (pg *newCredentialPage) rules() (all []identity.AccessRule) {
	for _, r := range pg.Rules {
		all = append(all, r.AccessRule)
	}
	return all
}

// choice is a box to tick.
type choice struct {
	Value, Label string
	Chosen       bool
}

var ruleMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// newCredentialPage fills the form from what was sent, and with what the reader may choose on the project.
func (v *visit) newCredentialPage() (*newCredentialPage, identity.Caller, error) {
	pg := &newCredentialPage{
		Project: v.field("project"), Name: strings.TrimSpace(v.field("name")), Description: v.field("description"), Ends: v.field("ends"),
		Date: v.field("date"), Methods: ruleMethods, Unrestricted: v.field("unrestricted") != "", Find: strings.TrimSpace(v.field("find")), Zone: v.field("zone"),
	}
	pg.Section, pg.Title = "credentials", v.T("Create a credential")
	pg.Lead = v.T("It works on one project, with roles of yours and no more, and ends when you leave.")
	if pg.Ends == "" {
		pg.Ends = "90"
	}
	var caller identity.Caller
	var err error
	if pg.Projects, err = v.p.Assignment.Projects(v.Context(), v.self()); err != nil || len(pg.Projects) == 0 {
		return pg, caller, err
	}
	if !slices.ContainsFunc(pg.Projects, func(p identity.Project) bool { return string(p.ID) == pg.Project }) {
		pg.Project = string(pg.Projects[0].ID)
	}
	if caller, err = v.on(identity.ProjectID(pg.Project)); err != nil {
		return pg, caller, err
	}
	for _, r := range caller.Token.Roles {
		pg.Roles = append(pg.Roles, choice{string(r.ID), r.Name, slices.Contains(v.Form["role"], string(r.ID))})
	}
	if pg.entries, err = v.p.Catalog.Of(v.Context(), caller); err != nil {
		return pg, caller, err
	}
	for _, e := range pg.entries {
		if !slices.Contains(pg.Services, e.Type) {
			pg.Services = append(pg.Services, e.Type)
		}
	}
	add := func(service, method, path string) {
		if path = strings.TrimSpace(path); path != "" {
			pg.Rules = append(pg.Rules, v.lets(pg.entries, identity.AccessRule{Service: service, Method: method, Path: path}))
		}
	}
	for i, service := range v.Form["service"] {
		add(service, at(v.Form["method"], i), at(v.Form["path"], i))
	}
	if rule := strings.SplitN(v.PostForm.Get("use"), " ", 3); len(rule) == 3 {
		add(rule[0], rule[1], rule[2])
	}
	if pg.Find != "" {
		access, err := v.p.Assignment.AccessOf(v.Context(), v.self(), assignment.Ref{ID: string(v.User().ID)}, identity.ProjectID(pg.Project))
		if err != nil {
			return pg, caller, err
		}
		pg.Offered, pg.MoreOffered = v.offerRules(pg.entries, pg.Find, namesOf(caller, access, v.Form["role"]))
	}
	return pg, caller, nil
}

func at(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}

func (v *visit) newCredential() error {
	pg, _, err := v.newCredentialPage()
	if err != nil {
		return err
	}
	return v.showNewCredential(http.StatusOK, pg)
}

func (v *visit) showNewCredential(status int, pg *newCredentialPage) error {
	pg.Rules = append(pg.Rules, ruleRow{}) // a row to fill in
	return v.show(status, "newcredential", pg)
}

// createCredential makes the credential and shows its secret, for the one and only time.
func (v *visit) createCredential() error {
	pg, caller, err := v.newCredentialPage()
	if err != nil {
		return err
	}
	if v.PostForm.Get("more")+v.PostForm.Get("look")+v.PostForm.Get("use") != "" {
		return v.showNewCredential(http.StatusOK, pg)
	}
	in := credential.NewApplicationCredential{Name: pg.Name, AccessRules: pg.rules(), Unrestricted: pg.Unrestricted, Secret: v.PostForm.Get("secret")}
	if pg.Description != "" {
		in.Description = &pg.Description
	}
	for _, r := range pg.Roles {
		if r.Chosen {
			in.Roles = append(in.Roles, credential.RoleRef{ID: identity.RoleID(r.Value)})
		}
	}
	pg.Fields = problems{}
	if pg.Name == "" {
		pg.Fields["name"] = v.T("Give it a name that says what uses it.")
	}
	switch pg.Ends {
	case "never":
	case "date":
		zone, err := time.LoadLocation(pg.Zone) // of a browser that tells none or an unknown one, UTC
		if err != nil {
			zone = time.UTC
		}
		day, err := time.ParseInLocation(time.DateOnly, pg.Date, zone)
		if err != nil || !day.After(v.p.Now()) {
			pg.Fields["date"] = v.T("Choose a day that is still to come.")
		}
		in.ExpiresAt = day.UTC().Format("2006-01-02T15:04:05.000000Z")
	default:
		days, err := strconv.Atoi(pg.Ends)
		if err != nil || days < 1 || days > 3650 {
			pg.Fields["ends"] = v.T("Choose when it ends.")
		}
		in.ExpiresAt = v.p.Now().UTC().AddDate(0, 0, days).Format("2006-01-02T15:04:05.000000Z")
	}
	if len(pg.Fields) > 0 {
		return v.showNewCredential(http.StatusUnprocessableEntity, pg)
	}
	if pg.Unrestricted && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
		return errConfirm
	}
	c, secret, err := v.p.Credential.CreateApplicationCredential(v.Context(), caller, v.User().ID, in)
	switch e, ok := errors.AsType[*identity.Error](err); {
	case ok && e.Kind == identity.Conflict:
		pg.Fields["name"] = v.T("You have a credential of this name. Choose another one.")
		return v.showNewCredential(http.StatusUnprocessableEntity, pg)
	case ok && (e.Kind == identity.BadRequest || e.Kind == identity.Forbidden):
		pg.Problem = e.Message
		return v.showNewCredential(http.StatusUnprocessableEntity, pg)
	case err != nil:
		return err
	}
	out := &secretPage{ID: string(c.ID), Secret: secret}
	out.Section, out.Title = "credentials", c.Name
	out.Lead = v.T("Copy the secret or download a file now. It is shown this once and cannot be shown again.")
	for _, f := range credentialFiles {
		out.Files = append(out.Files, shownFile{f.name, f.label, f.write(v, out.ID, secret)})
	}
	return v.show(http.StatusOK, "secret", out)
}

// secretPage shows a secret once.
type secretPage struct {
	chrome
	ID, Secret string
	Files      []shownFile
}

type shownFile struct{ Name, Label, Text string }

// credentialFiles are the forms in which programs take an application credential.
var credentialFiles = []struct {
	name, label string
	write       func(v *visit, id, secret string) string
}{
	{"clouds.yaml", "clouds.yaml", func(v *visit, id, secret string) string {
		return fmt.Sprintf("clouds:\n  %s:\n    auth_type: v3applicationcredential\n    auth:\n      auth_url: %s\n      application_credential_id: %s\n      application_credential_secret: %s\n    identity_api_version: 3\n",
			quoted(v.p.Name), quoted(v.p.Endpoint(v.Request)), quoted(id), quoted(secret))
	}},
	{"openrc.sh", "openrc.sh", func(v *visit, id, secret string) string {
		return fmt.Sprintf("export OS_AUTH_TYPE=v3applicationcredential\nexport OS_AUTH_URL=%s\nexport OS_IDENTITY_API_VERSION=3\nexport OS_APPLICATION_CREDENTIAL_ID=%s\nexport OS_APPLICATION_CREDENTIAL_SECRET=%s\n",
			word(v.p.Endpoint(v.Request)), word(id), word(secret))
	}},
	{"credential.env", ".env", func(v *visit, id, secret string) string {
		return fmt.Sprintf("OS_AUTH_TYPE=v3applicationcredential\nOS_AUTH_URL=%s\nOS_APPLICATION_CREDENTIAL_ID=%s\nOS_APPLICATION_CREDENTIAL_SECRET=%s\n", v.p.Endpoint(v.Request), id, secret)
	}},
	{"secret.yaml", "Kubernetes", func(v *visit, id, secret string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata:\n  name: openstack\ntype: Opaque\nstringData:\n  OS_AUTH_TYPE: v3applicationcredential\n  OS_AUTH_URL: %s\n  OS_APPLICATION_CREDENTIAL_ID: %s\n  OS_APPLICATION_CREDENTIAL_SECRET: %s\n",
			quoted(v.p.Endpoint(v.Request)), quoted(id), quoted(secret))
	}},
	{"provider.tf", "Terraform", func(v *visit, id, secret string) string {
		return fmt.Sprintf("provider \"openstack\" {\n  auth_url                      = %s\n  application_credential_id     = %s\n  application_credential_secret = %s\n}\n",
			quoted(v.p.Endpoint(v.Request)), quoted(id), quoted(secret))
	}},
}

// credentialFile gives back, as a file, the secret that the page which shows it has sent.
func (v *visit) credentialFile() error {
	for _, f := range credentialFiles {
		if f.name == v.PostForm.Get("file") {
			return v.download(f.name, f.write(v, v.PostForm.Get("id"), v.PostForm.Get("secret")))
		}
	}
	return identity.Missing("file", v.PostForm.Get("file"))
}

// deletePage asks before something is deleted, and says what that ends.
type deletePage struct {
	chrome
	Means []string
	Do    string // what the button says
}

func (v *visit) askDeleteCredential() error {
	c, err := v.p.Credential.ApplicationCredential(v.Context(), v.self(), identity.ApplicationCredentialID(v.PathValue("id")))
	if err != nil {
		return err
	}
	pg := &deletePage{Do: v.T("Delete the credential"), Means: []string{
		v.T("Whatever uses it is refused at its next request."), v.T("It cannot be brought back. Create a new one first if something still needs it."),
	}}
	pg.Section, pg.Title, pg.Lead = "credentials", v.F("Delete %s?", c.Name), v.T("This ends all access that was given by this credential.")
	pg.Terminal = []string{"openstack application credential delete " + word(string(c.ID))}
	return v.show(http.StatusOK, "delete", pg)
}

func (v *visit) deleteCredential() error {
	if err := v.p.Credential.DeleteApplicationCredential(v.Context(), v.self(), identity.ApplicationCredentialID(v.PathValue("id"))); err != nil {
		return err
	}
	v.redirect("/credentials?done=credential-deleted")
	return nil
}

// newKeyPage is the form for an EC2 or S3 key.
type newKeyPage struct {
	chrome
	Project  identity.ProjectID // the one that was chosen
	Projects []identity.Project
}

func (v *visit) newKey() error { return v.showNewKey(http.StatusOK, new(newKeyPage)) }

func (v *visit) showNewKey(status int, pg *newKeyPage) (err error) {
	pg.Section, pg.Title = "credentials", v.T("Create an S3 key")
	pg.Lead = v.T("For programs that speak S3 or EC2. It has all your roles on the project and does not ask for a second factor.")
	if pg.Projects, err = v.p.Assignment.Projects(v.Context(), v.self()); err != nil {
		return err
	}
	pg.Terminal = []string{"openstack ec2 credentials create"}
	return v.show(status, "newkey", pg)
}

// keyPage shows a new key with its secret.
type keyPage struct {
	chrome
	Key credential.EC2Key
}

func (v *visit) createKey() error {
	project := identity.ProjectID(v.field("project"))
	caller, err := v.on(project)
	if err != nil {
		return err
	}
	pg := new(keyPage)
	pg.Key, err = v.p.Credential.CreateEC2Key(v.Context(), caller, v.User().ID, project)
	if errors.Is(err, identity.Forbidden) {
		form := &newKeyPage{Project: project}
		form.Problem = v.T("Your roles on this project do not let you make an S3 key. Choose another project, or ask somebody who administers it for the role.")
		return v.showNewKey(http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	pg.Section, pg.Title = "credentials", v.T("Your S3 key")
	pg.Lead = v.T("Copy both parts to where they are used.")
	return v.show(http.StatusOK, "key", pg)
}

func (v *visit) askDeleteKey() error {
	pg := &deletePage{Do: v.T("Delete the key"), Means: []string{v.F("Its access key is %s.", v.PathValue("id")), v.T("Whatever uses it is refused at its next request.")}}
	pg.Section, pg.Title, pg.Lead = "credentials", v.T("Delete this S3 key?"), v.T("This ends all access that was given by this key.")
	pg.Terminal = []string{"openstack ec2 credentials delete " + word(v.PathValue("id"))}
	return v.show(http.StatusOK, "delete", pg)
}

func (v *visit) deleteKey() error {
	keys, err := v.p.Credential.EC2Keys(v.Context(), v.self(), v.User().ID)
	if err != nil {
		return err
	}
	caller := v.self()
	if i := slices.IndexFunc(keys, func(k credential.EC2Key) bool { return k.Access == v.PathValue("id") }); i >= 0 {
		if caller, err = v.on(keys[i].ProjectID); err != nil { // deleting takes a role
			return err
		}
	}
	if err := v.p.Credential.DeleteEC2Key(v.Context(), caller, v.User().ID, v.PathValue("id")); err != nil {
		return err
	}
	v.redirect("/credentials?done=key-deleted")
	return nil
}
