package auth_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

func TestLogInAndValidate(t *testing.T) {
	env := testenv.New(t)
	issued := env.Authenticate(testenv.Body("admin", testenv.Password, testenv.OnProject("admin"))).Want(201)
	admin := issued.Actor()
	seen := admin.Validate(admin.Token).Want(200)
	if seen.Body != issued.Body {
		t.Errorf("the token is shown as\n%s\nand was issued as\n%s", seen.Body, issued.Body)
	}
	if got, want := seen.Texts("token.roles", "name"), []string{"admin", "manager", "member", "reader"}; !slices.Equal(got, want) {
		t.Errorf("roles: got %v, want %v", got, want)
	}
	admin.Head("/v3/auth/tokens", "X-Subject-Token", admin.Token).Want(200)
	admin.Delete("/v3/auth/tokens", "X-Subject-Token", admin.Token).Want(204)
	env.Admin().Validate(admin.Token).Want(404)
	admin.Get("/v3/auth/tokens").Want(401)
}

func TestTokensEnd(t *testing.T) {
	env := testenv.New(t)
	old := env.Admin()
	env.Clock.Advance(time.Hour)
	admin := env.Admin()
	admin.Validate(old.Token).Want(404)
	admin.Validate(old.Token, "?allow_expired=1").Want(200)
	if r := old.Validate(admin.Token); r.Status != http.StatusUnauthorized {
		t.Errorf("an expired token is taken: %d", r.Status)
	}
	env.Clock.Advance(48 * time.Hour)
	env.Admin().Validate(old.Token, "?allow_expired=1").Want(404)
}
