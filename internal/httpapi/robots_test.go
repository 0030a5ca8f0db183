package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// The secret of an application credential that the server made is hashed once; then it is known, on the node that saw it and for
// as long as nothing that it stands on is changed anywhere.
func TestARobotsSecretIsHashedOnce(t *testing.T) {
	lock := 2
	a, b := testenv.Pair(t, func(c *config.Config) { c.SecurityCompliance.LockoutFailureAttempts = &lock })
	admin := a.Admin()
	bob := createUser(admin, "bob", "secret")
	project := admin.Validate(admin.Token).Want(200).Get("token.project.id")
	member := admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	grant := "/v3/projects/" + project + "/users/" + bob + "/roles/" + member
	admin.Put(grant, nil).Want(204)
	robot := func(more string) (id, secret, login string) {
		r := a.Login("bob", "secret", testenv.OnProjectID(project)).
			Post("/v3/users/"+bob+"/application_credentials", `{"application_credential": {"name": "r`+fmt.Sprint(a.Clock.Now().UnixNano())+`"`+more+`}}`).Want(201)
		a.Clock.Advance(time.Millisecond)
		id, secret = r.Get("application_credential.id"), r.Get("application_credential.secret")
		a.CatchUp()
		b.CatchUp()
		return id, secret, loginOf(id, secret)
	}
	// tries tells how many hashes a login takes on each node.
	tries := func(login string, status int) string {
		t.Helper()
		var took []string
		for _, env := range []*testenv.Env{a, b} {
			before := hashes(t, env)
			env.Authenticate(login).Want(status)
			took = append(took, fmt.Sprint(hashes(t, env)-before))
		}
		return strings.Join(took, ",")
	}
	b.Login("bob", "secret") // or its count of hashes is empty

	id, secret, login := robot("")
	for _, want := range []string{"1,1", "0,0", "0,0"} {
		if got := tries(login, 201); got != want {
			t.Errorf("hashes of a login: %s, want %s", got, want)
		}
	}
	if got := tries(loginOf(id, secret[1:]+"A"), 401); got != "1,1" {
		t.Errorf("hashes of a wrong secret: %s", got)
	}
	if got := tries(login, 201); got != "0,0" {
		t.Errorf("hashes after a wrong one: %s", got)
	}

	_, _, weak := robot(`, "secret": "weak"`)
	for range 2 {
		if got := tries(weak, 201); got != "1,1" {
			t.Errorf("hashes of a secret that somebody chose: %s", got)
		}
	}

	// What it stands on, changed on the one node, counts there at once, and on the other when it has heard of it. What that has let in
	// meanwhile is ended, unless the change ends no tokens.
	refused := func(login string, status int, ends bool) {
		t.Helper()
		a.Authenticate(login).Want(status)
		meanwhile := b.Authenticate(login)
		a.Clock.Advance(2 * time.Second)
		b.CatchUp()
		b.Authenticate(login).Want(status)
		if meanwhile.Status == 201 && ends {
			b.Admin().Validate(meanwhile.Actor().Token).Want(404)
			a.Admin().Validate(meanwhile.Actor().Token).Want(404)
		}
	}
	for range lock {
		a.Authenticate(testenv.Body("bob", "wrong")).Want(401)
	}
	refused(login, 401, false) // bob is locked
	a.Clock.Advance(time.Hour)
	a.Login("bob", "secret")
	a.Clock.Advance(800 * time.Millisecond)
	b.CatchUp()
	tries(login, 201)
	tries(login, 201) // from memory
	for range lock {
		a.Authenticate(testenv.Body("bob", "wrong")).Want(401)
	}
	a.Clock.Advance(300 * time.Millisecond)
	b.Authenticate(login).Want(401) // in another second it asks first
	a.Clock.Advance(time.Hour)
	a.Login("bob", "secret")
	b.CatchUp()
	tries(login, 201)
	admin = a.Admin()
	admin.Delete(grant).Want(204)
	refused(login, 401, true)
	admin.Put(grant, nil).Want(204)
	_, _, login = robot("")
	tries(login, 201)
	admin.Patch("/v3/users/"+bob, `{"user": {"enabled": false}}`).Want(200)
	refused(login, 401, true)
	admin.Patch("/v3/users/"+bob, `{"user": {"enabled": true}}`).Want(200)
	a.Clock.Advance(time.Second)
	b.CatchUp()
	tries(login, 201)
	_, _, ending := robot(fmt.Sprintf(`, "expires_at": %q`, a.Clock.Now().Add(time.Minute).UTC().Format("2006-01-02T15:04:05")))
	tries(ending, 201)
	a.Clock.Advance(2 * time.Minute)
	tries(ending, 401)

	b.CatchUp()
	tries(login, 201)
	tries(login, 201) // from memory, and so b remembers that there were no events
	a.Clock.Advance(time.Millisecond)
	admin.Post("/v3/users/"+bob+"/password", `{"user": {"original_password": "secret", "password": "other"}}`).Want(204)
	meanwhile := b.Authenticate(login).Want(201).Actor().Token
	a.Clock.Advance(2 * time.Second)
	b.CatchUp()
	for _, env := range []*testenv.Env{a, b} {
		env.Admin().Validate(meanwhile).Want(404) // by an event that the node had not heard of when it made the token
	}
	tries(login, 201)
	admin = a.Admin()
	admin.Delete("/v3/users/" + bob).Want(204)
	refused(login, 404, true)
}

func loginOf(id, secret string) string {
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": %q, "secret": %q}}}}`, id, secret)
}

// A node that is told so hashes each time.
func TestNoSecretIsRemembered(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Lintel.RememberSecrets = false })
	admin := env.Admin()
	me := admin.Validate(admin.Token).Want(200).Get("token.user.id")
	r := admin.Post("/v3/users/"+me+"/application_credentials", `{"application_credential": {"name": "robot"}}`).Want(201)
	for range 3 {
		before := hashes(t, env)
		env.Authenticate(loginOf(r.Get("application_credential.id"), r.Get("application_credential.secret"))).Want(201)
		if n := hashes(t, env) - before; n != 1 {
			t.Errorf("%d hashes, want 1", n)
		}
	}
}
