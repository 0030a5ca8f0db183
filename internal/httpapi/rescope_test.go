package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// S-003, S-160: a token is exchanged for another by what the node remembers, if it has caught up with all others in this second.
// A token that is revoked elsewhere gives nothing any more after a second at most, and what it gave meanwhile ends with it.
func TestRescopingFromMemory(t *testing.T) {
	a, b := testenv.Pair(t)
	admin := a.Admin()
	bob := createUser(admin, "bob", "secret")
	project := admin.Validate(admin.Token).Want(200).Get("token.project.id")
	member := admin.Get("/v3/roles?name=member").Want(200).Get("roles.0.id")
	admin.Put("/v3/projects/"+project+"/users/"+bob+"/roles/"+member, nil).Want(204)
	exchange := func(parent string) string {
		return fmt.Sprintf(`{"auth": {"identity": {"methods": ["token"], "token": {"id": %q}}, "scope": %s}}`, parent, testenv.OnProjectID(project))
	}
	// next is another second, of which both nodes have seen the beginning.
	next := func() {
		a.Clock.Advance(time.Second)
		a.CatchUp()
		b.CatchUp()
	}
	queries := func(parent string) int64 {
		before := b.Server.DB.Queries()
		b.Authenticate(exchange(parent)).Want(201)
		return b.Server.DB.Queries() - before
	}
	for what, tt := range map[string]struct {
		end     func(parent string)
		outlive bool
	}{
		"revoked": {end: func(parent string) { admin.Delete("/v3/auth/tokens", "X-Subject-Token", parent).Want(204) }},
		"revoked alone": {end: func(parent string) {
			admin.Delete("/v3/auth/tokens?cascade=false", "X-Subject-Token", parent).Want(204)
		}, outlive: true},
		"all of its user": {end: func(string) { admin.Patch("/v3/users/"+bob, `{"user": {"password": "secret"}}`).Want(200) }},
	} {
		next()
		admin = a.Admin()
		parent := a.Login("bob", "secret").Token
		next()
		b.Authenticate(exchange(parent)).Want(201)
		if n := queries(parent); n != 0 {
			t.Errorf("%s: %d queries for an exchange in the same second", what, n)
		}
		a.Clock.Advance(300 * time.Millisecond)
		tt.end(parent)
		a.Authenticate(exchange(parent)).Want(404)
		meanwhile := b.Authenticate(exchange(parent)).Want(201).Actor().Token
		next()
		b.Authenticate(exchange(parent)).Want(404)
		for _, env := range []*testenv.Env{a, b} {
			status := 404
			if tt.outlive {
				status = 200
			}
			env.Admin().Validate(meanwhile).Want(status)
		}

		// In a second of which a node has not seen the beginning, it asks first.
		parent = a.Login("bob", "secret").Token
		next()
		b.Authenticate(exchange(parent)).Want(201)
		a.Clock.Advance(time.Second)
		tt.end(parent)
		b.Authenticate(exchange(parent)).Want(404)
	}
}
