package credential_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

const trusts = "/v3/OS-TRUST/trusts"

// trustees are users beside an owner who hold no roles.
func (o *owner) addUser(name string) string {
	return o.admin.Post("/v3/users", object{"user": object{"name": name, "password": "secret", "domain_id": "default"}}).Want(201).Get("user.id")
}

// give asks as somebody for a trust of the owner's role member on the project, with the attributes given.
func (o *owner) give(as *testenv.Actor, trustee string, with object) *testenv.Response {
	trust := object{
		"trustor_user_id": o.id, "trustee_user_id": trustee, "project_id": o.on, "impersonation": false, "roles": []object{{"name": "member"}},
	}
	maps.Copy(trust, with)
	return as.Post(trusts, object{"trust": trust})
}

func (o *owner) use(trust, name string) *testenv.Response {
	return o.env.Authenticate(testenv.Body(name, "secret", fmt.Sprintf(`{"OS-TRUST:trust": {"id": %q}}`, trust)))
}

// S-039
func TestTrustGivesItsRolesToItsTrustee(t *testing.T) {
	o := newOwner(t)
	bob := o.addUser("bob")
	o.addUser("eve")
	o.grant("manager")
	trust := o.give(o.Actor, bob, nil).Want(201).Get("trust.id")
	o.use(trust, "eve").Want(403)
	o.use(trust, "ann").Want(403)
	o.use("unknown", "bob").Want(401)
	in := o.use(trust, "bob").Want(201)
	if got, want := in.Texts("token.roles", "name"), []string{"member", "reader"}; !slices.Equal(got, want) {
		t.Errorf("roles: got %v, want %v", got, want)
	}
	if in.Get("token.project.id") != o.on || in.Get("token.user.id") != bob || in.Get("token.OS-TRUST:trust.trustor_user.id") != o.id {
		t.Errorf("not the trust's token: %s", in.Body)
	}
	if got := o.admin.Validate(in.Actor().Token).Want(200).Body; got != in.Body {
		t.Errorf("shown as\n%s\nand was issued as\n%s", got, in.Body)
	}
	acting := o.give(o.Actor, bob, object{"impersonation": true}).Want(201).Get("trust.id")
	in = o.use(acting, "bob").Want(201)
	if got := in.Get("token.user.id"); got != o.id {
		t.Errorf("the trustee acts as %s, want %s", got, o.id)
	}
	in.Actor().Get("/v3/users/" + o.id).Want(200) // as the trustor may
	in.Actor().Get("/v3/users/" + bob).Want(403)
}

// S-038
func TestTrustsAreGivenByTheirTrustor(t *testing.T) {
	o := newOwner(t)
	bob := o.addUser("bob")
	past := o.env.Clock.Now().Add(-time.Second).Format(time.RFC3339)
	for name, tt := range map[string]struct {
		as     *testenv.Actor
		with   object
		status int
	}{
		"another trustor":  {o.admin, nil, 403},
		"unassigned role":  {o.Actor, object{"roles": []object{{"name": "admin"}}}, 404},
		"unknown role":     {o.Actor, object{"roles": []object{{"id": "unknown"}}}, 404},
		"no role":          {o.Actor, object{"roles": []object{}}, 403},
		"unknown project":  {o.Actor, object{"project_id": "unknown"}, 404},
		"past":             {o.Actor, object{"expires_at": past}, 400},
		"malformed expiry": {o.Actor, object{"expires_at": "soon"}, 400},
		"empty expiry":     {o.Actor, object{"expires_at": ""}, 400},
		"a role twice":     {o.Actor, object{"roles": []object{{"name": "member"}, {"name": "member"}}}, 409},
		"impersonation":    {o.Actor, object{"impersonation": "perhaps"}, 400},
		"negative uses":    {o.Actor, object{"remaining_uses": -1}, 400},
		"text uses":        {o.Actor, object{"remaining_uses": "3"}, 400},
		"too deep":         {o.Actor, object{"allow_redelegation": true, "redelegation_count": 4}, 403},
		"counted and deep": {o.Actor, object{"allow_redelegation": true, "remaining_uses": 1}, 400},
	} {
		if r := o.give(tt.as, bob, tt.with); r.Status != tt.status {
			t.Errorf("%s: got %d %s, want %d", name, r.Status, r.Body, tt.status)
		}
	}
	o.give(o.Actor, "unknown", nil).Want(404)
	if got := o.Get(trusts + "?trustor_user_id=" + o.id).Want(200).List("trusts"); len(got) != 0 {
		t.Errorf("stored nevertheless: %v", got)
	}
}

// S-040
func TestTrustTokensEndWithWhatTheyStandOn(t *testing.T) {
	disable := func(path, entity string) func(*owner, string, string) {
		return func(o *owner, bob, _ string) {
			o.admin.Patch(fmt.Sprintf(path, o.id, bob), fmt.Sprintf(`{%q: {"enabled": false}}`, entity)).Want(200)
		}
	}
	for name, end := range map[string]func(o *owner, bob, trust string){
		"trust":           func(o *owner, _, trust string) { o.Delete(trusts + "/" + trust).Want(204) },
		"trustor deleted": func(o *owner, _, _ string) { o.admin.Delete("/v3/users/" + o.id).Want(204) },
		"trustee deleted": func(o *owner, bob, _ string) { o.admin.Delete("/v3/users/" + bob).Want(204) },
		"trustor off":     disable("/v3/users/%[1]s", "user"),
		"trustee off":     disable("/v3/users/%[2]s", "user"),
		"role":            func(o *owner, _, _ string) { o.admin.Delete(o.grantPath("member")).Want(204) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOwner(t)
			bob := o.addUser("bob")
			trust := o.give(o.Actor, bob, nil).Want(201).Get("trust.id")
			token := o.use(trust, "bob").Want(201).Actor().Token
			o.admin.Validate(token).Want(200)
			end(o, bob, trust)
			if r := o.admin.Validate(token); r.Status != 404 && r.Status != 403 {
				t.Errorf("the token is shown: %d %s", r.Status, r.Body)
			}
			o.env.With(token).Get("/v3/auth/projects").Want(401)
			if r := o.use(trust, "bob"); r.Status != 401 && r.Status != 403 {
				t.Errorf("a new token: %d %s", r.Status, r.Body)
			}
		})
	}
}

// S-163
func TestTrustCapsItsTokens(t *testing.T) {
	o := newOwner(t)
	bob := o.addUser("bob")
	end := o.env.Clock.Now().Add(10 * time.Minute)
	trust := o.give(o.Actor, bob, object{"expires_at": end.Format(time.RFC3339)}).Want(201).Get("trust.id")
	in := o.use(trust, "bob").Want(201)
	if got, want := in.Get("token.expires_at"), end.Format("2006-01-02T15:04:05.000000Z"); got != want {
		t.Errorf("the token ends at %s, want %s", got, want)
	}
	o.env.Clock.Advance(10*time.Minute + time.Second)
	o.use(trust, "bob").Want(401)
	o.Get(trusts + "/" + trust).Want(404)
	o.env.Admin().Validate(in.Actor().Token).Want(404)
}

// S-041
func TestTrustTokensMakeNothingThatLasts(t *testing.T) {
	o := newOwner(t)
	o.grant("admin")
	o.Actor = o.env.Login("ann", "secret", testenv.OnProject("admin"))
	bob := o.addUser("bob")
	trust := o.give(o.Actor, bob, object{"impersonation": true, "roles": []object{{"name": "admin"}}}).Want(201).Get("trust.id")
	acting := o.use(trust, "bob").Want(201).Actor()
	acting.Get(o.at).Want(403)
	acting.Post(o.at, object{"application_credential": object{"name": "x"}}).Want(403)
	acting.Get("/v3/users/" + o.id + "/access_rules").Want(403)
	for _, kind := range []string{"ec2", "totp", "cert"} {
		acting.Post("/v3/credentials", object{"credential": object{"type": kind, "user_id": o.id, "project_id": o.on, "blob": `{"access": "a"}`}}).Want(403)
	}
	o.give(acting, bob, object{"impersonation": true}).Want(403) // its trust may not be handed on
	acting.Patch("/v3/users/"+o.id, `{"user": {"password": "stolen"}}`).Want(403)
	acting.Patch("/v3/users/"+o.id, `{"user": {"options": {"multi_factor_auth_enabled": false}}}`).Want(403)
	acting.Patch("/v3/users/"+bob, `{"user": {"password": "stolen"}}`).Want(403)
	o.env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}}}`, acting.Token)).Want(403)
	o.env.Login("ann", "secret")
}

// S-042
func TestRedelegationStaysInside(t *testing.T) {
	o := newOwner(t)
	bob, carl, dave := o.addUser("bob"), o.addUser("carl"), o.addUser("dave")
	end := o.env.Clock.Now().Add(time.Hour)
	other := o.admin.Post("/v3/projects", `{"project": {"name": "other", "domain_id": "default"}}`).Want(201).Get("project.id")
	o.admin.Put("/v3/projects/"+other+"/users/"+o.id+"/roles/"+o.roles["member"], nil).Want(204)
	root := o.give(o.Actor, bob, object{
		"impersonation": true, "allow_redelegation": true, "redelegation_count": 2, "expires_at": end.Format(time.RFC3339),
	}).Want(201).Get("trust.id")
	asBob := o.use(root, "bob").Want(201).Actor()
	for name, with := range map[string]object{
		"uses":    {"remaining_uses": 1},
		"depth":   {"allow_redelegation": true, "redelegation_count": 2},
		"expiry":  {"expires_at": end.Add(time.Minute).Format(time.RFC3339)},
		"project": {"project_id": other},
	} {
		if r := o.give(asBob, carl, with); r.Status != 403 {
			t.Errorf("%s: got %d %s", name, r.Status, r.Body)
		}
	}
	o.give(asBob, carl, object{"roles": []object{{"name": "manager"}}}).Want(404)
	o.give(asBob, carl, object{"roles": []object{{"name": "reader"}}}).Want(403) // implied, but not in the trust
	// Nobody hangs a trust under another's by naming it.
	forged := o.give(o.Actor, dave, object{"redelegated_trust_id": root}).Want(201)
	if forged.Value("trust.redelegated_trust_id") != nil {
		t.Errorf("forged: %s", forged.Body)
	}

	child := o.give(asBob, carl, object{"impersonation": true, "allow_redelegation": true}).Want(201)
	if got := child.Value("trust.redelegation_count"); got != 1.0 {
		t.Errorf("depth left: got %v, want 1", got)
	}
	if got, want := child.Get("trust.expires_at"), end.Format("2006-01-02T15:04:05.000000Z"); got != want {
		t.Errorf("the child ends at %s, want %s", got, want)
	}
	asCarl := o.use(child.Get("trust.id"), "carl").Want(201).Actor()
	leaf := o.give(asCarl, dave, object{"impersonation": true}).Want(201).Get("trust.id")
	asDave := o.use(leaf, "dave").Want(201).Actor()
	o.give(asDave, bob, object{"impersonation": true}).Want(403)

	// One of those between is disabled.
	o.admin.Patch("/v3/users/"+carl, `{"user": {"enabled": false}}`).Want(200)
	asDave.Get("/v3/auth/projects").Want(401)
	o.use(leaf, "dave").Want(403)
	o.admin.Patch("/v3/users/"+carl, `{"user": {"enabled": true}}`).Want(200)
	asDave.Get("/v3/auth/projects").Want(200)

	o.Delete(trusts + "/" + root).Want(204)
	for _, a := range []*testenv.Actor{asBob, asCarl, asDave} {
		a.Get("/v3/auth/projects").Want(401)
		o.admin.Validate(a.Token).Want(404)
	}
	o.use(leaf, "dave").Want(401)
}

// S-043
func TestUsesOfATrustAreCounted(t *testing.T) {
	o := newOwner(t)
	bob := o.addUser("bob")
	trust := o.give(o.Actor, bob, object{"remaining_uses": 3}).Want(201).Get("trust.id")
	o.use(trust, "ann").Want(403)
	o.env.Authenticate(testenv.Body("bob", "wrong", fmt.Sprintf(`{"OS-TRUST:trust": {"id": %q}}`, trust))).Want(401)
	token := o.use(trust, "bob").Want(201).Actor().Token
	for range 3 {
		o.admin.Validate(token).Want(200)
	}
	if got := o.Get(trusts + "/" + trust).Want(200).Value("trust.remaining_uses"); got != 2.0 {
		t.Errorf("left: got %v, want 2", got)
	}
	var wait sync.WaitGroup
	statuses := make([]int, 6)
	for i := range statuses {
		wait.Go(func() { statuses[i] = o.use(trust, "bob").Status })
	}
	wait.Wait()
	slices.Sort(statuses)
	if got := statuses[:3]; !slices.Equal(got, []int{201, 201, 401}) && !slices.Equal(got, []int{201, 201, 403}) {
		t.Errorf("six at once for two uses: %v", statuses)
	}
	o.admin.Validate(token).Want(200)
	o.Get(trusts + "/" + trust).Want(404)
}

// S-044
func TestTrustsAreTheirPartiesBusiness(t *testing.T) {
	o := newOwner(t)
	bob := o.addUser("bob")
	o.addUser("eve")
	trust := o.give(o.Actor, bob, nil).Want(201).Get("trust.id")
	eve := o.env.Login("eve", "secret")
	for _, path := range []string{"?trustor_user_id=" + o.id, "?trustee_user_id=" + bob, "", "?colour=blue", "/" + trust, "/" + trust + "/roles", "/" + trust + "/roles/" + o.roles["member"]} {
		eve.Get(trusts + path).Want(403)
		o.admin.Get(trusts + path).Want(200)
	}
	eve.Delete(trusts + "/" + trust).Want(403)
	asBob := o.env.Login("bob", "secret")
	asBob.Get(trusts + "/" + trust).Want(200)
	asBob.Get(trusts).Want(403)
	asBob.Delete(trusts + "/" + trust).Want(403)
	if got := asBob.Get(trusts+"?trustee_user_id="+bob).Want(200).Texts("trusts", "id"); !slices.Equal(got, []string{trust}) {
		t.Errorf("the trustee's: %v", got)
	}
	asBob.Get(trusts + "/" + trust + "/roles/" + o.roles["admin"]).Want(404)
}

// S-045
func TestApplicationCredentialsAreKeptFromTrusts(t *testing.T) {
	o := newOwner(t)
	bob := o.addUser("bob")
	trust := o.give(o.Actor, bob, nil).Want(201).Get("trust.id")
	for _, unrestricted := range []bool{false, true} {
		app := o.logIn(o.create(object{"name": fmt.Sprint(unrestricted), "unrestricted": unrestricted})).Want(201).Actor()
		for _, path := range []string{"?trustor_user_id=" + o.id, "/" + trust, "/" + trust + "/roles", "/" + trust + "/roles/" + o.roles["member"]} {
			app.Get(trusts + path).Want(403)
			app.Head(trusts + path).Want(403)
		}
		app.Delete(trusts + "/" + trust).Want(403)
		o.give(app, bob, nil).Want(403)
	}
}
