package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// 5.3: with factor_reset_by_two the second factor of somebody with a role of high impact is reset when two agree: one asks, another does the
// same. The person is told at both steps and can stop it; both stand on the trail.
func TestResetByTwo(t *testing.T) {
	env, box, root, acme := cloudWithMail(t, func(c *config.Config) { c.Lintel.FactorResetByTwo = true })
	someone := func(name, role string) (string, *phone) {
		id, _ := member(env, name, name+"s")
		patch(env, id, `{"user": {"email": "`+name+`@acme.example"}}`)
		if role != "" {
			env.Admin().Put("/v3/projects/"+acme+"/users/"+id+"/roles/"+roleID(env, role), nil).Want(204)
		}
		p, _ := enrol(t, env, env.SignIn(name, "secret"))
		return id, p
	}
	login := func(name, id string, p *phone, on string) *testenv.Actor {
		t.Helper()
		return env.Authenticate(byBoth(id, p.next(), testenv.OnProjectID(on))).Want(201).Actor()
	}
	adaID, adas := someone("ada", "admin")
	tomID, toms := someone("tom", "admin")
	bobID, _ := someone("bob", "member")
	env.Admin().Put("/v3/system/users/"+adaID+"/roles/"+roleID(env, "admin"), nil).Want(204)
	env.Deliver()
	factor := func(id string) string { return "/v3/lintel/users/" + id + "/factor" }

	// Of others it takes one.
	env.Admin().Delete(factor(bobID)).Want(204)
	root.Open("/portal/d/default/users/"+bobID+"/factor").Want(200, "Reset the second factor of bob?")
	if strings.Contains(root.Text(), "it takes two") {
		t.Error("it takes two for a member")
	}

	// One asks. Nothing happens yet, and the person is told.
	root.Open("/portal/d/default/users/"+tomID+"/factor").Want(200, "it takes two", "lintel user reset-mfa --domain Default tom").Submit("Ask for the reset").Want(200, "The reset was asked for")
	env.Deliver()
	if m := box.Last("tom@acme.example"); !strings.Contains(m.Subject, "Somebody wants to reset the second factor") || !strings.Contains(m.Text, "An administrator, admin, wants to reset") || m.Link != "/portal/security" {
		t.Error(m.Subject, m.Text)
	}
	tom := login("tom", tomID, toms, acme)
	ask := tom.Get("/v3/lintel/users/" + tomID + "/factor_reset").Want(200)
	if ask.Get("factor_reset.asker.name") != "admin" {
		t.Error(ask.Body)
	}
	env.Admin().Delete(factor(tomID)).Want(403) // who asked does not agree
	root.Open("/portal/d/default/users/"+tomID+"/factor").Want(200, "You have asked for this").Submit("Reset the second factor").Want(422, "Somebody else must agree")
	env.Login("alice", "secret", testenv.OnProjectID(acme)).Get("/v3/lintel/users/" + tomID + "/factor_reset").Want(403)
	env.Login("alice", "secret", testenv.OnProjectID(acme)).Delete("/v3/lintel/users/" + tomID + "/factor_reset").Want(403)
	env.Login("alice", "secret", testenv.OnProjectID(acme)).Delete(factor(tomID)).Want(403)

	// The person still has it, and stops that.
	b := verify(env, "tom", toms.next()).Open("/portal/security").Want(200, "admin wants to reset your second factor")
	b.Submit("I still have it: stop this").Want(200, "The reset was stopped")
	tom.Get("/v3/lintel/users/" + tomID + "/factor_reset").Want(404)

	// Asked for again, another agrees, and it is done.
	env.Admin().Delete(factor(tomID)).Want(202)
	ada := verify(env, "ada", adas.next())
	ada.Open("/portal/d/default/users/"+tomID+"/factor").Want(200, "admin has asked for this on").Submit("Agree and reset it").Want(200, "The second factor was reset")
	env.Authenticate(byBoth(tomID, toms.next(), testenv.OnProjectID(acme))).Want(401)
	env.Browser().Open("/portal/login").Submit("Sign in", "name", "tom", "password", "secret").Want(200, "Your second factor was reset")
	env.Deliver()
	told := false
	for _, m := range box.All("tom@acme.example") {
		told = told || strings.Contains(m.Text, "An administrator, ada, reset the second factor")
	}
	if !told {
		t.Error("tom is not told that it is done")
	}
	root.Open("/portal/cloud/audit?target="+tomID).Want(200, "Asked to reset the second factor of tom", "Stopped the reset of the second factor of tom", "Reset the second factor of tom")
	ada.Open("/portal/activity").Want(200, "Reset the second factor of tom")

	// Rights that were handed on are nobody's second person; who asked must still be able to; and it does not wait for ever.
	uma, _ := someone("uma", "admin")
	adasToken := login("ada", adaID, adas, acme)
	handed := adasToken.Post("/v3/users/"+adaID+"/application_credentials", `{"application_credential": {"name": "robot", "unrestricted": true}}`).Want(201)
	env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` +
		handed.Get("application_credential.id") + `", "secret": "` + handed.Get("application_credential.secret") + `"}}}}`).Want(201).Actor().Delete(factor(uma)).Want(403)
	adasToken.Delete(factor(uma)).Want(202)
	env.Admin().Delete("/v3/projects/" + acme + "/users/" + adaID + "/roles/" + roleID(env, "admin")).Want(204) // by which she asked
	if r := env.Admin().Delete(factor(uma)).Want(202); r.Get("factor_reset.asker.name") != "admin" {
		t.Error(r.Body)
	}
	env.Clock.Advance(25 * time.Hour)
	env.Admin().Delete(factor(uma)).Want(202)
}
