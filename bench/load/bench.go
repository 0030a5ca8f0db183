package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The data that both servers get: a middling cloud's catalog, and people enough that no single answer stays hot
// in a processor's cache.
const (
	services = 12
	people   = 24
	once     = 400 // tokens that are validated a single time
	limit    = 1_000_000
	secret   = "correct-horse"
)

// A server is one of those compared, with what load made on it.
type server struct {
	name  string
	base  string
	group int

	admin    string   // a project-scoped admin token
	users    []person // each with a role on a project of their own
	fresh    []string // tokens not validated yet
	example  []byte   // the body of a validation
	unscoped []string // one token a person, to rescope
	subjects []string // one project-scoped token a person, to validate
}

type person struct{ user, project string }

// A result is one kind of work on one server. Times are milliseconds.
type result struct {
	Work        string  `json:"work"`
	Server      string  `json:"server"`
	Requests    int     `json:"requests"`
	Rate        float64 `json:"requests_per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	CPU         float64 `json:"cpu_ms_per_request"`
	DatabaseCPU float64 `json:"database_cpu_ms_per_request"`
}

type bench struct {
	client   *http.Client
	workers  int
	length   time.Duration
	database int
}

// A request is what a worker sends: the i-th of its kind.
type request func(i int) (method, path string, header map[string]string, body any, want int)

func newClient(workers int) *http.Client {
	return &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{MaxIdleConns: workers, MaxIdleConnsPerHost: workers, DisableCompression: true},
	}
}

// run fills the servers and measures each kind of work on each in turn.
func (b *bench) run(ctx context.Context, servers []*server, password string) ([]result, error) {
	var example []byte
	for _, s := range servers {
		var err error
		if s.name == "bare" {
			_, _, err = b.send(ctx, s, "PUT", "/", nil, json.RawMessage(example), http.StatusNoContent)
		} else {
			err = b.fill(ctx, s, password)
			example = s.example
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	works := []struct {
		name string
		of   func(s *server) request
		max  int
		bare bool
	}{
		{"validation", validation, limit, true},
		{"validation, first of its token", firstValidation, once, false},
		{"rescoping", rescoping, limit, false},
		{"password login", login, limit, false},
	}
	var results []result
	for _, work := range works {
		for _, s := range servers {
			if s.name == "bare" && !work.bare {
				continue
			}
			r, err := b.measure(ctx, s, work.of(s), work.max)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", s.name, work.name, err)
			}
			r.Work, r.Server = work.name, s.name
			results = append(results, r)
		}
	}
	return results, nil
}

func validation(s *server) request {
	return func(i int) (string, string, map[string]string, any, int) {
		subject := "x"
		if len(s.subjects) > 0 {
			subject = s.subjects[i%len(s.subjects)]
		}
		return "GET", "/v3/auth/tokens", map[string]string{"X-Auth-Token": s.admin, "X-Subject-Token": subject}, nil, http.StatusOK
	}
}

func firstValidation(s *server) request {
	return func(i int) (string, string, map[string]string, any, int) {
		return "GET", "/v3/auth/tokens", map[string]string{"X-Auth-Token": s.admin, "X-Subject-Token": s.fresh[i]}, nil, http.StatusOK
	}
}

func rescoping(s *server) request {
	return func(i int) (string, string, map[string]string, any, int) {
		i %= len(s.users)
		return "POST", "/v3/auth/tokens", nil, rescope(s.unscoped[i], s.users[i].project), http.StatusCreated
	}
}

func login(s *server) request {
	return func(i int) (string, string, map[string]string, any, int) {
		p := s.users[i%len(s.users)]
		return "POST", "/v3/auth/tokens", nil, auth(m{"id": p.user, "password": secret}, m{"project": m{"id": p.project}}), http.StatusCreated
	}
}

// m is JSON written by hand.
type m map[string]any

func auth(user m, scope any) m {
	return m{"auth": m{"identity": m{"methods": []string{"password"}, "password": m{"user": user}}, "scope": scope}}
}

func rescope(token, project string) m {
	return m{"auth": m{
		"identity": m{"methods": []string{"token"}, "token": m{"id": token}},
		"scope":    m{"project": m{"id": project}},
	}}
}

// fill makes services with three endpoints each, and people who are members of a project each.
func (b *bench) fill(ctx context.Context, s *server, password string) error {
	_, h, err := b.send(ctx, s, "POST", "/v3/auth/tokens", nil,
		auth(m{"name": "admin", "domain": m{"id": "default"}, "password": password},
			m{"project": m{"name": "admin", "domain": m{"id": "default"}}}), http.StatusCreated)
	if err != nil {
		return err
	}
	s.admin = h.Get("X-Subject-Token")
	as := map[string]string{"X-Auth-Token": s.admin}
	create := func(path, kind string, attributes m) (string, error) {
		body, _, err := b.send(ctx, s, "POST", path, as, m{kind: attributes}, http.StatusCreated)
		if err != nil {
			return "", err
		}
		var made map[string]struct{ ID string }
		err = json.Unmarshal(body, &made)
		return made[kind].ID, err
	}
	for i := range services {
		id, err := create("/v3/services", "service", m{"name": fmt.Sprint("service-", i), "type": fmt.Sprint("type-", i)})
		if err != nil {
			return err
		}
		for _, face := range []string{"public", "internal", "admin"} {
			url := fmt.Sprintf("http://127.0.0.1:%d/v1/$(project_id)s", 9000+i)
			if _, err := create("/v3/endpoints", "endpoint", m{"service_id": id, "interface": face, "url": url, "region_id": "RegionOne"}); err != nil {
				return err
			}
		}
	}
	body, _, err := b.send(ctx, s, "GET", "/v3/roles?name=member", as, nil, http.StatusOK)
	if err != nil {
		return err
	}
	var roles struct{ Roles []struct{ ID string } }
	if err := json.Unmarshal(body, &roles); err != nil || len(roles.Roles) != 1 {
		return fmt.Errorf("no role is called member: %s", body)
	}
	for i := range people {
		project, err := create("/v3/projects", "project", m{"name": fmt.Sprint("project-", i), "domain_id": "default"})
		if err != nil {
			return err
		}
		user, err := create("/v3/users", "user", m{"name": fmt.Sprint("user-", i), "domain_id": "default", "password": secret})
		if err != nil {
			return err
		}
		path := fmt.Sprintf("/v3/projects/%s/users/%s/roles/%s", project, user, roles.Roles[0].ID)
		if _, _, err := b.send(ctx, s, "PUT", path, as, nil, http.StatusNoContent); err != nil {
			return err
		}
		s.users = append(s.users, person{user, project})
		_, h, err := b.send(ctx, s, "POST", "/v3/auth/tokens", nil, auth(m{"id": user, "password": secret}, "unscoped"), http.StatusCreated)
		if err != nil {
			return err
		}
		s.unscoped = append(s.unscoped, h.Get("X-Subject-Token"))
	}
	for i := range people + once {
		p := i % people
		_, h, err := b.send(ctx, s, "POST", "/v3/auth/tokens", nil, rescope(s.unscoped[p], s.users[p].project), http.StatusCreated)
		if err != nil {
			return err
		}
		if i < people {
			s.subjects = append(s.subjects, h.Get("X-Subject-Token"))
		} else {
			s.fresh = append(s.fresh, h.Get("X-Subject-Token"))
		}
	}
	s.example, _, err = b.send(ctx, s, "GET", "/v3/auth/tokens",
		map[string]string{"X-Auth-Token": s.admin, "X-Subject-Token": s.subjects[0]}, nil, http.StatusOK)
	return err
}

// measure puts work on s from all workers for the bench's length, or until most requests were sent, after a tenth of that
// unmeasured. A single answer of another status than the wanted one ends it.
func (b *bench) measure(ctx context.Context, s *server, work request, most int) (result, error) {
	if most == limit {
		if _, err := b.drive(ctx, s, work, b.length/10, most); err != nil {
			return result{}, err
		}
	}
	cpu, err := groupCPU(s.group)
	if err != nil {
		return result{}, err
	}
	db, err := groupCPU(b.database)
	if err != nil {
		return result{}, err
	}
	start := time.Now()
	took, err := b.drive(ctx, s, work, b.length, most)
	if err != nil {
		return result{}, err
	}
	elapsed := time.Since(start)
	cpuAfter, err := groupCPU(s.group)
	if err != nil {
		return result{}, err
	}
	dbAfter, err := groupCPU(b.database)
	if err != nil {
		return result{}, err
	}
	slices.Sort(took)
	n := len(took)
	dbUsed := dbAfter - db
	return result{
		Requests:    n,
		Rate:        float64(n) / elapsed.Seconds(),
		P50:         ms(percentile(took, 50)),
		P99:         ms(percentile(took, 99)),
		CPU:         ms(cpuAfter-cpu+dbUsed) / float64(n),
		DatabaseCPU: ms(dbUsed) / float64(n),
	}, nil
}

// drive returns how long each request took.
func (b *bench) drive(ctx context.Context, s *server, work request, length time.Duration, most int) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := time.Now().Add(length)
	var sent atomic.Int64
	took := make([][]time.Duration, b.workers)
	var wg sync.WaitGroup
	for w := range b.workers {
		wg.Go(func() {
			for ctx.Err() == nil && time.Now().Before(end) {
				i := int(sent.Add(1)) - 1
				if i >= most {
					return
				}
				method, path, header, body, want := work(i)
				start := time.Now()
				if _, _, err := b.send(ctx, s, method, path, header, body, want); err != nil {
					cancel(err)
					return
				}
				took[w] = append(took[w], time.Since(start))
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return slices.Concat(took...), nil
}

// send returns the answer's body and header; another status than want is an error.
func (b *bench) send(ctx context.Context, s *server, method, path string, header map[string]string, body any, want int) ([]byte, http.Header, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, content)
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != want {
		return nil, nil, fmt.Errorf("%s %s: status %d, want %d: %.200s", method, path, resp.StatusCode, want, data)
	}
	return data, resp.Header, nil
}

// percentile returns the nearest-rank percentile p (1 to 100) of sorted, 0 if that is empty.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[rank-1]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// bareServer answers each GET with the bytes of the last PUT and with the headers of a validation.
type bareServer struct{ answer atomic.Pointer[[]byte] }

func (s *bareServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.answer.Store(&data)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer := s.answer.Load()
	if answer == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Vary", "X-Auth-Token")
	h.Set("X-Subject-Token", r.Header.Get("X-Subject-Token"))
	w.Write(*answer)
}
