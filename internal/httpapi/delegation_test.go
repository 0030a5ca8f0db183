package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

const delegationFile = "testdata/delegation.txt"

// delegates logs an administrator of a project in, then with each kind of token that hands a role on: admin, which is all
// that they hold there, or another one. An EC2 key always hands on all. The user_id of ids becomes the administrator's.
func delegates(t *testing.T, env *testenv.Env, ids map[string]string, name string) []caller {
	t.Helper()
	admin := env.Admin()
	user := func(name string) string {
		return admin.Post("/v3/users", object{"user": object{"name": name, "password": "secret", "domain_id": ids["domain_id"]}}).Want(201).Get("user.id")
	}
	login := func(id, scope string) *testenv.Actor {
		return env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + id + `", "password": "secret"}}}, "scope": ` + scope + `}}`).
			Want(201).Actor()
	}
	owner, trustee := user("owner"), user("trustee")
	role := func(name string) string { return admin.Get("/v3/roles?name=" + name).Want(200).Get("roles.0.id") }
	admin.Put("/v3/projects/"+ids["project_id"]+"/users/"+owner+"/roles/"+role("admin"), nil).Want(204)
	roles := []object{{"id": role(name)}}
	direct := login(owner, testenv.OnProjectID(ids["project_id"]))
	all := []caller{{"direct", direct}}
	for _, c := range []object{
		{"name": "restricted"}, {"name": "unrestricted", "unrestricted": true},
		{"name": "ruled", "unrestricted": true, "access_rules": []object{{"service": "identity", "method": "GET", "path": "/v3/users"}}},
	} {
		kind := c["name"].(string)
		c["secret"], c["roles"] = "secret", roles
		id := direct.Post("/v3/users/"+owner+"/application_credentials", object{"application_credential": c}).Want(201).Get("application_credential.id")
		all = append(all, caller{kind, env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"],
			"application_credential": {"id": "` + id + `", "secret": "secret"}}}}`).Want(201).Actor()})
	}
	for _, kind := range []string{"trust", "acting"} {
		trust := direct.Post("/v3/OS-TRUST/trusts", object{"trust": object{
			"trustor_user_id": owner, "trustee_user_id": trustee, "impersonation": kind == "acting", "project_id": ids["project_id"], "roles": roles,
		}}).Want(201).Get("trust.id")
		all = append(all, caller{kind, login(trustee, `{"OS-TRUST:trust": {"id": "`+trust+`"}}`)})
		ids["handed_trust_id"] = trust
	}
	key := direct.Post("/v3/users/"+owner+"/credentials/OS-EC2", object{"tenant_id": ids["project_id"]}).Want(201)
	ids["access"] = key.Get("credential.access")
	all = append(all, caller{"EC2", admin.Post("/v3/ec2tokens", object{"credentials": signed(
		key.Get("credential.access"), key.Get("credential.secret"), env.Clock.Now())}).Want(200).Actor()})
	consumer := env.NewConsumer()
	asked := consumer.With(consumer.RequestToken(env, ids["project_id"]).Want(201))
	verifier := direct.Put("/v3/OS-OAUTH1/authorize/"+asked.Token, object{"roles": roles}).Want(200).Get("token.oauth_verifier")
	all = append(all, caller{"OAuth 1", consumer.With(asked.AccessToken(env, verifier).Want(201)).LogIn(env).Want(201).Actor()})
	client := direct.Post("/v3/users/"+owner+"/application_credentials", object{"application_credential": object{
		"name": "client", "secret": "secret", "roles": roles}}).Want(201).Get("application_credential.id")
	form := "grant_type=client_credentials&client_id=" + client + "&client_secret=secret"
	all = append(all, caller{"OAuth 2", env.With(env.Post("/v3/OS-OAUTH2/token", form, "Content-Type", "application/x-www-form-urlencoded").
		Want(200).Get("access_token"))})
	ids["user_id"], ids["trustee_id"] = owner, trustee
	if name == "admin" { // certificates hand on all
		all = append(all, certified(t, env, owner, ids["project_id"])...)
	}
	return all
}

const issuer = "CN=Suite CA"

// behindFront lets a web server in front say who has shown which certificate.
func behindFront(c *config.Config) {
	c.Lintel.TrustedProxies, c.Lintel.EnvironPrefix = []string{"192.0.2.1"}, "X-Env-" // from where tests call
	c.TokenlessAuth.TrustedIssuer = []string{issuer}
}

// certified shows a user's certificate: with a token that is bound to it, and in place of a token.
func certified(t *testing.T, env *testenv.Env, user, project string) []caller {
	t.Helper()
	admin := env.Admin()
	name := admin.Patch("/v3/users/"+user, object{"user": object{"default_project_id": project}}).Want(200).Get("user.name")
	domain := admin.Get("/v3/users/" + user).Want(200).Get("user.domain_id")
	rule := func(variable string) object {
		local := object{"user": object{"name": "{0}", "type": "local", "domain": object{"id": domain}}}
		return object{"mapping": object{"rules": []object{{"local": []object{local}, "remote": []object{{"type": variable}}}}}}
	}
	admin.Put("/v3/OS-FEDERATION/mappings/oauth2_mapping", rule("SSL_CLIENT_SUBJECT_DN_CN")).Want(201)
	_, der := certificate(t, env, name)
	shown := []string{"X-Env-Ssl-Client-Cert", url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))}
	asked := env.Showing(shown...).Post("/v3/OS-OAUTH2/token", "grant_type=client_credentials&client_id="+user, "Content-Type", "application/x-www-form-urlencoded")
	bound := caller{"bound", env.With(asked.Want(200).Get("access_token")).Showing(shown...)}
	provider := fmt.Sprintf("/v3/OS-FEDERATION/identity_providers/%x", sha256.Sum256([]byte(issuer)))
	admin.Put("/v3/OS-FEDERATION/mappings/certificates", rule("SSL_CLIENT_S_DN_CN")).Want(201)
	admin.Put(provider, `{"identity_provider": {"enabled": true}}`).Want(201)
	admin.Put(provider+"/protocols/x509", `{"protocol": {"mapping_id": "certificates"}}`).Want(201)
	return []caller{bound, {"tokenless", env.Showing("X-Env-Ssl-Client-I-Dn", issuer, "X-Env-Ssl-Client-S-Dn-Cn", name, "X-Project-Id", project)}}
}

// signed is a request to EC2 under the first version of signatures.
func signed(access, secret string, at time.Time) object {
	stamp := at.UTC().Format(time.RFC3339)
	sum := hmac.New(sha1.New, []byte(secret))
	sum.Write([]byte("Describe" + stamp))
	return object{
		"access": access, "signature": base64.StdEncoding.EncodeToString(sum.Sum(nil)), "verb": "GET", "host": "cloud.example", "path": "/",
		"params": object{"SignatureVersion": "0", "Action": "Describe", "Timestamp": stamp},
	}
}

// TestDelegation compares what each route answers to an administrator, and to tokens that hand on all of the
// administrator's roles, with the table that was reviewed. None of these does what the administrator may not, or makes
// something by which somebody logs in when it is over. (Who hands on an administrator's role hands on what that may do for
// others: make users, and grant them roles.) S-041, S-045, S-047, S-050, S-054, S-058, S-063
func TestDelegation(t *testing.T) {
	env := testenv.New(t, behindFront)
	_, ids := callers(t, env)
	all := delegates(t, env, ids, "admin")
	before := doors(t, env, ids)
	reviewed := readTable(t, delegationFile)
	var table strings.Builder
	fmt.Fprintf(&table, "# What each route answers to an administrator of a project, directly and through what they handed on: see delegation_test.go.\n")
	fmt.Fprintf(&table, "# %-95s direct  application credential: restricted unrestricted ruled  trust: plain acting  EC2  OAuth 1, 2  certificate: bound token, no token\n", "")
	n := 2000000
	answers := map[string][]string{}
	for i, c := range all {
		for _, rt := range httpapi.Routes() {
			if rt.Open {
				continue
			}
			n++
			name := rt.Method + " " + rt.Path
			path, body := shape(rt, ids, n)
			status := fmt.Sprint(c.Do(rt.Method, path, body).Status)
			answers[name] = append(answers[name], status)
			if i == 0 {
				continue
			}
			reads := rt.Method == "GET" || rt.Method == "HEAD"
			nothing := (reads || rt.Method == "DELETE") && status == "404" // there was nothing of the kind
			switch {
			case c.kind == "ruled":
				if status != "401" && name != "GET /v3/users" && name != "GET /v3/auth/tokens" {
					t.Errorf("%s as ruled: %s, want 401: the access rules do not name it", name, status)
				}
			case c.kind == "EC2":
				if status != "403" {
					t.Errorf("%s as EC2: %s, want 403: services show it, nobody uses it", name, status)
				}
			case status != "403" && answers[name][0] == "403":
				t.Errorf("%s as %s: %s, and the administrator themself is refused", name, c.kind, status)
			case (!reads || closed(rt.Path, c.kind)) && lasting(rt.Path, c.kind) && status != "403" && !nothing:
				t.Errorf("%s as %s: %s, want 403", name, c.kind, status)
			}
		}
		after := doors(t, env, ids)
		if c.kind == "unrestricted" {
			before["application_credential"] = after["application_credential"]
		}
		if c.kind != "direct" {
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("%s leaves ways to log in, -before +after:\n%s", c.kind, diff)
			}
		}
		before = after
	}
	for _, rt := range httpapi.Routes() {
		if rt.Open {
			continue
		}
		name := rt.Method + " " + rt.Path
		row := answers[name]
		fmt.Fprintf(&table, "%-6s %-90s %s  %s  %s  %s  %s  %s\n", rt.Method, rt.Path, row[0],
			strings.Join(row[1:4], " "), strings.Join(row[4:6], " "), row[6], strings.Join(row[7:9], " "), strings.Join(row[9:], " "))
		if got, want := strings.Join(row, " "), reviewed[name]; !*update && got != want {
			t.Errorf("%s\n got %s\nwant %s of %s", name, got, want, delegationFile)
		}
	}
	if *update {
		if err := os.WriteFile(delegationFile, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// doors are all things by which anybody logs in but with a password of their own, and the passwords and options of the
// administrator of delegates and of whom they trust: rows by table.
func doors(t *testing.T, env *testenv.Env, ids map[string]string) map[string][]string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+env.Database()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := map[string][]string{}
	for table, stmt := range map[string]string{
		"application_credential": `SELECT "id" FROM "application_credential"`,
		"trust":                  `SELECT "id" || COALESCE("deleted_at", '') FROM "trust"`,
		"credential":             `SELECT "id" || "encrypted_blob" FROM "credential"`,
		"access_token":           `SELECT "id" FROM "access_token"`,
		"request_token":          `SELECT "id" || COALESCE("authorizing_user_id", '') FROM "request_token"`,
		"password": `SELECT p."password_hash" FROM "password" p JOIN "local_user" l ON l."id" = p."local_user_id"
			WHERE l."user_id" IN ('` + ids["user_id"] + `', '` + ids["trustee_id"] + `')`,
		"user_option": `SELECT "option_id" || "option_value" FROM "user_option" WHERE "user_id" IN ('` + ids["user_id"] + `', '` + ids["trustee_id"] + `')`,
	} {
		rows, err := db.QueryContext(t.Context(), stmt)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var row string
			if err := rows.Scan(&row); err != nil {
				t.Fatal(err)
			}
			all[table] = append(all[table], row)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // before the next statement
			t.Fatal(err)
		}
		slices.Sort(all[table])
	}
	return all
}

// TestDelegatesCannotTakeOver: none of the tokens that hand on an administrator's role gets at the administrator's own
// login, ends or reads what lets somebody log in, or becomes a token that is not bound like itself, here or in another cloud.
func TestDelegatesCannotTakeOver(t *testing.T) {
	env := testenv.New(t, behindFront)
	_, ids := callers(t, env)
	sign(t, env)
	all := delegates(t, env, ids, "admin")
	all[0].Patch(west, `{"service_provider": {"enabled": true}}`).Want(200)
	own := all[0].Post("/v3/credentials", `{"credential": {"type": "totp", "blob": "x", "user_id": "`+ids["user_id"]+`"}}`).Want(201).Get("credential.id")
	other := all[0].Post("/v3/users/"+ids["user_id"]+"/application_credentials", `{"application_credential": {"name": "other"}}`).
		Want(201).Get("application_credential.id")
	user := "/v3/users/" + ids["user_id"]
	for _, c := range all[1:] {
		refused := 403
		if c.kind == "ruled" {
			refused = 401
		}
		for _, id := range []string{own, ids["credential_id"]} {
			c.Delete("/v3/credentials/" + id).Want(refused)
			c.Get("/v3/credentials/" + id).Want(refused)
			c.Patch("/v3/credentials/"+id, `{"credential": {"blob": "y"}}`).Want(refused)
		}
		if c.kind != "unrestricted" {
			c.Delete(user + "/application_credentials/" + other).Want(refused)
		}
		c.Get(user + "/credentials/OS-EC2/" + ids["access"]).Want(refused)
		c.Delete(user + "/credentials/OS-EC2/" + ids["access"]).Want(refused)
		if c.kind != "trust" && c.kind != "acting" {
			c.Get("/v3/OS-TRUST/trusts/" + ids["handed_trust_id"]).Want(refused)
			c.Delete("/v3/OS-TRUST/trusts/" + ids["handed_trust_id"]).Want(refused)
		}
		for _, change := range []string{`"password": "new"`, `"options": {"multi_factor_auth_enabled": false}`} {
			c.Patch(user, `{"user": {`+change+`}}`).Want(refused)
		}
		if c.Token == "" {
			continue // there is none to exchange
		}
		for _, scope := range []string{"", `, "scope": "unscoped"`, `, "scope": ` + testenv.OnProjectID(ids["project_id"]), `, "scope": ` + testenv.OnSystem} {
			env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + c.Token + `"}}` + scope + `}}`).Want(403)
		}
		for _, path := range []string{"/v3/auth/OS-FEDERATION/saml2", "/v3/auth/OS-FEDERATION/saml2/ecp"} {
			if status := env.Post(path, assertionFor(c.Token, "west")).Status; status != 403 && (c.kind != "ruled" || status != 404) {
				t.Errorf("%s as %s: got %d, want 403", path, c.kind, status)
			}
		}
	}
	env.Post("/v3/auth/OS-FEDERATION/saml2", assertionFor(all[0].Token, "west")).Want(200)
}

// TestNarrowDelegation: a token by which an administrator hands a lesser role on may do nothing on any route that somebody
// with that role alone may not do about themself.
func TestNarrowDelegation(t *testing.T) {
	for _, role := range []string{"reader", "member", "manager"} {
		t.Run(role, func(t *testing.T) {
			env := testenv.New(t)
			people, ids := callers(t, env)
			all := delegates(t, env, ids, role)
			var plain caller
			for _, c := range people {
				if c.kind == "project "+role {
					plain = c
				}
			}
			itself := maps.Clone(ids)
			itself["user_id"] = env.Admin().Validate(plain.Token).Want(200).Get("token.user.id")
			n := 7000000
			for _, rt := range httpapi.Routes() {
				if rt.Open {
					continue
				}
				n++
				path, body := shape(rt, itself, n)
				if status := plain.Do(rt.Method, path, body).Status; status != 401 && status != 403 {
					continue
				}
				for _, c := range all[1:] {
					for _, about := range []string{ids["user_id"], ids["trustee_id"]} {
						n++
						named := maps.Clone(ids)
						named["user_id"] = about
						path, body := shape(rt, named, n)
						if status := c.Do(rt.Method, path, body).Status; status != 401 && status != 403 {
							t.Errorf("%s %s as %s: got %d, and whoever has the role alone is refused", rt.Method, path, c.kind, status)
						}
					}
				}
			}
		})
	}
}

// lasting tells whether a route makes or ends what lets somebody log in, and is closed to that kind of token.
func lasting(path, kind string) bool {
	switch {
	case strings.Contains(path, "/application_credentials"):
		return kind != "unrestricted"
	case strings.Contains(path, "/access_rules"):
		return kind != "restricted" && kind != "unrestricted" && kind != "OAuth 2"
	}
	return strings.Contains(path, "/OS-TRUST/") || strings.Contains(path, "/credentials") || strings.Contains(path, "/OS-OAUTH1/a") // authorize and access tokens
}

// closed tells whether that kind of token may not even look.
func closed(path, kind string) bool {
	return strings.HasSuffix(path, "/OS-OAUTH1/access_tokens") || strings.Contains(path, "/OS-TRUST/") && kind != "trust" && kind != "acting"
}
