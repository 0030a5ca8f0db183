package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

const delegationFile = "testdata/delegation.txt"

// delegates logs an administrator of a project in, then with each kind of token that hands on all of their roles there.
// The user_id of ids becomes the administrator's.
func delegates(t *testing.T, env *testenv.Env, ids map[string]string) []caller {
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
	var role string
	for _, r := range admin.Get("/v3/roles?name=admin").Want(200).Texts("roles", "id") {
		role = r
	}
	admin.Put("/v3/projects/"+ids["project_id"]+"/users/"+owner+"/roles/"+role, nil).Want(204)
	direct := login(owner, testenv.OnProjectID(ids["project_id"]))
	all := []caller{{"direct", direct}}
	for _, unrestricted := range []bool{false, true} {
		c := direct.Post("/v3/users/"+owner+"/application_credentials", object{"application_credential": object{
			"name": fmt.Sprint("unrestricted ", unrestricted), "unrestricted": unrestricted, "secret": "secret",
		}}).Want(201).Get("application_credential.id")
		kind := "restricted"
		if unrestricted {
			kind = "unrestricted"
		}
		all = append(all, caller{kind, env.Authenticate(`{"auth": {"identity": {"methods": ["application_credential"],
			"application_credential": {"id": "` + c + `", "secret": "secret"}}}}`).Want(201).Actor()})
	}
	for kind, acting := range map[string]bool{"trust": false, "acting": true} {
		trust := direct.Post("/v3/OS-TRUST/trusts", object{"trust": object{
			"trustor_user_id": owner, "trustee_user_id": trustee, "impersonation": acting, "project_id": ids["project_id"], "roles": []object{{"id": role}},
		}}).Want(201).Get("trust.id")
		all = append(all, caller{kind, login(trustee, `{"OS-TRUST:trust": {"id": "`+trust+`"}}`)})
	}
	if all[3].kind == "acting" {
		all[3], all[4] = all[4], all[3]
	}
	key := direct.Post("/v3/users/"+owner+"/credentials/OS-EC2", object{"tenant_id": ids["project_id"]}).Want(201)
	all = append(all, caller{"EC2", admin.Post("/v3/ec2tokens", object{"credentials": signed(
		key.Get("credential.access"), key.Get("credential.secret"), env.Clock.Now())}).Want(200).Actor()})
	consumer := env.NewConsumer()
	asked := consumer.With(consumer.RequestToken(env, ids["project_id"]).Want(201))
	verifier := direct.Put("/v3/OS-OAUTH1/authorize/"+asked.Token, object{"roles": []object{{"id": role}}}).Want(200).Get("token.oauth_verifier")
	all = append(all, caller{"OAuth 1", consumer.With(asked.AccessToken(env, verifier).Want(201)).LogIn(env).Want(201).Actor()})
	ids["user_id"] = owner
	return all
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
// something that outlives it. S-041, S-045, S-047, S-063
func TestDelegation(t *testing.T) {
	env := testenv.New(t)
	_, ids := callers(t, env)
	all := delegates(t, env, ids)
	reviewed := readTable(t, delegationFile)
	var table strings.Builder
	fmt.Fprintf(&table, "# What each route answers to an administrator of a project, directly and through what they handed on: see delegation_test.go.\n")
	fmt.Fprintf(&table, "# %-95s direct  application credential: restricted unrestricted  trust: plain acting  EC2  OAuth 1\n", "")
	n := 2000000
	for _, rt := range httpapi.Routes() {
		if rt.Open {
			continue
		}
		row := make([]string, len(all))
		for i, c := range all {
			n++
			path, body := shape(rt, ids, n)
			row[i] = fmt.Sprint(c.Do(rt.Method, path, body).Status)
		}
		name := rt.Method + " " + rt.Path
		for i, c := range all[1:] {
			status := row[i+1]
			if status != "403" && row[0] == "403" {
				t.Errorf("%s as %s: %s, and the administrator themself is refused", name, c.kind, status)
			}
			nothing := rt.Method == "DELETE" && status == "404" // there was nothing to delete
			reads := rt.Method == "GET" || rt.Method == "HEAD"
			if !reads && lasting(rt.Path, c.kind) && status != "403" && !nothing {
				t.Errorf("%s as %s: %s, want 403", name, c.kind, status)
			}
		}
		fmt.Fprintf(&table, "%-6s %-90s %s  %s %s  %s %s  %s  %s\n", rt.Method, rt.Path, row[0], row[1], row[2], row[3], row[4], row[5], row[6])
		if got, want := strings.Join(row, " "), reviewed[name]; !*update && got != want {
			t.Errorf("%s\n got %s\nwant %s of %s", name, got, want, delegationFile)
		}
	}
	if *update {
		if err := os.WriteFile(delegationFile, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	// Nor do they get at the administrator's own login, or a token that is not bound like theirs.
	for _, c := range all[1:] {
		c.Delete("/v3/credentials/" + ids["credential_id"]).Want(403)
		for _, change := range []string{`"password": "new"`, `"options": {"multi_factor_auth_enabled": false}`} {
			c.Patch("/v3/users/"+ids["user_id"], `{"user": {`+change+`}}`).Want(403)
		}
		for _, scope := range []string{"", `, "scope": "unscoped"`, `, "scope": ` + testenv.OnProjectID(ids["project_id"])} {
			env.Authenticate(`{"auth": {"identity": {"methods": ["token"], "token": {"id": "` + c.Token + `"}}` + scope + `}}`).Want(403)
		}
	}
}

// lasting tells whether a route makes or ends what lets somebody log in, and is closed to that kind of token.
func lasting(path, kind string) bool {
	switch {
	case strings.Contains(path, "/application_credentials"):
		return kind != "unrestricted"
	case strings.Contains(path, "/access_rules"):
		return kind != "restricted" && kind != "unrestricted"
	}
	return strings.Contains(path, "/OS-TRUST/") || strings.Contains(path, "/credentials") || strings.Contains(path, "/OS-OAUTH1/a") // authorize and access tokens
}
