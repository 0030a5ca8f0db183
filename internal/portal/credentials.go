package portal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
)

var credentialPages = slices.Concat([]page{
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
},
	both("/credentials/{id}/rotate", (*visit).rotateCredential, false),
	both("/credentials/keys/{id}/show", (*visit).revealKey, true),
)

// credentialsPage lists what logs in for somebody when they are not there.
type credentialsPage struct {
	chrome
	credential.Keyring
	Full     string   // says that there can be no more
	Projects []choice // to look at one of; none when all is on one
	projects map[identity.ProjectID]string
}

// Project is the name of a project of the reader's.
func (p *credentialsPage) Project(id identity.ProjectID) string {
	if name := p.projects[id]; name != "" {
		return name
	}
	return string(id)
}

// credentials lists those of all projects, or of the one that the reader chose.
func (v *visit) credentials() error {
	pg := &credentialsPage{projects: map[identity.ProjectID]string{}}
	pg.Section, pg.Title = "credentials", v.T("Credentials")
	pg.Lead = v.T("What logs in for you when you are not there: programs, pipelines, backups.")
	pg.Action = &link{v.T("Create a credential"), Prefix + "/credentials/new"}
	pg.Terminal = []string{"openstack application credential list", "openstack ec2 credentials list"}
	var err error
	if pg.Keyring, err = v.p.Credential.Keyring(v.Context(), v.self()); err != nil {
		return err
	}
	if most := v.p.Credential.ApplicationCredentialLimit; most >= 0 && len(pg.ApplicationCredentials) >= most {
		pg.Full = v.F("You have %d of %d application credentials. Delete one before you create another.", len(pg.ApplicationCredentials), most)
	}
	projects, err := v.p.Assignment.Projects(v.Context(), v.self())
	if err != nil {
		return err
	}
	for _, p := range projects {
		pg.projects[p.ID] = p.Name
	}
	pg.onOne(identity.ProjectID(v.field("project")), v.T("All my projects"))
	return v.show(http.StatusOK, "credentials", pg)
}

// onOne offers to look at one of the projects where there is something, and leaves out what is on others than the chosen one.
func (p *credentialsPage) onOne(chosen identity.ProjectID, all string) {
	there := map[identity.ProjectID]bool{}
	for _, c := range p.ApplicationCredentials {
		there[c.ProjectID] = true
	}
	for _, k := range p.EC2Keys {
		there[k.ProjectID] = true
	}
	if len(there) < 2 {
		return
	}
	for id := range there {
		p.Projects = append(p.Projects, choice{string(id), p.Project(id), id == chosen})
	}
	slices.SortFunc(p.Projects, func(a, b choice) int { return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value)) })
	p.Projects = append([]choice{{Label: all}}, p.Projects...)
	if there[chosen] {
		p.ApplicationCredentials = slices.DeleteFunc(p.ApplicationCredentials, func(c identity.ApplicationCredential) bool { return c.ProjectID != chosen })
		p.EC2Keys = slices.DeleteFunc(p.EC2Keys, func(k credential.EC2Key) bool { return k.ProjectID != chosen })
	}
}

// ending is the part of a form that says when a credential ends.
type ending struct {
	Ends, Date, Time string
	Zone             string // the reader's, as their browser tells it
}

func (v *visit) ending() ending {
	return ending{cmp.Or(v.field("ends"), "90"), v.field("date"), v.field("time"), v.field("zone")}
}

// at is when it ends, as Identity reads it; empty for never. What is wrong with it goes to the fields.
func (e ending) at(v *visit, fields problems) string {
	switch e.Ends {
	case "never":
		return ""
	case "date":
		zone, err := time.LoadLocation(e.Zone) // of a browser that tells none or an unknown one, UTC
		if err != nil {
			zone = time.UTC
		}
		then, err := time.ParseInLocation(time.DateOnly+" 15:04", e.Date+" "+cmp.Or(e.Time, "00:00"), zone)
		if err != nil || !then.After(v.p.Now()) {
			fields["date"] = v.T("Choose a time that is still to come.")
		}
		return then.UTC().Format(endsForm)
	}
	days, err := strconv.Atoi(e.Ends)
	if err != nil || days < 1 || days > 3650 {
		fields["ends"] = v.T("Choose when it ends.")
	}
	return v.p.Now().UTC().AddDate(0, 0, days).Format(endsForm)
}

const endsForm = "2006-01-02T15:04:05.000000Z"

// newCredentialPage is the form for an application credential. What was typed stays when something is wrong with it.
type newCredentialPage struct {
	chrome
	Projects []identity.Project
	Project  string

	Name, Description string
	ending
	Roles        []choice
	Services     []string
	Methods      []string
	Rules        []ruleRow
	Find         string // operations to make rules of
	Offered      []offeredRule
	MoreOffered  bool
	Unrestricted bool

	entries []catalog.Entry
}

// unfit are the rules that let nothing through that is known.
func (pg *newCredentialPage) unfit() (all []identity.AccessRule) {
	for _, r := range pg.Rules {
		if r.Wrong {
			all = append(all, r.AccessRule)
		}
	}
	return all
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
		Project: v.field("project"), Name: strings.TrimSpace(v.field("name")), Description: v.field("description"), ending: v.ending(),
		Methods: ruleMethods, Unrestricted: v.field("unrestricted") != "", Find: strings.TrimSpace(v.field("find")),
	}
	pg.Section, pg.Title = "credentials", v.T("Create a credential")
	pg.Lead = v.T("It works on one project, with roles of yours and no more, and ends when you leave.")
	var caller identity.Caller
	var err error
	if pg.Projects, err = v.p.Assignment.Projects(v.Context(), v.self()); err != nil || len(pg.Projects) == 0 {
		return pg, caller, err
	}
	if slices.ContainsFunc(pg.Projects, func(p identity.Project) bool { return string(p.ID) == pg.Project }) {
		caller, err = v.on(identity.ProjectID(pg.Project))
	} else {
		for _, p := range pg.Projects[:min(len(pg.Projects), switcher)] { // the first that does not ask for more than the reader has shown
			pg.Project = string(p.ID)
			if caller, err = v.on(p.ID); !errors.Is(err, auth.ErrAsksFactor) {
				break
			}
		}
	}
	if err != nil {
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
	pg.Terminal = []string{pg.command(v)}
	return v.show(status, "newcredential", pg)
}

// command does the same as the form, as it is filled in.
func (pg *newCredentialPage) command(v *visit) string {
	c := identity.ApplicationCredential{Name: cmp.Or(pg.Name, "NAME"), AccessRules: pg.rules(), Unrestricted: pg.Unrestricted}
	if pg.Description != "" {
		c.Description = &pg.Description
	}
	for _, r := range pg.Roles {
		if r.Chosen {
			c.Roles = append(c.Roles, identity.Role{Name: r.Label})
		}
	}
	line := createCredential(c, pg.at(v, problems{}))
	if v.PostForm.Get("secret") != "" {
		line = strings.Replace(line, " create", " create --secret SECRET", 1)
	}
	if len(pg.Projects) > 1 {
		line = strings.Replace(line, "openstack", "openstack --os-project-id "+word(pg.Project), 1)
	}
	return line
}

// createCredential is the command that makes a credential like one, which ends then.
func createCredential(c identity.ApplicationCredential, ends string) string {
	words := []string{"openstack application credential create"}
	if c.Description != nil && *c.Description != "" {
		words = append(words, "--description", word(*c.Description))
	}
	if ends, _, _ := strings.Cut(ends, "."); ends != "" {
		words = append(words, "--expiration", ends)
	}
	for _, r := range c.Roles {
		words = append(words, "--role", word(r.Name))
	}
	var rules []map[string]string
	for _, r := range c.AccessRules {
		if r.Path != "" { // else it is a row that nobody filled in
			rules = append(rules, map[string]string{"service": r.Service, "method": r.Method, "path": r.Path})
		}
	}
	if rules != nil {
		said, err := json.Marshal(rules)
		if err != nil {
			panic(err) // strings always can be
		}
		words = append(words, "--access-rules", word(string(said)))
	}
	if c.Unrestricted {
		words = append(words, "--unrestricted")
	}
	return strings.Join(append(words, operand(c.Name)), " ")
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
	in.ExpiresAt = pg.at(v, pg.Fields)
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
		pg.Problem = v.said(e)
		return v.showNewCredential(http.StatusUnprocessableEntity, pg)
	case err != nil:
		return err
	}
	return v.showSecret(c, secret, "", []string{pg.command(v)}, pg.unfit()...)
}

// showSecret shows the secret of a new credential, the commands that do the same, and where the one that it stands in for can be deleted.
// unfit are the access rules that let nothing through that is known.
func (v *visit) showSecret(c identity.ApplicationCredential, secret, old string, commands []string, unfit ...identity.AccessRule) error {
	out := &secretPage{ID: string(c.ID), Secret: secret, Old: old}
	for _, r := range unfit {
		out.Unfit = append(out.Unfit, v.F("%s %s of %s: no known operation fits this rule.", r.Method, r.Path, r.Service))
	}
	out.Section, out.Title, out.Terminal = "credentials", c.Name, commands
	out.Lead = v.T("Copy the secret or download a file now. It is shown this once and cannot be shown again.")
	for _, f := range credentialFiles {
		out.Files = append(out.Files, shownFile{f.name, f.label, f.write(v, out.ID, secret)})
	}
	return v.show(http.StatusOK, "secret", out)
}

// rotatePage is the form for a credential that is to stand in for another.
type rotatePage struct {
	chrome
	Credential identity.ApplicationCredential
	Name       string
	ending
}

// rotateCredential makes a credential like another, which goes on working until it is deleted.
func (v *visit) rotateCredential() error {
	old, err := v.p.Credential.ApplicationCredential(v.Context(), v.self(), identity.ApplicationCredentialID(v.PathValue("id")))
	if err != nil {
		return err
	}
	pg := &rotatePage{Credential: old, Name: strings.TrimSpace(v.field("name")), ending: v.ending()}
	if v.Method == get {
		pg.Name = nextName(old.Name)
		if old.ExpiresAt == nil {
			pg.Ends = "never"
		}
	}
	pg.Section, pg.Title = "credentials", v.F("Rotate %s", old.Name)
	pg.Lead = v.T("You get a new credential with the same roles and access rules and a secret of its own. The old one goes on working until you delete it.")
	next := old
	next.Name = pg.Name
	pg.Terminal = []string{createCredential(next, pg.at(v, problems{})), "openstack application credential delete " + word(string(old.ID))}
	if v.Method == get {
		return v.show(http.StatusOK, "rotate", pg)
	}
	caller, err := v.on(old.ProjectID)
	if err != nil {
		return err
	}
	pg.Fields = problems{}
	if pg.Name == "" {
		pg.Fields["name"] = v.T("Give it a name that says what uses it.")
	}
	ends := pg.at(v, pg.Fields)
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "rotate", pg)
	}
	if old.Unrestricted && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
		return errConfirm
	}
	c, secret, err := v.p.Credential.RotateApplicationCredential(v.Context(), caller, old.ID, pg.Name, ends)
	switch e, ok := errors.AsType[*identity.Error](err); {
	case ok && e.Kind == identity.Conflict:
		pg.Fields["name"] = v.T("You have a credential of this name. Choose another one.")
		return v.show(http.StatusUnprocessableEntity, "rotate", pg)
	case ok && (e.Kind == identity.BadRequest || e.Kind == identity.Forbidden):
		pg.Problem = v.said(e)
		return v.show(http.StatusUnprocessableEntity, "rotate", pg)
	case err != nil:
		return err
	}
	return v.showSecret(c, secret, string(old.ID), pg.Terminal)
}

// nextName is a name for what stands in for something: its own with the next number.
func nextName(name string) string {
	stem, end, found := cutLast(name, "-")
	if n, err := strconv.Atoi(end); found && err == nil && n > 0 && n < 1<<20 {
		return stem + "-" + strconv.Itoa(n+1)
	}
	return name + "-2"
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// secretPage shows a secret once.
type secretPage struct {
	chrome
	ID, Secret string
	Files      []shownFile
	Old        string // the id of the credential that this one stands in for
	Unfit      []string
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
		v.T("Whatever uses it is refused at its next request."), v.T("It cannot be brought back. Rotate it first if something still needs it."),
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
	Key   credential.EC2Key
	Again bool // it is none that was just made
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
		form.Problem = v.T("Your roles on this project do not let you make an S3 key: that takes the role member, unless this cloud has other rules. Choose another project, or ask somebody who administers it for the role.")
		return v.showNewKey(http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	pg.Section, pg.Title = "credentials", v.T("Your S3 key")
	pg.Lead = v.T("Copy both parts to where they are used.")
	return v.show(http.StatusOK, "key", pg)
}

// revealKey shows a key with its secret again.
func (v *visit) revealKey() error {
	key, err := v.p.Credential.EC2Key(v.Context(), v.self(), v.User().ID, v.PathValue("id"))
	if err == nil && key.UserID != v.User().ID {
		err = identity.Missing("credential", v.PathValue("id"))
	}
	if err != nil {
		return err
	}
	command := []string{"openstack ec2 credentials show " + word(key.Access)}
	if v.Method == post {
		if key, err = v.p.Credential.RevealEC2Key(v.Context(), v.self(), v.User().ID, key.Access); err != nil {
			return err
		}
		pg := &keyPage{Key: key, Again: true}
		pg.Section, pg.Title, pg.Terminal = "credentials", v.T("The secret of your S3 key"), command
		pg.Lead = v.T("Copy both parts to where they are used.")
		return v.show(http.StatusOK, "key", pg)
	}
	pg := &actPage{Harmless: true, Do: v.T("Show the secret"), Back: Prefix + "/credentials", Means: []string{v.F("Its access key is %s.", key.Access), v.T("Whoever sees the secret can use the key.")}}
	pg.Section, pg.Title, pg.Lead, pg.Terminal = "credentials", v.T("Show the secret of this S3 key?"), v.T("It stands on the next page, in the open."), command
	return v.show(http.StatusOK, "act", pg)
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
