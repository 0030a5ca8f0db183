package httpapi_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

// contractFile lists every route of Keystone with the status of a success and the rules that it asks. What is refused by
// design has the status of the refusal.
const contractFile = "testdata/routes.tsv"

type contractRow struct {
	method, path, area string
	statuses           []int
	rules              []string
	head               int // the status of HEAD, if the row says one
}

func readContract(t *testing.T) (rows []contractRow) {
	t.Helper()
	f, err := os.Open(contractFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 7 || fields[0] == "method" {
			continue
		}
		row := contractRow{method: fields[0], path: fields[1], area: fields[2]}
		for s := range strings.SplitSeq(fields[3], " or ") {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			row.statuses = append(row.statuses, n)
		}
		if fields[4] != "-" {
			row.rules = strings.Split(fields[4], "|")
			slices.Sort(row.rules)
		}
		if _, after, ok := strings.Cut(fields[6], "HEAD "); ok {
			row.head, _ = strconv.Atoi(after[:min(3, len(after))])
			if strings.HasPrefix(after, "same") {
				row.head = row.statuses[0]
			}
		}
		rows = append(rows, row)
	}
	if len(rows) != 259 {
		t.Fatalf("%d rows in %s", len(rows), contractFile)
	}
	return rows
}

// bare is a path without the names of its arguments.
func bare(path string) string { return pathArgument.ReplaceAllString(path, "{}") }

// TestContract: every route of Keystone is here, asks the same rules, and succeeds with the same status; it asks who calls
// unless it is open on purpose, and the OpenAPI document knows it.
func TestContract(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	text, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	here := map[string]httpapi.Route{}
	for _, rt := range httpapi.Routes() {
		here[rt.Method+" "+bare(rt.Path)] = rt
	}
	for _, row := range readContract(t) {
		name := row.method + " " + row.path
		if row.statuses[0] == 405 || row.path == "/healthcheck" {
			for _, who := range []*testenv.Actor{env.Actor, admin} {
				if got := who.Do(row.method, fill(row.path), nil).Status; got != row.statuses[0] {
					t.Errorf("%s: got %d, want %d", name, got, row.statuses[0])
				}
				if row.head != 0 {
					if got := who.Head(fill(row.path)).Status; got != row.head {
						t.Errorf("HEAD %s: got %d, want %d", row.path, got, row.head)
					}
				}
			}
			continue
		}
		rt, ok := here[row.method+" "+bare(row.path)]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		rules := make([]string, len(rt.Actions))
		for i, a := range rt.Actions {
			rules[i] = string(a)
		}
		slices.Sort(rules)
		if !slices.Equal(rules, row.rules) {
			t.Errorf("%s asks %v, want %v", name, rules, row.rules)
		}
		if rt.Open != open[rt.Method+" "+rt.Path] || rt.Open != (row.rules == nil) {
			t.Errorf("%s: open is %v, and it asks %v", name, rt.Open, row.rules)
		}
		for _, want := range row.statuses {
			if !slices.Contains(rt.Successes, want) {
				t.Errorf("%s succeeds with %v, want %d", name, rt.Successes, want)
			}
		}
		path := doc.Paths.Value(rt.Path)
		if path == nil || path.GetOperation(rt.Method) == nil {
			t.Errorf("%s is not in the OpenAPI document", name)
		}
	}
}

// proper are requests for a success, where shape makes none. {ids} are filled in; those that are not in callers come from
// whole.
var proper = map[string]struct {
	path, body, subject string
	headers             []string
}{
	"POST /v3/auth/tokens":                                                      {body: `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "{user_id}", "password": "secret"}}}}}`},
	"GET /v3/auth/tokens":                                                       {subject: "token"},
	"DELETE /v3/auth/tokens":                                                    {subject: "token"},
	"POST /v3/auth/OS-FEDERATION/saml2":                                         {body: `{"auth": {{saml}}}`},
	"POST /v3/auth/OS-FEDERATION/saml2/ecp":                                     {body: `{"auth": {{saml}}}`},
	"POST /v3/users/{user_id}/password":                                         {path: "/v3/users/{new_user_id}/password", body: `{"user": {"password": "new", "original_password": "secret"}}`},
	"PUT /v3/projects/{project_id}/tags/{value}":                                {path: "/v3/projects/{project_id}/tags/new"},
	"PUT /v3/regions/{region_id}":                                               {path: "/v3/regions/new", body: `{"region": {}}`},
	"PUT /v3/domains/{domain_id}/config":                                        {body: `{"config": {"ldap": {"url": "x", "user": "y"}, "identity": {"driver": "sql"}}}`},
	"POST /v3/ec2tokens":                                                        {body: `{"credentials": {{ec2}}}`},
	"POST /v3/s3tokens":                                                         {body: `{"credentials": {{s3}}}`},
	"DELETE /v3/domains/{domain_id}":                                            {path: "/v3/domains/{old_domain_id}"},
	"PUT /v3/roles/{prior_role_id}/implies/{implied_role_id}":                   {path: "/v3/roles/{plain_role_id}/implies/{implied_role_id}"},
	"GET /v3/users/{user_id}/credentials/OS-EC2/{credential_id}":                {path: "/v3/users/{user_id}/credentials/OS-EC2/{access}"},
	"DELETE /v3/users/{user_id}/credentials/OS-EC2/{credential_id}":             {path: "/v3/users/{user_id}/credentials/OS-EC2/{access}"},
	"PUT /v3/OS-FEDERATION/identity_providers/{idp_id}":                         {path: "/v3/OS-FEDERATION/identity_providers/new", body: `{"identity_provider": {}}`},
	"PUT /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}": {path: "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/new"},
	"PUT /v3/OS-FEDERATION/mappings/{mapping_id}":                               {path: "/v3/OS-FEDERATION/mappings/new"},
	"PUT /v3/OS-FEDERATION/service_providers/{service_provider_id}":             {path: "/v3/OS-FEDERATION/service_providers/new"},
	"POST /v3/OS-OAUTH1/request_token":                                          {headers: []string{"Authorization", "{request_signature}", "Requested-Project-Id", "{project_id}"}},
	"POST /v3/OS-OAUTH1/access_token":                                           {headers: []string{"Authorization", "{access_signature}"}},
	"POST /v3/OS-OAUTH2/token":                                                  {body: "grant_type=client_credentials&client_id={client}&client_secret=secret", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}},
	"GET " + loginAt:                                                            {path: newcomer + "/auth", headers: asserted},
	"POST " + loginAt:                                                           {path: newcomer + "/auth", headers: asserted},
	"GET " + dashboardAt:                                                        {path: "/v3/auth" + newcomer[3:] + "/websso?origin=https://dash", headers: asserted},
	"POST " + dashboardAt:                                                       {path: "/v3/auth" + newcomer[3:] + "/websso?origin=https://dash", headers: asserted},
	"GET " + dashboardByName:                                                    {path: "/v3/auth/OS-FEDERATION/websso/mapped?origin=https://dash", headers: asserted},
	"POST " + dashboardByName:                                                   {path: "/v3/auth/OS-FEDERATION/websso/mapped?origin=https://dash", headers: asserted},
	"POST /v3/OS-TRUST/trusts":                                                  {body: `{"trust": {"trustor_user_id": "{user_id}", "trustee_user_id": "{user_id}", "impersonation": false, "project_id": "{project_id}", "roles": [{"name": "member"}]}}`},
}

// People come by an identity provider behind a web server, which asserts who they are.
const (
	loginAt         = "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth"
	dashboardAt     = "/v3/auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/websso"
	dashboardByName = "/v3/auth/OS-FEDERATION/websso/{protocol_id}"
	newcomer        = "/v3/OS-FEDERATION/identity_providers/works/protocols/mapped"
)

var asserted = []string{"X-Env-Uid", "ann", "X-Env-Issuer", "https://works"}

// behindWebServer believes the web server in front, which tests stand in for, and a dashboard.
func behindWebServer(c *config.Config) {
	c.Lintel.TrustedProxies, c.Lintel.EnvironPrefix = []string{"192.0.2.1"}, "X-Env-"
	c.Federation.RemoteIDAttribute, c.Federation.TrustedDashboard = "ISSUER", []string{"https://dash"}
}

// whole adds to the things of callers what proper requests are about, and returns who sends them: administrators, and the
// user that ids name, on their project.
func whole(t *testing.T, env *testenv.Env, ids map[string]string) []*testenv.Actor {
	t.Helper()
	sign(t, env)
	admin := env.Admin()
	admin.Put("/v3/projects/"+ids["project_id"]+"/users/"+ids["user_id"]+"/roles/"+ids["role_id"], nil).Want(204)
	user := env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + ids["user_id"] + `", "password": "secret"}}},
		"scope": ` + testenv.OnProjectID(ids["project_id"]) + `}}`).Want(201).Actor()
	ids["token"] = env.Admin().Token
	ids["new_user_id"] = admin.Post("/v3/users", `{"user": {"name": "new", "password": "secret"}}`).Want(201).Get("user.id")
	ids["old_domain_id"] = admin.Post("/v3/domains", `{"domain": {"name": "old", "enabled": false}}`).Want(201).Get("domain.id")
	admin.Patch(west, `{"service_provider": {"enabled": true}}`).Want(200)
	ids["saml"] = `"identity": {"token": {"id": "` + user.Token + `"}}, "scope": {"service_provider": {"id": "west"}}`

	key := user.Post("/v3/users/"+ids["user_id"]+"/credentials/OS-EC2", `{"tenant_id": "`+ids["project_id"]+`"}`).Want(201)
	ids["access"] = key.Get("credential.access")
	seal := func(text string) string {
		mac := hmac.New(sha1.New, []byte(key.Get("credential.secret")))
		mac.Write([]byte(text))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	now := env.Clock.Now().Format("2006-01-02T15:04:05Z")
	ids["ec2"] = `"access": "` + ids["access"] + `", "host": "h", "verb": "GET", "path": "/", "signature": "` + seal("List"+now) + `",
		"params": {"SignatureVersion": "0", "Action": "List", "Timestamp": "` + now + `"}`
	ids["s3"] = `"access": "` + ids["access"] + `", "signature": "` + seal("text") + `", "token": "` + base64.URLEncoding.EncodeToString([]byte("text")) + `"`

	ids["client"] = user.Post("/v3/users/"+ids["user_id"]+"/application_credentials", `{"application_credential": {"name": "client", "secret": "secret"}}`).
		Want(201).Get("application_credential.id")
	admin.Put("/v3/OS-FEDERATION/mappings/by_uid", `{"mapping": {"rules": [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "UID"}]}]}}`).Want(201)
	admin.Put("/v3/OS-FEDERATION/identity_providers/works", `{"identity_provider": {"enabled": true, "remote_ids": ["https://works"]}}`).Want(201)
	admin.Put(newcomer, `{"protocol": {"mapping_id": "by_uid"}}`).Want(201)
	consumer := env.NewConsumer()
	const requests, accesses = "/v3/OS-OAUTH1/request_token", "/v3/OS-OAUTH1/access_token"
	ids["request_signature"] = consumer.Sign(env, requests, "oauth_callback", "oob")
	asked := consumer.With(consumer.RequestToken(env, ids["project_id"]).Want(201))
	admin.Put("/v3/projects/"+ids["project_id"]+"/users/"+env.Admin().Validate(admin.Token).Get("token.user.id")+"/roles/"+ids["role_id"], nil).Want(204)
	verifier := admin.Put("/v3/OS-OAUTH1/authorize/"+asked.Token, `{"roles": [{"id": "`+ids["role_id"]+`"}]}`).Want(200).Get("token.oauth_verifier")
	ids["access_signature"] = asked.Sign(env, accesses, "oauth_verifier", verifier)
	return []*testenv.Actor{admin, env.Login("admin", testenv.Password, testenv.OnSystem), user}
}

// TestContractIsAnswered: who may call a route gets the success that the contract says.
func TestContractIsAnswered(t *testing.T) {
	env := testenv.New(t, behindWebServer)
	_, ids := callers(t, env)
	actors := whole(t, env, ids)
	rows := readContract(t)
	// First what makes, then what shows and changes, last what deletes: the parts before the whole.
	when := func(r contractRow) int {
		switch r.method {
		case "PUT", "POST":
			return 0
		case "DELETE":
			late := 0
			switch r.path {
			case "/v3/users/{user_id}", "/v3/projects/{project_id}", "/v3/domains/{domain_id}", "/v3/auth/tokens":
				late = 100
			}
			return 100 - strings.Count(r.path, "/") + late
		}
		return 1
	}
	slices.SortStableFunc(rows, func(a, b contractRow) int { return when(a) - when(b) })
	n := 5000000
	for _, row := range rows {
		if row.statuses[0] == 405 {
			continue
		}
		name := row.method + " " + row.path
		var got []string
		for _, who := range actors {
			n++
			path, body := shape(httpapi.Route{Method: row.method, Path: row.path}, ids, n)
			if row.method == "DELETE" {
				path, _ = shape(httpapi.Route{Method: "GET", Path: row.path}, ids, n)
			}
			var headers []string
			if p, ok := proper[name]; ok {
				fill := func(s string) string {
					return pathArgument.ReplaceAllStringFunc(s, func(arg string) string { return ids[arg[1:len(arg)-1]] })
				}
				if p.path != "" {
					path = fill(p.path)
				}
				if p.body != "" {
					body = fill(p.body)
				}
				if p.subject != "" {
					headers = []string{"X-Subject-Token", ids[p.subject]}
				}
				for _, h := range p.headers {
					headers = append(headers, fill(h))
				}
			}
			r := who.Do(row.method, path, body, headers...)
			if !slices.Contains(row.statuses, r.Status) {
				got = append(got, strconv.Itoa(r.Status)+" "+r.Message())
				continue
			}
			if row.head != 0 {
				if h := who.Do("HEAD", path, nil, headers...); h.Status != row.head {
					t.Errorf("HEAD %s: got %d, want %d", row.path, h.Status, row.head)
				}
			}
			got = nil
			break
		}
		if got != nil {
			t.Errorf("%s: got %v, want %v", name, got, row.statuses)
		}
	}
}
