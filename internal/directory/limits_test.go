package directory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

// S-090
func TestFailedLoginsAreLimited(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Lintel.AccountRate = 3; c.Lintel.AddressRate = 5 })
	try := func(name, password string) int {
		return env.Authenticate(testenv.Body(name, password)).Status
	}
	for _, name := range []string{"admin", "nobody"} {
		for range 3 {
			if got := try(name, "wrong"); got != 401 && name == "admin" {
				t.Fatalf("%s: got %d, want 401", name, got)
			}
		}
	}
	r := env.Authenticate(testenv.Body("admin", testenv.Password))
	if r.Status != 429 {
		t.Fatalf("the right password after too many wrong ones: got %d, want 429", r.Status)
	}
	if got := r.Header.Get("Retry-After"); got != "60" {
		t.Errorf("Retry-After: got %q, want 60", got)
	}
	if got := try("somebody-else", "wrong"); got != 429 {
		t.Errorf("another account from an address with too many failures: got %d, want 429", got)
	}
	env.Clock.Advance(time.Minute)
	if got := try("admin", testenv.Password); got != 201 {
		t.Errorf("a minute later: got %d, want 201", got)
	}
}

// Wrong secrets of an application credential shut that out for a while, and not its owner. S-090
func TestWrongSecretsCountForTheirCredential(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.Lintel.AccountRate = 3 })
	admin := env.Admin()
	me := admin.Validate(admin.Token).Want(200).Get("token.user.id")
	made := admin.Post("/v3/users/"+me+"/application_credentials", `{"application_credential": {"name": "robot"}}`).Want(201)
	login := func(secret string) int {
		return env.Authenticate(fmt.Sprintf(`{"auth": {"identity": {"methods": ["application_credential"],
			"application_credential": {"id": %q, "secret": %q}}}}`, made.Get("application_credential.id"), secret)).Status
	}
	for range 3 {
		if got := login("wrong"); got != 401 {
			t.Fatalf("a wrong secret: got %d, want 401", got)
		}
	}
	if got := login("wrong"); got != 429 {
		t.Errorf("one more: got %d, want 429", got)
	}
	env.Admin()
	env.Clock.Advance(time.Minute)
	if got := login(made.Get("application_credential.secret")); got != 201 {
		t.Errorf("a minute later: got %d, want 201", got)
	}
}

// S-167
func TestNamesThatDifferInCase(t *testing.T) {
	admin := testenv.New(t).Admin()
	admin.Post("/v3/users", `{"user": {"name": "Alice"}}`).Want(201)
	admin.Post("/v3/users", `{"user": {"name": "alice"}}`).Want(409)
	bob := admin.Post("/v3/users", `{"user": {"name": "bob"}}`).Want(201).Get("user.id")
	admin.Patch("/v3/users/"+bob, `{"user": {"name": "ALICE"}}`).Want(409)
	admin.Patch("/v3/users/"+bob, `{"user": {"name": "Bob"}}`).Want(200)
	admin.Post("/v3/groups", `{"group": {"name": "Staff"}}`).Want(201)
	admin.Post("/v3/groups", `{"group": {"name": "staff"}}`).Want(409)
}
