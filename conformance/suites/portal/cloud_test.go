package portal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Cloud is a server with a database of its own.
type Cloud struct {
	URL  string // without a path, as browsers spell it
	Sink *Sink

	t    testing.TB
	dir  string
	db   string
	conf string // more of its configuration
	log  string
	stop func()
	root *Client // the administrator of the system
}

var clouds atomic.Int64

// newCloud starts a server on a copy of a database.
func newCloud(t testing.TB, from, conf string) *Cloud {
	t.Helper()
	n := clouds.Add(1)
	c := &Cloud{t: t, db: fmt.Sprint("cloud", n), dir: filepath.Join(work, fmt.Sprint("cloud", n, ".d")), Sink: newSink(t), conf: conf}
	if err := copyDatabase(from, c.db); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dropDatabase(c.db); err != nil {
			t.Error(err)
		}
	})
	c.start()
	return c
}

// start serves the cloud with the seed's configuration, but for what is its own.
func (c *Cloud) start() {
	c.t.Helper()
	conf := string(must[[]byte](c.t)(os.ReadFile(filepath.Join(work, "seed.d", "keystone.conf"))))
	conf = strings.Replace(conf, "\nconnection = "+databaseURL("seed"), "\nconnection = "+databaseURL(c.db), 1)
	port := freePort(c.t)
	c.URL = fmt.Sprint("http://localhost:", port)
	conf += fmt.Sprintf("\n[lintel]\nsmtp_url = smtp://%s?starttls=off\nportal_url = %s/portal\n[DEFAULT]\npublic_endpoint = %s\n%s\n", c.Sink.Address, c.URL, c.URL, c.conf)
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	file := filepath.Join(c.dir, "keystone.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.log = filepath.Join(c.dir, "log")
	out := must[*os.File](c.t)(os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600))
	c.serve(out, "serve", "--config-file", file, "--listen", fmt.Sprint("127.0.0.1:", port))
	c.root = c.Login("admin", password, system)
	// Clients find the API by the catalogue.
	for _, e := range c.root.Get("/v3/endpoints").list("endpoints") {
		if !strings.HasPrefix(e["url"].(string), "http://localhost:") { // of another service
			continue
		}
		c.root.Patch("/v3/endpoints/"+e["id"].(string), map[string]any{"endpoint": map[string]any{"url": c.URL + "/v3"}})
	}
}

// serve starts a server that says to out what it does, and waits until it answers.
func (c *Cloud) serve(out *os.File, args ...string) {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(work, "lintel"), args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	c.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		out.Close()
	}
	c.t.Cleanup(func() { c.stop() })
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if r, err := http.Get(c.URL + "/v3"); err == nil {
			r.Body.Close()
			break
		}
		select {
		case <-ended:
			c.t.Fatalf("the server ended: %s", c.Said())
		default:
		}
		if time.Now().After(end) {
			c.t.Fatalf("the server does not answer: %s", c.Said())
		}
	}
}

// Said is what the server said.
func (c *Cloud) Said() string {
	text, _ := os.ReadFile(c.log)
	return string(text)
}

// Copy starts another server on what the cloud is now.
func (c *Cloud) Copy(t testing.TB) *Cloud { t.Helper(); return newCloud(t, c.db, c.conf) }

func freePort(t testing.TB) int {
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// databaseURL is as SQLAlchemy, and so keystone.conf, spells it.
func databaseURL(name string) string {
	switch os.Getenv("DB") {
	case "mariadb":
		return "mysql+pymysql://keystone:secret@127.0.0.1:" + os.Getenv("DB_PORT") + "/" + name + "?charset=utf8"
	case "postgresql":
		return "postgresql+psycopg2://root:secret@127.0.0.1:" + os.Getenv("DB_PORT") + "/" + name
	}
	return "sqlite:///" + filepath.Join(work, name+".sqlite")
}

// copyDatabase copies one that is in use.
func copyDatabase(from, to string) error {
	switch os.Getenv("DB") {
	case "mariadb":
		mariadb := "mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P $DB_PORT -u root"
		return shell(`set -o pipefail; ` + mariadb + ` -e "CREATE DATABASE ` + to + ` CHARACTER SET utf8mb3; GRANT ALL ON ` + to + `.* TO 'keystone'@'127.0.0.1' IDENTIFIED BY 'secret'" &&
			mariadb-dump --no-defaults --protocol=tcp -h 127.0.0.1 -P $DB_PORT -u root --single-transaction ` + from + ` | ` + mariadb + ` ` + to)
	case "postgresql":
		return shell(`set -o pipefail; at="-h 127.0.0.1 -p $DB_PORT -U root"; psql -X $at -q -c 'CREATE DATABASE ` + to + `' postgres && pg_dump $at ` + from + ` | psql -X $at -q -o /dev/null -v ON_ERROR_STOP=1 ` + to)
	}
	return shell(`python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("VACUUM INTO ?", (sys.argv[2],))' "$WORK/` + from + `.sqlite" "$WORK/` + to + `.sqlite"`)
}

func dropDatabase(name string) error {
	switch os.Getenv("DB") {
	case "mariadb":
		return shell(`mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P $DB_PORT -u root -e 'DROP DATABASE ` + name + `'`)
	case "postgresql":
		return shell(`psql -X -h 127.0.0.1 -p $DB_PORT -U root -q -c 'DROP DATABASE ` + name + ` WITH (FORCE)' postgres`)
	}
	return shell(`rm -f "$WORK/` + name + `".sqlite*`)
}

func shell(script string) error {
	out, err := exec.Command("bash", "-c", script).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, out)
	}
	return nil
}

// scope is what a token is for, as the API spells it.
type scope map[string]any

var system = scope{"system": map[string]any{"all": true}}

func onProject(name string) scope {
	return scope{"project": map[string]any{"name": name, "domain": map[string]any{"id": "default"}}}
}

func onDomain(name string) scope { return scope{"domain": map[string]any{"name": name}} }

// Client is somebody with a token at the API.
type Client struct {
	t     testing.TB
	cloud *Cloud
	Token string
	User  string // id
}

// Login takes a token for somebody of the default domain.
func (c *Cloud) Login(name, password string, on scope) *Client {
	c.t.Helper()
	status, header, body := c.login(name, password, on)
	if status != http.StatusCreated {
		c.t.Fatalf("%s cannot log in: %d %v", name, status, body)
	}
	return &Client{t: c.t, cloud: c, Token: header.Get("X-Subject-Token"), User: at(body, "token.user.id").(string)}
}

func (c *Cloud) login(name, password string, on scope) (int, http.Header, map[string]any) {
	c.t.Helper()
	auth := map[string]any{"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{
		"user": map[string]any{"name": name, "domain": map[string]any{"id": "default"}, "password": password}}}}
	if on != nil {
		auth["scope"] = on
	}
	return (&Client{t: c.t, cloud: c}).send("POST", "/v3/auth/tokens", map[string]any{"auth": auth})
}

// answer is the body of an answer.
type answer map[string]any

func (a answer) list(name string) (all []map[string]any) {
	items, _ := a[name].([]any)
	for _, item := range items {
		all = append(all, item.(map[string]any))
	}
	return all
}

// at is a value inside JSON, by the names on the way.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (a *Client) send(method, path string, body any, headers ...string) (int, http.Header, map[string]any) {
	a.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			a.t.Fatal(err)
		}
	}
	r := must[*http.Request](a.t)(http.NewRequest(method, a.cloud.URL+path, &b))
	r.Header.Set("Content-Type", "application/json")
	if a.Token != "" {
		r.Header.Set("X-Auth-Token", a.Token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := must[*http.Response](a.t)(http.DefaultClient.Do(r))
	defer answer.Body.Close()
	text := must[[]byte](a.t)(io.ReadAll(answer.Body))
	out := map[string]any{}
	if len(text) > 0 {
		_ = json.Unmarshal(text, &out) // what is no JSON is seen by the status
	}
	return answer.StatusCode, answer.Header, out
}

func (a *Client) want(method, path string, body any) answer {
	a.t.Helper()
	status, _, out := a.send(method, path, body)
	if status >= 300 {
		a.t.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	return out
}

func (a *Client) Get(path string) answer            { a.t.Helper(); return a.want("GET", path, nil) }
func (a *Client) Post(path string, body any) answer { a.t.Helper(); return a.want("POST", path, body) }
func (a *Client) Put(path string, body any) answer  { a.t.Helper(); return a.want("PUT", path, body) }
func (a *Client) Patch(path string, body any) answer {
	a.t.Helper()
	return a.want("PATCH", path, body)
}
func (a *Client) Delete(path string) { a.t.Helper(); a.want("DELETE", path, nil) }

// Status is that of an answer.
func (a *Client) Status(method, path string, body any) int {
	a.t.Helper()
	status, _, _ := a.send(method, path, body)
	return status
}

// id is that of the one thing of a kind that has a name, such as of users.
func (c *Cloud) id(kind, name string) string {
	c.t.Helper()
	all := c.root.Get("/v3/" + kind + "?name=" + url.QueryEscape(name)).list(kind)
	if len(all) != 1 {
		c.t.Fatalf("%d %s are called %s", len(all), kind, name)
	}
	return all[0]["id"].(string)
}

// secret is everybody's password in the stories.
const secret = "Autumn-Rain-7"

// User makes somebody of the default domain, with an address.
func (c *Cloud) User(name string) string {
	c.t.Helper()
	return at(map[string]any(c.root.Post("/v3/users", map[string]any{"user": map[string]any{
		"name": name, "password": secret, "email": name + "@northwind.example", "domain_id": "default"}})), "user.id").(string)
}

// Project makes a project of the default domain, perhaps below another.
func (c *Cloud) Project(name string, parent ...string) string {
	c.t.Helper()
	project := map[string]any{"name": name, "domain_id": "default"}
	for _, p := range parent {
		project["parent_id"] = c.id("projects", p)
	}
	return at(map[string]any(c.root.Post("/v3/projects", map[string]any{"project": project})), "project.id").(string)
}

// Grant gives somebody a role on a project of the default domain.
func (c *Cloud) Grant(user, role, project string) {
	c.t.Helper()
	c.root.Put("/v3/projects/"+c.id("projects", project)+"/users/"+c.id("users", user)+"/roles/"+c.id("roles", role), nil)
}

// GrantDomain gives somebody a role on the default domain.
func (c *Cloud) GrantDomain(user, role string) {
	c.t.Helper()
	c.root.Put("/v3/domains/default/users/"+c.id("users", user)+"/roles/"+c.id("roles", role), nil)
}

// state is all that the cloud holds, a line each, with names for ids.
func (c *Cloud) state() []string {
	c.t.Helper()
	names := map[string]string{"": ""}
	var lines []string
	say := func(kind, name string, thing map[string]any, without ...string) {
		own := maps.Clone(thing)
		for _, field := range append(without, "id", "links", "name", "password_expires_at") {
			delete(own, field)
		}
		for field, v := range own {
			if field == "description" && v == nil {
				own[field] = "" // none
			}
			if id, ok := v.(string); ok && names[id] != "" && strings.HasSuffix(field, "_id") {
				own[field] = names[id]
			}
		}
		text, _ := json.Marshal(own)
		lines = append(lines, kind+" "+name+" "+string(text))
	}
	domains := c.root.Get("/v3/domains").list("domains")
	for _, d := range domains {
		names[d["id"].(string)] = d["name"].(string)
	}
	projects := c.root.Get("/v3/projects").list("projects")
	users := c.root.Get("/v3/users").list("users")
	groups := c.root.Get("/v3/groups").list("groups")
	roles := c.root.Get("/v3/roles").list("roles")
	for _, things := range [][]map[string]any{projects, users, groups, roles} {
		for _, th := range things {
			in, _ := th["domain_id"].(string)
			names[th["id"].(string)] = strings.TrimPrefix(names[in]+"/"+th["name"].(string), "/")
		}
	}
	for kind, things := range map[string][]map[string]any{"domain": domains, "project": projects, "group": groups, "role": roles} {
		for _, th := range things {
			say(kind, names[th["id"].(string)], th)
		}
	}
	services := map[any]any{}
	for _, th := range c.root.Get("/v3/services").list("services") {
		services[th["id"]] = th["name"]
		say("service", fmt.Sprint(th["name"]), th)
	}
	for _, th := range c.root.Get("/v3/endpoints").list("endpoints") {
		th["url"] = strings.Replace(fmt.Sprint(th["url"]), c.URL, "", 1)
		say("endpoint", fmt.Sprint(services[th["service_id"]], " ", th["interface"]), th, "service_id", "region")
	}
	for _, th := range c.root.Get("/v3/regions").list("regions") {
		say("region", th["id"].(string), th)
	}
	for _, u := range users {
		id := u["id"].(string)
		say("user", names[id], u)
		for _, a := range c.root.Get("/v3/users/" + id + "/application_credentials").list("application_credentials") {
			var held []string
			for _, r := range a["roles"].([]any) {
				held = append(held, at(r, "name").(string))
			}
			slices.Sort(held)
			a["roles"] = held
			for _, rule := range anys(a["access_rules"]) {
				delete(rule, "id")
			}
			say("application credential", names[id]+"/"+a["name"].(string), a, "expires_at", "user_id")
		}
		for _, k := range c.root.Get("/v3/users/" + id + "/credentials/OS-EC2").list("credentials") {
			say("key", names[id], k, "access", "secret")
		}
	}
	for _, g := range groups {
		for _, u := range c.root.Get("/v3/groups/" + g["id"].(string) + "/users").list("users") {
			lines = append(lines, "member "+names[u["id"].(string)]+" of "+names[g["id"].(string)])
		}
	}
	for _, a := range c.root.Get("/v3/role_assignments?include_names").list("role_assignments") {
		delete(a, "links")
		text, _ := json.Marshal(named(a))
		lines = append(lines, "assignment "+string(text))
	}
	for _, rule := range c.root.Get("/v3/role_inferences").list("role_inferences") {
		for _, implied := range anys(rule["implies"]) {
			lines = append(lines, fmt.Sprint("implied ", at(rule, "prior_role.name"), " ", implied["name"]))
		}
	}
	for _, g := range c.root.Get("/v3/lintel/grant_rules").list("grant_rules") {
		g["holder_role"], g["target_role"] = at(g, "holder_role.name"), at(g, "target_role.name")
		say("grant rule", fmt.Sprint(g["holder_role"], " ", g["target_role"]), g)
	}
	for _, d := range domains {
		rules := at(map[string]any(c.root.Get("/v3/lintel/domains/"+d["id"].(string)+"/rules")), "rules.own").(map[string]any)
		text, _ := json.Marshal(named(rules))
		lines = append(lines, "rules of "+d["name"].(string)+" "+string(text))
	}
	for _, p := range projects {
		for _, w := range c.root.Get("/v3/lintel/waiting_grants?project=" + p["id"].(string)).list("waiting_grants") {
			delete(w, "created_at")
			text, _ := json.Marshal(named(w))
			lines = append(lines, "waiting "+string(text))
		}
	}
	places := []string{}
	for _, p := range projects {
		places = append(places, url.Values{"project": {p["name"].(string)}, "domain": {p["domain_id"].(string)}}.Encode())
	}
	for _, d := range domains {
		places = append(places, url.Values{"domain": {d["id"].(string)}}.Encode())
	}
	for _, place := range places {
		for _, r := range c.root.Get("/v3/lintel/grant_requests?" + place).list("grant_requests") {
			delete(r, "created_at")
			delete(r, "expires_at")
			text, _ := json.Marshal(named(r))
			lines = append(lines, "request "+string(text))
		}
	}
	for _, k := range c.root.Get("/v3/credentials").list("credentials") {
		say("credential", names[k["user_id"].(string)], k, "blob")
	}
	slices.Sort(lines)
	return lines
}

// named is JSON without ids.
func named(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			if name != "id" {
				out[name] = named(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = named(v[i])
		}
		return out
	}
	return v
}

func anys(v any) (all []map[string]any) {
	items, _ := v.([]any)
	for _, item := range items {
		all = append(all, item.(map[string]any))
	}
	return all
}

// change is what a state has more and less than another.
func change(before, after []string) (out []string) {
	count := map[string]int{}
	for _, line := range before {
		count[line]--
	}
	for _, line := range after {
		count[line]++
	}
	for _, line := range slices.Sorted(maps.Keys(count)) {
		for range count[line] {
			out = append(out, "+ "+line)
		}
		for range -count[line] {
			out = append(out, "- "+line)
		}
	}
	return out
}

// plant makes what all clouds begin with.
func plant() error { return nil }
