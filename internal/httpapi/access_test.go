package httpapi_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

var update = flag.Bool("update", false, "write testdata/access.txt anew; review what changes")

const accessFile = "testdata/access.txt"

// caller is a kind of caller and a token of it.
type caller struct {
	kind string
	*testenv.Actor
}

// callers logs in one user for each kind: nobody, a user with one role on a project, a domain or the system, a service.
// All of them live in one domain. ids are of things in that domain, by the names of path arguments.
func callers(t testing.TB, env *testenv.Env) (all []caller, ids map[string]string) {
	t.Helper()
	admin := env.Admin()
	made := func(path, key, body string) string {
		t.Helper()
		return admin.Post("/v3/"+path, body).Want(201).Get(key + ".id")
	}
	domain := made("domains", "domain", `{"domain": {"name": "shop"}}`)
	in := `, "domain_id": "` + domain + `"`
	ids = map[string]string{
		"domain_id":       domain,
		"project_id":      made("projects", "project", `{"project": {"name": "web"`+in+`}}`),
		"user_id":         made("users", "user", `{"user": {"name": "victim", "password": "secret"`+in+`}}`),
		"group_id":        made("groups", "group", `{"group": {"name": "staff"`+in+`}}`),
		"plain_role_id":   made("roles", "role", `{"role": {"name": "plain"}}`),
		"prior_role_id":   made("roles", "role", `{"role": {"name": "prior"}}`),
		"implied_role_id": made("roles", "role", `{"role": {"name": "implied"}}`),
		"region_id":       made("regions", "region", `{"region": {"id": "north"}}`),
		"service_id":      made("services", "service", `{"service": {"type": "compute"}}`),
		"value":           "blue",
		"group":           "ldap",
		"option":          "url",
		"policy_id":       made("policies", "policy", `{"policy": {"blob": "x", "type": "y"}}`),

		"endpoint_group_id": made("OS-EP-FILTER/endpoint_groups", "endpoint_group", `{"endpoint_group": {"name": "e", "filters": {"interface": "public"}}}`),
	}
	ids["service_provider_id"] = "west"
	admin.Put("/v3/OS-FEDERATION/service_providers/west", `{"service_provider": {"auth_url": "https://west/v3", "sp_url": "https://west/sp"}}`).Want(201)
	ids["credential_id"] = made("credentials", "credential", `{"credential": {"type": "cert", "blob": "x", "user_id": "`+ids["user_id"]+`"}}`)
	ids["endpoint_id"] = made("endpoints", "endpoint", `{"endpoint": {"interface": "public", "url": "http://x", "service_id": "`+ids["service_id"]+`"}}`)
	ids["mapping_id"], ids["idp_id"], ids["protocol_id"] = "rules", "corp", "saml2"
	admin.Put("/v3/OS-FEDERATION/mappings/rules", someRules).Want(201)
	admin.Put("/v3/OS-FEDERATION/identity_providers/corp", `{"identity_provider": {"domain_id": "`+domain+`"}}`).Want(201)
	admin.Put("/v3/OS-FEDERATION/identity_providers/corp/protocols/saml2", `{"protocol": {"mapping_id": "rules"}}`).Want(201)
	registered := func(resource string) string {
		return admin.Post("/v3/registered_limits", `{"registered_limits": [{"service_id": "`+ids["service_id"]+`", "resource_name": "`+resource+`",
			"default_limit": 1}]}`).Want(201).Get("registered_limits.0.id")
	}
	ids["registered_limit_id"] = registered("ram")
	registered("cores")
	ids["limit_id"] = admin.Post("/v3/limits", `{"limits": [{"service_id": "`+ids["service_id"]+`", "resource_name": "cores",
		"resource_limit": 1, "domain_id": "`+domain+`"}]}`).Want(201).Get("limits.0.id")
	admin.Put("/v3/domains/"+domain+"/config", `{"config": {"ldap": {"url": "x"}}}`).Want(201)
	admin.Put("/v3/groups/"+ids["group_id"]+"/users/"+ids["user_id"], nil).Want(204)
	admin.Put("/v3/roles/"+ids["prior_role_id"]+"/implies/"+ids["implied_role_id"], nil).Want(201)
	admin.Put("/v3/projects/"+ids["project_id"]+"/tags/"+ids["value"], nil).Want(201)
	roles := map[string]string{}
	for _, r := range admin.Get("/v3/roles").Want(200).List("roles") {
		roles[r.(object)["name"].(string)] = r.(object)["id"].(string)
	}
	ids["role_id"] = roles["member"]
	granted := "/v3/projects/" + ids["project_id"] + "/users/" + ids["user_id"] + "/roles/" + ids["role_id"]
	admin.Put(granted, nil).Want(204)
	victim := env.Authenticate(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + ids["user_id"] + `", "password": "secret"}}},
		"scope": ` + testenv.OnProjectID(ids["project_id"]) + `}}`).Want(201).Actor()
	handed := victim.Post("/v3/users/"+ids["user_id"]+"/application_credentials", `{"application_credential": {"name": "a", "access_rules": [
		{"service": "compute", "method": "GET", "path": "/"}]}}`).Want(201)
	ids["application_credential_id"] = handed.Get("application_credential.id")
	ids["access_rule_id"] = handed.Get("application_credential.access_rules.0.id")
	ids["trust_id"] = victim.Post("/v3/OS-TRUST/trusts", `{"trust": {"trustor_user_id": "`+ids["user_id"]+`", "trustee_user_id": "`+ids["user_id"]+`",
		"impersonation": false, "project_id": "`+ids["project_id"]+`", "roles": [{"name": "member"}]}}`).Want(201).Get("trust.id")
	consumer := env.NewConsumer()
	ids["consumer_id"] = consumer.Key
	ids["request_token_id"] = consumer.With(consumer.RequestToken(env, ids["project_id"]).Want(201)).Token
	asked := consumer.With(consumer.RequestToken(env, ids["project_id"]).Want(201))
	asAdmin := "/v3/projects/" + ids["project_id"] + "/users/" + ids["user_id"] + "/roles/" + roles["admin"]
	admin.Put(asAdmin, nil).Want(204)
	verifier := victim.Put("/v3/OS-OAUTH1/authorize/"+asked.Token, `{"roles": [{"name": "member"}]}`).Want(200).Get("token.oauth_verifier")
	ids["access_token_id"] = consumer.With(asked.AccessToken(env, verifier).Want(201)).Token
	admin.Delete(asAdmin).Want(204)
	admin.Delete(granted).Want(204)
	all = []caller{{"none", env.Actor}}
	login := func(role, on, target, scope string) {
		t.Helper()
		kind := on + " " + role
		id := made("users", "user", `{"user": {"name": "`+kind+`", "password": "secret"`+in+`}}`)
		admin.Put("/v3/"+target+"/users/"+id+"/roles/"+roles[role], nil).Want(204)
		body := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + id + `", "password": "secret"}}}, "scope": ` + scope + `}}`
		all = append(all, caller{kind, env.Authenticate(body).Want(201).Actor()})
	}
	for _, role := range []string{"reader", "member", "manager", "admin"} {
		login(role, "project", "projects/"+ids["project_id"], testenv.OnProjectID(ids["project_id"]))
	}
	for _, role := range []string{"reader", "member", "manager", "admin"} {
		login(role, "domain", "domains/"+domain, testenv.OnDomainID(domain))
	}
	for _, role := range []string{"reader", "member", "manager", "admin"} {
		login(role, "system", "system", testenv.OnSystem)
	}
	login("service", "project", "projects/"+ids["project_id"], testenv.OnProjectID(ids["project_id"]))
	return all, ids
}

const someRules = `{"mapping": {"rules": [{"local": [{"user": {"name": "x"}}], "remote": [{"type": "REMOTE_USER"}]}]}}`

// bodies are those of requests that the schema of a route would refuse as they are made up by default.
var bodies = map[string]string{
	"POST /v3/auth/tokens":                                               `{}`,
	"POST /v3/users/{user_id}/application_credentials":                   `{"application_credential": {"name": "{n}"}}`,
	"PUT /v3/lintel/users/{user_id}/surface":                             `{"surface": {"kind": "person", "portal_login": true, "api_login": true}}`,
	"POST /v3/lintel/accounts":                                           `{"account": {"email": "{n}", "project": "x", "role": {"id": "{role_id}"}}}`,
	"POST /v3/lintel/projects/{project_id}/api_users":                    `{"api_user": {"name": "ci", "roles": [{"id": "{role_id}"}]}}`,
	"POST /v3/lintel/projects/{project_id}/api_users/{user_id}/password": `{"api_user": {}}`,
	"PATCH /v3/lintel/projects/{project_id}/api_users/{user_id}":         `{"api_user": {"enabled": false}}`,
	"PATCH /v3/lintel/projects/{project_id}/rules":                       `{"rules": {"access_days": 30}}`,
	"PATCH /v3/lintel/domains/{domain_id}/rules":                         `{"rules": {"password_kinds": 1}}`,
	"POST /v3/users/{user_id}/credentials/OS-EC2":                        `{"tenant_id": "{project_id}"}`,
	"POST /v3/OS-TRUST/trusts":                                           `{"trust": {"trustor_user_id": "{user_id}", "trustee_user_id": "{user_id}", "impersonation": false}}`,
	"POST /v3/ec2tokens":                                                 `{"credentials": {"access": "unknown"}}`,
	"POST /v3/s3tokens":                                                  `{"credentials": {"access": "unknown"}}`,
	"POST /v3/OS-OAUTH1/consumers":                                       `{"consumer": {}}`,
	"PATCH /v3/OS-OAUTH1/consumers/{consumer_id}":                        `{"consumer": {"description": "x"}}`,
	"POST /v3/credentials":                                               `{"credential": {"type": "cert", "blob": "x", "user_id": "{user_id}"}}`,
	"POST /v3/endpoints":                                                 `{"endpoint": {"interface": "public", "url": "http://x", "service_id": "{service_id}"}}`,
	"POST /v3/limits":                                                    `{"limits": [{"service_id": "{service_id}", "resource_name": "cores", "resource_limit": 1, "project_id": "{project_id}"}]}`,
	"POST /v3/registered_limits":                                         `{"registered_limits": [{"service_id": "{service_id}", "resource_name": "{n}", "default_limit": 1}]}`,
	"PUT /v3/domains/{domain_id}/config":                                 `{"config": {"ldap": {"url": "x"}}}`,
	"PATCH /v3/domains/{domain_id}/config":                               `{"config": {"ldap": {"url": "x"}}}`,
	"PATCH /v3/domains/{domain_id}/config/{group}":                       `{"config": {"ldap": {"url": "x"}}}`,
	"PATCH /v3/domains/{domain_id}/config/{group}/{option}":              `{"config": {"url": "x"}}`,
	"POST /v3/OS-EP-FILTER/endpoint_groups":                              `{"endpoint_group": {"name": "g", "filters": {"interface": "public"}}}`,
	"POST /v3/policies":                                                  `{"policy": {"blob": "x", "type": "y"}}`,
	"POST /v3/regions":                                                   `{"region": {"description": "x"}}`,
	"POST /v3/services":                                                  `{"service": {"type": "x"}}`,
	"POST /v3/roles":                                                     `{"role": {"name": "{n}"}}`,
	"POST /v3/domains":                                                   `{"domain": {"name": "{n}"}}`,
	"POST /v3/users/{user_id}/password":                                  `{"user": {"password": "new", "original_password": "old"}}`,
	"PATCH /v3/credentials/{credential_id}":                              `{"credential": {"blob": "x"}}`,
	"PATCH /v3/endpoints/{endpoint_id}":                                  `{"endpoint": {"interface": "public"}}`,
	"PATCH /v3/policies/{policy_id}":                                     `{"policy": {"type": "z"}}`,
	"PATCH /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}":         `{"endpoint_group": {"description": "x"}}`,
	"PUT /v3/projects/{project_id}/tags":                                 `{"tags": ["{value}"]}`,
	"PUT /v3/regions/{region_id}":                                        `{"region": {}}`,

	"POST /v3/lintel/users":       `{"user": {"name": "{n}", "domain": {"id": "{domain_id}"}, "project": {"id": "{project_id}"}, "roles": [{"id": "{role_id}"}], "invite": true}}`,
	"POST /v3/lintel/invitations": `{"invitations": {"addresses": ["x@shop.example"], "project": {"id": "{project_id}"}, "roles": [{"id": "{role_id}"}]}}`,
	"POST /v3/lintel/projects/{project_id}/invitations/{invitation_id}": `{}`,

	"POST /v3/lintel/projects/{project_id}/contacts":               `{"contact": {"name": "{n}", "address": "x@shop.example", "topics": ["quota"]}}`,
	"PATCH /v3/lintel/profile":                                     `{"profile": {"zone": "Europe/Berlin"}}`,
	"POST /v3/lintel/profile/address":                              `{"address": {"email": "x@shop.example"}}`,
	"PUT /v3/lintel/roles/{role_id}/profile":                       `{"profile": {"category": "x"}}`,
	"PUT /v3/lintel/projects/{project_id}/portal_users/{user_id}":  `{"portal_user": {"areas": ["contacts"]}}`,
	"PATCH /v3/lintel/projects/{project_id}/contacts/{contact_id}": `{"contact": {"topics": ["quota"]}}`,
	"POST /v3/lintel/projects/{project_id}/notices":                `{"notice": {"topic": "quota", "subject": "x", "text": "y"}}`,

	"POST /v3/lintel/grant_requests/{grant_request_id}/refusal": `{"refusal": {"reason": "x"}}`,
	"POST /v3/lintel/sign_ups/{sign_up_id}/approval":            `{"approval": {}}`,
	"POST /v3/lintel/sign_ups/{sign_up_id}/refusal":             `{"refusal": {"reason": "x"}}`,
	"POST /v3/lintel/mail/bounces":                              `{"bounce": {"mail_id": "x"}}`,

	"POST /v3/lintel/grants":      `{"grants": {"user": {"id": "{user_id}"}, "project": {"id": "{project_id}"}, "roles": [{"id": "{role_id}"}], "expires_at": "2100-01-01T00:00:00Z"}}`,
	"PUT /v3/lintel/grant_rules":  `{"grant_rules": {"preset": "keystone-default", "rehearse": true}}`,
	"POST /v3/lintel/grant_rules": `{"grant_rule": {"holder_role": {"id": "{plain_role_id}"}, "target_role": {"id": "{implied_role_id}"}, "may_revoke": true}}`,

	"PUT /v3/OS-FEDERATION/service_providers/{service_provider_id}":   `{"service_provider": {"auth_url": "https://x/v3", "sp_url": "https://x/sp"}}`,
	"PATCH /v3/OS-FEDERATION/service_providers/{service_provider_id}": `{"service_provider": {"description": "x"}}`,

	"PUT /v3/OS-FEDERATION/identity_providers/{idp_id}":                           `{"identity_provider": {}}`,
	"PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}":                         `{"identity_provider": {"description": "x"}}`,
	"PUT /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}":   `{"protocol": {"mapping_id": "{mapping_id}"}}`,
	"PATCH /v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}": `{"protocol": {"mapping_id": "{mapping_id}"}}`,
	"PUT /v3/OS-FEDERATION/mappings/{mapping_id}":                                 someRules,
	"PATCH /v3/OS-FEDERATION/mappings/{mapping_id}":                               someRules,
}

var pathArgument = regexp.MustCompile(`\{\w+\}`)

// shape gives a request of the right shape about things in the callers' domain. What would be gone for the next caller is
// asked about by an id that is nobody's: 404 then means that the caller may.
func shape(rt httpapi.Route, ids map[string]string, n int) (path, body string) {
	fill := func(s string) string {
		name := s[1 : len(s)-1]
		switch {
		case name == "n":
			return fmt.Sprint("made ", n)
		case name == "role_id" && strings.HasPrefix(rt.Path, "/v3/roles/"):
			name = "plain_role_id" // those that come with the cloud cannot be changed
		}
		if id := ids[name]; id != "" {
			return id
		}
		return s
	}
	path = rt.Path
	if rt.Method == "DELETE" {
		path = pathArgument.ReplaceAllLiteralString(path, "0123456789abcdef0123456789abcdef")
	}
	body, ok := bodies[rt.Method+" "+rt.Path]
	if entity := strings.TrimSuffix(strings.Split(path+"/", "/")[2], "s"); !ok && rt.Method == "POST" {
		body = `{"` + entity + `": {"name": "{n}", "domain_id": "{domain_id}"}}`
	} else if !ok && rt.Method == "PATCH" {
		body = `{"` + entity + `": {"description": "x"}}`
	}
	return pathArgument.ReplaceAllStringFunc(path, fill), pathArgument.ReplaceAllStringFunc(body, fill)
}

// TestAccess compares what each route answers to each kind of caller with the table that was reviewed. S-066
func TestAccess(t *testing.T) {
	env := testenv.New(t)
	all, ids := callers(t, env)
	reviewed := readTable(t, accessFile)
	var table strings.Builder
	fmt.Fprintf(&table, "# What each route answers to each kind of caller: see access_test.go. r, m, M, a: reader, member, manager, admin.\n")
	fmt.Fprintf(&table, "# %-83s nobody  project r   m   M   a  domain r   m   M   a  system r   m   M   a  service\n", "")
	n := 0
	for _, rt := range httpapi.Routes() {
		row := make([]string, len(all))
		for i, c := range all {
			n++
			path, body := shape(rt, ids, n)
			row[i] = fmt.Sprint(c.Do(rt.Method, path, body).Status)
		}
		name := rt.Method + " " + rt.Path
		fmt.Fprintf(&table, "%-6s %-78s %s     %s     %s     %s     %s\n", rt.Method, rt.Path, row[0],
			strings.Join(row[1:5], " "), strings.Join(row[5:9], " "), strings.Join(row[9:13], " "), row[13])
		if got, want := strings.Join(row, " "), reviewed[name]; !*update && got != want {
			if want == "" {
				t.Errorf("%s has no row in %s", name, accessFile)
			} else {
				t.Errorf("%s\n got %s\nwant %s", name, got, want)
			}
		}
		for i, status := range row {
			if status >= "500" {
				t.Errorf("%s as %s: %s", name, all[i].kind, status)
			}
		}
		delete(reviewed, name)
	}
	if *update {
		if err := os.WriteFile(accessFile, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name := range reviewed {
		t.Errorf("%s stands in %s and is no route", name, accessFile)
	}
}

// readTable reads rows of statuses by method and path.
func readTable(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if os.IsNotExist(err) && *update {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && fields[0] != "#" {
			rows[fields[0]+" "+fields[1]] = strings.Join(fields[2:], " ")
		}
	}
	return rows
}

// TestRequestsSayNothingOfTheCaller: who may not do a thing may not do it either when the request itself says who asks,
// about what, and that they may. S-067
func TestRequestsSayNothingOfTheCaller(t *testing.T) {
	env := testenv.New(t)
	all, ids := callers(t, env)
	admin := env.Admin()
	adminID := admin.Validate(admin.Token).Want(200).Get("token.user.id")
	claims := fmt.Sprintf(`"user_id": %q, "domain_id": "default", "project_id": %q, "is_admin": true, "is_admin_project": true, "roles": ["admin"],
		"system_scope": "all", "target": {"user": {"id": %[1]q, "domain_id": "default"}, "domain_id": "default"},
		"token": {"user": {"id": %[1]q}, "roles": [{"name": "admin"}]}, "credentials": {"roles": ["admin"], "is_admin": true}`,
		adminID, ids["project_id"])
	query := "?user_id=" + adminID + "&domain_id=default&project_id=" + ids["project_id"] + "&is_admin=1&is_admin_project=True&roles=admin&system_scope=all" +
		"&target.user.id=" + adminID + "&target.domain_id=default&token=" + admin.Token + "&credentials=admin"
	headers := []string{
		"X-User-Id", adminID, "X-Roles", "admin", "X-Is-Admin", "1", "X-Is-Admin-Project", "True", "X-Domain-Id", "default",
		"OpenStack-System-Scope", "all", "X-Identity-Status", "Confirmed", "X-Service-Token", admin.Token,
	}
	n := 1000000
	for _, rt := range httpapi.Routes() {
		for _, c := range all {
			if c.kind != "none" && c.kind != "project member" && c.kind != "domain reader" {
				continue
			}
			n++
			path, body := shape(rt, ids, n)
			plain := c.Do(rt.Method, path, body).Status
			if plain != 401 && plain != 403 {
				continue
			}
			with := "{" + claims + strings.Replace(body, "{", ", ", min(1, len(body)))
			if body == "" {
				with += "}"
			}
			for what, r := range map[string]*testenv.Response{
				"query":   c.Do(rt.Method, path+query, body),
				"body":    c.Do(rt.Method, path, with),
				"headers": c.Do(rt.Method, path, body, headers...),
			} {
				if r.Status != plain && r.Status != 400 {
					t.Errorf("%s %s as %s: %d when the %s claims more, else %d", rt.Method, path, c.kind, r.Status, what, plain)
				}
			}
		}
	}
}
