// Package testenv runs a whole server for a test: the one that production runs, on an SQLite database of its own, with a
// clock that stands still until it is moved. Actors speak to it over HTTP as real clients do. Each answer, and each body that
// succeeds, is checked against the OpenAPI document.
//
//	env := testenv.New(t)
//	admin := env.Admin()
//	bob := admin.Post("/v3/users", `{"user": {"name": "bob", "password": "secret"}}`).Want(201).Get("user.id")
//	env.Login("bob", "secret").Get("/v3/users").Want(403)
package testenv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/server"
)

// Password is the administrator's password.
const Password = "admin-password"

// Env is a running server.
type Env struct {
	*Actor // nobody: without a token

	Server *server.Server
	Clock  *Clock
	Dir    string // holds database and keys

	handler http.Handler
	log     *journal
}

// journal is a log that a test can read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// Log is what the server has logged so far, one JSON object a line, down to debug and with nothing masked.
func (e *Env) Log() string {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	return e.log.text.String()
}

// Clock is a clock that is moved by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// New starts a server with the bootstrapped cloud of `lintel up`. Each change alters its configuration.
func New(t testing.TB, changes ...func(*config.Config)) *Env {
	t.Helper()
	return Open(t, t.TempDir(), NewClock(), changes...)
}

// NewClock is a clock as that of New.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

// Open starts a server on a folder that may hold one already, so that two can share it.
func Open(t testing.TB, dir string, clock *Clock, changes ...func(*config.Config)) *Env {
	t.Helper()
	rounds := 4
	base := []func(*config.Config){server.UpDefaults(dir), func(c *config.Config) { c.Identity.PasswordHashRounds = &rounds }}
	cfg, _, err := config.Load(nil, nil, append(base, changes...)...)
	if err != nil {
		t.Fatal(err)
	}
	log := new(journal)
	opt := server.Options{Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: clock.Now}
	if _, err := server.Up(t.Context(), cfg, dir, "http://identity.example", Password, opt); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.SAML.IdPMetadataPath, []byte("<EntityDescriptor/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(t.Context(), cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.DB.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := &Env{Server: s, Clock: clock, Dir: dir, handler: s.Handler(), log: log}
	e.Actor = &Actor{t: t, env: e}
	return e
}

// CatchUp lets the server learn at once what others changed, as it would within a second.
func (e *Env) CatchUp() {
	e.t.Helper()
	if err := e.Server.DB.CatchUp(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
}

// Database is the path of the server's database file.
func (e *Env) Database() string { return filepath.Join(e.Dir, "lintel.db") }

// Admin logs the administrator in on the project admin.
func (e *Env) Admin() *Actor {
	return e.Login("admin", Password, OnProject("admin"))
}

// Login logs a user of the default domain in. The test ends if that fails.
func (e *Env) Login(name, password string, scope ...string) *Actor {
	e.t.Helper()
	return e.Authenticate(Body(name, password, scope...)).Want(http.StatusCreated).Actor()
}

// Authenticate sends the body of a login.
func (e *Env) Authenticate(body string) *Response {
	e.t.Helper()
	return e.Actor.Post("/v3/auth/tokens", body)
}

// Body is a login by name and password in the default domain, with a scope if one is given.
func Body(name, password string, scope ...string) string {
	s := ""
	if len(scope) > 0 {
		s = `, "scope": ` + scope[0]
	}
	return fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": %s, "password": %s,
		"domain": {"id": "default"}}}}%s}}`, strconv.Quote(name), strconv.Quote(password), s)
}

// Scopes of logins.
const (
	OnSystem        = `{"system": {"all": true}}`
	OnDefaultDomain = `{"domain": {"id": "default"}}`
	Unscoped        = `"unscoped"`
)

// OnProject is the scope of a project of the default domain.
func OnProject(name string) string {
	return fmt.Sprintf(`{"project": {"name": %q, "domain": {"id": "default"}}}`, name)
}

// OnProjectID is the scope of a project.
func OnProjectID(id string) string { return fmt.Sprintf(`{"project": {"id": %q}}`, id) }

// OnDomainID is the scope of a domain.
func OnDomainID(id string) string { return fmt.Sprintf(`{"domain": {"id": %q}}`, id) }

// Actor sends requests with one token, or with none.
type Actor struct {
	t     testing.TB
	env   *Env
	Token string

	headers []string
}

// With returns an actor with a token.
func (e *Env) With(token string) *Actor { return &Actor{t: e.t, env: e, Token: token} }

// Showing returns an actor who sends headers, pairs of name and value, with every request.
func (a *Actor) Showing(headers ...string) *Actor {
	b := *a
	b.headers = headers
	return &b
}

// Get, Head, Post, Put, Patch and Delete send a request. A body is JSON text, or a value to be written as JSON. Headers
// are pairs of name and value.
func (a *Actor) Get(path string, headers ...string) *Response {
	a.t.Helper()
	return a.Do("GET", path, nil, headers...)
}
func (a *Actor) Head(path string, headers ...string) *Response {
	a.t.Helper()
	return a.Do("HEAD", path, nil, headers...)
}
func (a *Actor) Post(path string, body any, headers ...string) *Response {
	a.t.Helper()
	return a.Do("POST", path, body, headers...)
}

func (a *Actor) Put(path string, body any, headers ...string) *Response {
	a.t.Helper()
	return a.Do("PUT", path, body, headers...)
}

func (a *Actor) Patch(path string, body any, headers ...string) *Response {
	a.t.Helper()
	return a.Do("PATCH", path, body, headers...)
}

func (a *Actor) Delete(path string, headers ...string) *Response {
	a.t.Helper()
	return a.Do("DELETE", path, nil, headers...)
}

// Do sends a request.
func (a *Actor) Do(method, path string, body any, headers ...string) *Response {
	a.t.Helper()
	var r io.Reader
	var sent string
	switch b := body.(type) {
	case nil:
	case string:
		sent, r = b, strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			a.t.Fatal(err)
		}
		sent, r = string(data), bytes.NewReader(data)
	}
	req := httptest.NewRequest(method, "http://identity.example"+path, r)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.Token != "" {
		req.Header.Set("X-Auth-Token", a.Token)
	}
	for headers = append(slices.Clip(a.headers), headers...); len(headers) > 1; headers = headers[2:] {
		req.Header.Set(headers[0], headers[1])
	}
	w := httptest.NewRecorder()
	a.env.handler.ServeHTTP(w, req)
	answer := &Response{t: a.t, env: a.env, request: method + " " + path, Status: w.Code, Header: w.Header(), Body: w.Body.String()}
	doc, err := document()
	if err != nil {
		a.t.Fatal(err)
	}
	if err := doc.check(method, path, sent, answer); err != nil {
		a.t.Errorf("%s: not as the OpenAPI document says: %v: %d %s", answer.request, err, answer.Status, answer.Body)
	}
	return answer
}

// Validate asks about a token.
func (a *Actor) Validate(subject string, query ...string) *Response {
	a.t.Helper()
	return a.Get("/v3/auth/tokens"+strings.Join(query, ""), "X-Subject-Token", subject)
}

// Response is an answer.
type Response struct {
	t       testing.TB
	env     *Env
	request string

	Status int
	Header http.Header
	Body   string
}

// Want ends the test unless the status is as expected.
func (r *Response) Want(status int) *Response {
	r.t.Helper()
	if r.Status != status {
		r.t.Fatalf("%s: got %d, want %d: %s", r.request, r.Status, status, r.Body)
	}
	return r
}

// Actor is who holds the token that the answer issued.
func (r *Response) Actor() *Actor { return r.env.With(r.Header.Get("X-Subject-Token")) }

// JSON is the body, decoded.
func (r *Response) JSON() map[string]any {
	r.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.Body), &v); err != nil {
		r.t.Fatalf("%s: %v: %s", r.request, err, r.Body)
	}
	return v
}

// Value is the member of the body at a path such as "token.roles.0.name"; nil when it is not there.
func (r *Response) Value(path string) any {
	r.t.Helper()
	var v any = r.JSON()
	for step := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// Get is the text at a path of the body; the test ends if there is none.
func (r *Response) Get(path string) string {
	r.t.Helper()
	s, ok := r.Value(path).(string)
	if !ok {
		r.t.Fatalf("%s: no text at %q: %s", r.request, path, r.Body)
	}
	return s
}

// List is the array at a path of the body.
func (r *Response) List(path string) []any {
	r.t.Helper()
	l, ok := r.Value(path).([]any)
	if !ok {
		r.t.Fatalf("%s: no list at %q: %s", r.request, path, r.Body)
	}
	return l
}

// Texts collects one text of each object in the array at a path.
func (r *Response) Texts(path, key string) []string {
	r.t.Helper()
	var out []string
	for _, item := range r.List(path) {
		s, _ := item.(map[string]any)[key].(string)
		out = append(out, s)
	}
	return out
}

// Message is the text of an error.
func (r *Response) Message() string { r.t.Helper(); return r.Get("error.message") }
