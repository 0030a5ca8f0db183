package auth_test

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

// setSurface says what an account is for, as the room does once it has asked who may.
func setSurface(t *testing.T, env *testenv.Env, id string, to identity.Surface) {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		u, err := tx.User(t.Context(), identity.UserID(id))
		if err != nil {
			return err
		}
		return tx.SetSurface(t.Context(), u, to)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// B2: to whom only the portal is open gets no token by any road, hears why only after proof, and leaves nothing that a Keystone
// on the same database would take.
func TestPortalOnlyAccountsGetNoToken(t *testing.T) {
	c := newCloud(t)
	carol := c.user("carol")
	c.grant("projects/"+c.project, carol, "member")
	bob := c.login(testenv.OnProjectID(c.project)).Want(201).Actor()
	unscoped := c.login(`"unscoped"`).Want(201).Actor()
	credential := bob.Post("/v3/users/"+c.bob+"/application_credentials", `{"application_credential": {"name": "a", "secret": "s"}}`).
		Want(201).Get("application_credential.id")
	bob.Post("/v3/users/"+c.bob+"/credentials/OS-EC2", `{"tenant_id": "`+c.project+`"}`).Want(201)
	c.admin.Post("/v3/credentials", `{"credential": {"type": "totp", "blob": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "user_id": "`+c.bob+`"}}`).Want(201)
	trust := bob.Post("/v3/OS-TRUST/trusts", `{"trust": {"trustor_user_id": "`+c.bob+`", "trustee_user_id": "`+carol+`", "impersonation": false,
		"project_id": "`+c.project+`", "roles": [{"name": "member"}]}}`).Want(201).Get("trust.id")
	as := func(name, secret, scope string) *testenv.Response {
		return c.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "` + name + `",
			"domain": {"id": "` + c.domain + `"}, "password": "` + secret + `"}}}` + scope + `}}`)
	}
	onTrust := `, "scope": {"OS-TRUST:trust": {"id": "` + trust + `"}}`
	as("carol", "secret", onTrust).Want(201)

	setSurface(t, c.Env, c.bob, identity.Surface{NoAPI: true})
	for _, token := range []*testenv.Actor{bob, unscoped} {
		token.Get("/v3/auth/projects").Want(401)
		c.admin.Validate(token.Token).Want(404)
	}
	for _, scope := range []string{"", `, "scope": "unscoped"`, `, "scope": ` + testenv.OnProjectID(c.project)} {
		r := as("bob", "secret", scope).Want(403)
		if !strings.Contains(r.Message(), "for the portal only") {
			t.Errorf("it does not say why: %s", r.Message())
		}
		r = as("bob", "wrong", scope).Want(401)
		if strings.Contains(r.Message(), "portal") {
			t.Errorf("it tells those who cannot prove anything: %s", r.Message())
		}
	}
	c.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + credential + `", "secret": "s"}}}}`).Want(404)
	c.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + unscoped.Token + `"}}}}`).Want(404)
	as("carol", "secret", onTrust).Want(401)

	for _, table := range []string{"application_credential", "credential"} {
		if n := c.count(t, `SELECT COUNT(*) FROM "`+table+`" WHERE "user_id" = ?`, c.bob); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	const hashes = `SELECT COUNT(*) FROM "password" p JOIN "local_user" l ON l."id" = p."local_user_id" WHERE l."user_id" = ? AND p."password_hash" IS NOT NULL`
	if n := c.count(t, hashes, c.bob); n != 0 {
		t.Errorf("Keystone's table holds %d of the passwords", n)
	}
	if b := c.signIn("bob", "secret"); b.Path != "/portal" {
		t.Errorf("the portal is closed, too: %s: %s", b.Path, b.Text())
	}

	// Nothing new is made that would be taken elsewhere, and a new password goes the same way.
	c.admin.Post("/v3/credentials", `{"credential": {"type": "cert", "blob": "x", "user_id": "`+c.bob+`"}}`).Want(403)
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"password": "new-secret"}}`).Want(200)
	as("bob", "new-secret", "").Want(403)
	c.Post("/v3/users/"+c.bob+"/password", `{"user": {"original_password": "new-secret", "password": "newer-secret"}}`).Want(204)
	if n := c.count(t, hashes, c.bob); n != 0 {
		t.Errorf("Keystone's table holds %d of the new passwords", n)
	}
	if b := c.signIn("bob", "newer-secret"); b.Path != "/portal" {
		t.Errorf("the new password does not open the portal: %s", b.Text())
	}

	setSurface(t, c.Env, c.bob, identity.Surface{})
	as("bob", "newer-secret", "").Want(201)
	if n := c.count(t, hashes, c.bob); n == 0 {
		t.Error("the passwords did not come back")
	}
	c.admin.Delete("/v3/users/" + c.bob).Want(204)
}

func (c *cloud) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+c.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (c *cloud) signIn(name, password string) *testenv.Browser {
	b := c.Browser()
	return b.Open("/portal/login").Submit("Sign in", "name", name, "password", password, "domain", "shop")
}

// B10: an API user works with the API, and cannot enter the portal, which it hears after the right password alone.
func TestAPIUsersCannotEnterThePortal(t *testing.T) {
	c := newCloud(t)
	open := c.signIn("bob", "secret").Want(200)
	setSurface(t, c.Env, c.bob, identity.Surface{Kind: identity.APIAccount, NoPortal: true})
	if open.Open("/portal"); !strings.HasPrefix(open.Path, "/portal/login") {
		t.Errorf("a session goes on: %s", open.Path)
	}
	c.login(testenv.OnProjectID(c.project)).Want(201)
	b := c.signIn("bob", "secret").Want(403, "This is an API user")
	if b.Cookies["__Host-lintel"] != "" {
		t.Error("it got a session all the same")
	}
	if b := c.signIn("bob", "wrong").Want(422); strings.Contains(b.Text(), "API user") {
		t.Error("it says so to those who do not know the password")
	}
	form := url.Values{"name": {"bob"}, "password": {"secret"}, "domain": {"shop"}}
	c.Browser().Send("POST", "/portal/login", form).Want(403)
}
