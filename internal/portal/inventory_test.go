package portal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

// credentialOf makes an application credential on acme-web and logs in with it once.
func (tm *team) credentialOf(name, user, called string) string {
	tm.t.Helper()
	made := tm.Login(name, "secret", testenv.OnProjectID(tm.web)).Post("/v3/users/"+user+"/application_credentials",
		`{"application_credential": {"name": "`+called+`", "secret": "s3cret"}}`).Want(201)
	tm.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` +
		made.Get("application_credential.id") + `", "secret": "s3cret"}}}}`).Want(201)
	return made.Get("application_credential.id")
}

// J6, 8.15: who looks after a project sees everybody's credentials there, without any secret, and what breaks if somebody leaves.
func TestCredentialsOfAProject(t *testing.T) {
	tm := newTeam(t)
	bob, mia := tm.person("bob"), tm.person("mia")
	tm.onWeb(bob, "member")
	tm.grant("domains/default/users/"+mia, "manager")
	ci := tm.credentialOf("bob", bob, "ci")
	tm.Login("bob", "secret", testenv.OnProjectID(tm.web)).Post("/v3/users/"+bob+"/credentials/OS-EC2", map[string]any{"tenant_id": tm.web}).Want(201)
	if err := tm.Server.DB.Settle(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	here := "/portal/p/" + tm.web + "/credentials"
	b := tm.SignIn("mia", "secret").Open(here).Want(200, "ci application credential", "S3 or EC2 key", "bob Default", "member", "all of the owner’s", "Off")
	if strings.Contains(b.Body, "s3cret") {
		t.Error("a secret is shown")
	}
	if text := b.Open(here + "?format=csv").Want(200).Body; !strings.Contains(text, "ci,bob") || !strings.Contains(text, "2026-03-04T05:06:07Z") {
		t.Errorf("when it was made and used is not known: %s", text)
	}
	b.Open("/portal/p/"+tm.web+"/people/"+bob).Want(200, "What breaks if they leave", "ci", "192.0.2.1")
	b.Open(here+"?user="+mia).Want(200, "None yet")

	// C2, S-122: a domain manager of stock rules sees, and deletes nothing that is another's; a member sees nothing.
	b.Open(here + "/" + ci + "/revoke").Want(403)
	bobs := tm.SignIn("bob", "secret")
	bobs.Open(here).Want(403)
	bobs.Open(here + "/" + ci + "/revoke").Want(403)
	token := tm.Login("mia", "secret", testenv.OnDefaultDomain)
	token.Get("/v3/lintel/projects/" + tm.web + "/credentials").Want(200).Get("credentials.0.owner.name")
	token.Delete("/v3/lintel/projects/" + tm.web + "/credentials/" + ci).Want(403)

	root := tm.SignIn("admin", testenv.Password)
	root.Open(here+"/"+ci+"/revoke").Want(200, "Revoke ci of bob?", "It was used last on").Submit("Revoke the credential").Want(200, "The credential was deleted")
	tm.admin.Get("/v3/users/" + bob + "/application_credentials/" + ci).Want(404)
	root.Open(here + "/" + ci + "/revoke").Want(404)
	bobs.Open("/portal/activity").Want(200, "admin Deleted the application credential ci acme-web")
}

// M12: what programs keep in somebody's name, and trusts; what a credential holds is shown to who proves again who they are.
func TestOtherCredentials(t *testing.T) {
	tm := newTeam(t)
	bob, carol := tm.person("bob"), tm.person("carol")
	tm.onWeb(bob, "member")
	token := tm.Login("bob", "secret", testenv.OnProjectID(tm.web))
	id := token.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "cert", "blob": "the-blob", "user_id": bob, "project_id": tm.web}}).Want(201).Get("credential.id")
	token.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{"trustor_user_id": bob, "trustee_user_id": carol, "impersonation": true,
		"project_id": tm.web, "roles": []any{map[string]any{"name": "member"}}}}).Want(201)
	tm.Clock.Advance(30 * time.Minute)
	b := tm.SignIn("bob", "secret").Open("/portal/credentials/other").Want(200, "cert acme-web 30 minutes ago", "carol", "acts in your name acme-web 30 minutes ago", "There are none.")
	for _, created := range tm.admin.Get("/v3/lintel/users/"+bob+"/credentials").Want(200).Texts("credentials", "created_at") {
		if created != "2026-03-04T05:06:07.000000Z" {
			t.Errorf("made at %q", created)
		}
	}
	if strings.Contains(b.Body, "the-blob") {
		t.Error("the blob is shown")
	}
	b.Open("/portal/credentials/other/"+id+"/show").Want(200, "the-blob")
	carols := tm.SignIn("carol", "secret")
	carols.Open("/portal/credentials/other").Want(200, "bob", "you act in their name acme-web 30 minutes ago")
	carols.Open("/portal/credentials/other/" + id + "/show").Want(403)
	carols.Open("/portal/credentials/other/" + id + "/delete").Want(403)
	b.Open("/portal/credentials/other/"+id+"/delete").Submit("Delete the credential").Want(200, "Deleted.")
	tm.Clock.Advance(20 * 60 * 1e9)
	if b.Open("/portal/credentials/other/" + id + "/show"); !strings.HasPrefix(b.Path, "/portal/confirm") {
		t.Errorf("after a while nobody asks who is there: %s", b.Path)
	}
	trust := token.Get("/v3/OS-TRUST/trusts?trustor_user_id=" + bob).Want(200).Get("trusts.0.id")
	carols.Open("/portal/credentials/trusts/" + trust + "/delete").Submit("End the trust").Want(403)
	tm.SignIn("bob", "secret").Open("/portal/credentials/trusts/"+trust+"/delete").Submit("End the trust").Want(200, "Deleted.")
}

// M12: when something was made is not known of what the trail does not tell, and the page asks the database as often for one as for many.
func TestOtherCredentialsAskAFixedNumberOfQueries(t *testing.T) {
	tm := newTeam(t)
	bob, carol := tm.person("bob"), tm.person("carol")
	tm.onWeb(bob, "member")
	tm.onWeb(carol, "member")
	token, made := tm.Login("bob", "secret", testenv.OnProjectID(tm.web)), 0
	keep := func(n int) {
		for range n {
			token.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "cert", "blob": "x", "user_id": bob, "project_id": tm.web}}).Want(201)
		}
		err := tm.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
			for range n {
				made++
				err := errors.Join(
					tx.InsertTrust(t.Context(), identity.Trust{ID: identity.TrustID(fmt.Sprint("given-", made)), TrustorUserID: identity.UserID(bob), TrusteeUserID: identity.UserID(carol), ProjectID: identity.ProjectID(tm.web)}),
					tx.InsertTrust(t.Context(), identity.Trust{ID: identity.TrustID(fmt.Sprint("received-", made)), TrustorUserID: identity.UserID(carol), TrusteeUserID: identity.UserID(bob), ProjectID: identity.ProjectID(tm.web)}))
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		tm.CatchUp()
	}
	keep(1)
	b := tm.SignIn("bob", "secret").Open("/portal/credentials/other").Want(200, "cert acme-web now", "carol Default acme-web not known never")
	few := queries(tm.Env, b, "/portal/credentials/other")
	keep(20)
	if many := queries(tm.Env, b, "/portal/credentials/other"); few != 8 || many != 8 {
		t.Errorf("%d queries with few, %d with many", few, many)
	}
}

// A4, 8.3: the preview of deleting a role lists exactly the application credentials that vanish with it.
func TestWhatGoesWithARole(t *testing.T) {
	tm := newTeam(t)
	plain := tm.admin.Post("/v3/roles", `{"role": {"name": "plain"}}`).Want(201).Get("role.id")
	users := map[string]string{}
	for _, name := range []string{"bob", "carol", "dora"} {
		users[name] = tm.person(name)
		tm.onWeb(users[name], "member")
		if name != "dora" {
			tm.onWeb(users[name], "plain")
		}
		tm.credentialOf(name, users[name], "of-"+name)
		tm.credentialOf(name, users[name], "also-of-"+name)
	}
	b := tm.SignIn("admin", testenv.Password).Open("/portal/cloud/roles/"+plain+"/delete").Want(200, "Those are 4 application credentials.")
	var foretold []string
	for _, name := range []string{"bob", "carol", "dora"} {
		for _, c := range []string{"of-" + name, "also-of-" + name} {
			if strings.Contains(b.Text(), c+" of "+name+" on acme-web") {
				foretold = append(foretold, c)
			}
		}
	}
	left := func() (all []string) {
		for _, id := range users {
			all = append(all, tm.admin.Get("/v3/users/"+id+"/application_credentials").Want(200).Texts("application_credentials", "name")...)
		}
		return all
	}
	before := left()
	b.Submit("Delete the role", "typed", "plain").Want(200)
	after := left()
	gone := slices.DeleteFunc(before, func(name string) bool { return slices.Contains(after, name) })
	slices.Sort(gone)
	slices.Sort(foretold)
	if !slices.Equal(gone, foretold) || len(gone) != 4 {
		t.Errorf("gone are %v, foretold were %v", gone, foretold)
	}
	tm.SignIn("bob", "secret").Open("/portal/activity").Want(200, "admin Deleted the application credential of-bob acme-web")
}
