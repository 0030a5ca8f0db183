package telemetry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const someID = "req-0b27ee0c-ee03-4de8-ae25-0cb2a6b8a5a9"

// clock moves on by a step each time it is read.
type clock struct {
	mu   sync.Mutex
	now  time.Time
	step time.Duration
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now
}

// newTelemetry returns a Telemetry whose requests take 2 ms each and are numbered, and the log it writes.
func newTelemetry() (*Telemetry, *bytes.Buffer) {
	var log bytes.Buffer
	t := New(slog.New(newLineHandler(&log, slog.LevelInfo)))
	c := &clock{now: time.Unix(1_800_000_000, 0), step: 2 * time.Millisecond}
	t.Now = c.read
	t.NewID = func() string { return "req-1" }
	return t, &log
}

// lastLine returns the log's last line without time and process, which differ from run to run.
func lastLine(log *bytes.Buffer) string {
	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	return regexp.MustCompile(`^\S+ \S+ \d+ `).ReplaceAllString(lines[len(lines)-1], "")
}

func TestAccessRecord(t *testing.T) {
	tel, log := newTelemetry()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/users/{user_id}", func(w http.ResponseWriter, r *http.Request) {
		SetCaller(r.Context(), "alice-id", "acme-id")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "12345")
	})
	mux.HandleFunc("DELETE /v3/auth/tokens", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /quiet", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /named", func(w http.ResponseWriter, r *http.Request) { SetRoute(r.Context(), "/other") })
	mux.HandleFunc("GET /panics", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/rest/", func(w http.ResponseWriter, r *http.Request) {
		rest := http.NewServeMux()
		rest.HandleFunc("/", http.NotFound)
		rest.ServeHTTP(w, r)
	})
	h := tel.Handler(mux)

	for _, tt := range []struct{ method, target, want string }{
		{"GET", "/v3/users/4711", `INFO lintel.access [None req-1 alice-id acme-id - - - -] request method=GET route=/v3/users/{user_id} status=403 bytes=5 seconds=0.002 client=192.0.2.1`},
		{"HEAD", "/v3/users/4711?name=x", `INFO lintel.access [None req-1 alice-id acme-id - - - -] request method=HEAD route=/v3/users/{user_id} status=403 bytes=0 seconds=0.002 client=192.0.2.1`},
		{"DELETE", "/v3/auth/tokens", `INFO lintel.access [None req-1 - - - - - -] request method=DELETE route=/v3/auth/tokens status=204 bytes=0 seconds=0.002 client=192.0.2.1`},
		{"GET", "/quiet", `INFO lintel.access [None req-1 - - - - - -] request method=GET route=/quiet status=200 bytes=0 seconds=0.002 client=192.0.2.1`},
		{"GET", "/named", `INFO lintel.access [None req-1 - - - - - -] request method=GET route=/other status=200 bytes=0 seconds=0.002 client=192.0.2.1`},
		{"GET", "/nowhere%0aINFO", `INFO lintel.access [None req-1 - - - - - -] request method=GET route=unmatched status=404 bytes=19 seconds=0.002 client=192.0.2.1`},
		{"GET", "/rest/x", `INFO lintel.access [None req-1 - - - - - -] request method=GET route=unmatched status=404 bytes=19 seconds=0.002 client=192.0.2.1`},
		{"BREW", "/quiet", `INFO lintel.access [None req-1 - - - - - -] request method=other route=unmatched status=405 bytes=19 seconds=0.002 client=192.0.2.1`},
		{"GET", "/panics", `INFO lintel.access [None req-1 - - - - - -] request method=GET route=/panics status=500 bytes=0 seconds=0.002 client=192.0.2.1`},
	} {
		log.Reset()
		func() {
			defer func() { recover() }()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(tt.method, tt.target, nil))
		}()
		if got := lastLine(log); got != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.method, tt.target, got, tt.want)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("%s %s: got %d records, want 1", tt.method, tt.target, n)
		}
	}
}

// S-088
func TestClientsRequestID(t *testing.T) {
	tel, _ := newTelemetry()
	tel.NewID = newRequestID
	var seen *Request
	h := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen = From(r.Context()) }))
	for _, tt := range []struct{ sent, want string }{
		{someID, someID},
		{"", ""},
		{strings.ToUpper(someID), ""},
		{someID + "0", ""},
		{someID + "\n", ""},
		{someID[:len(someID)-1], ""},
		{"req-" + strings.Repeat("0", 36), ""},
		{"req-0b27ee0c-ee03-4de8-ae25-0cb2a6b8a5ag", ""},
		{strings.TrimPrefix(someID, "req-"), ""},
		{"req-'; drop table user; --------------", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Openstack-Request-Id", tt.sent)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if seen.GlobalID != tt.want {
			t.Errorf("sent %q: got global id %q, want %q", tt.sent, seen.GlobalID, tt.want)
		}
		answer := w.Header()[responseID]
		if len(answer) != 1 || answer[0] != seen.ID || !wellFormedID(seen.ID) || seen.ID == tt.sent {
			t.Errorf("sent %q: answered with id %q, context has %q", tt.sent, answer, seen.ID)
		}
	}
	if ctx := t.Context(); RequestID(ctx) != "" || GlobalID(ctx) != "" || ClientAddr(ctx).IsValid() {
		t.Error("a context outside of any request has ids")
	}
	SetCaller(t.Context(), "u", "p") // must not fail outside of one
}

func TestRequestIDsAreRandom(t *testing.T) {
	a, b := newRequestID(), newRequestID()
	if a == b {
		t.Errorf("got %q twice", a)
	}
	if !regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a) {
		t.Errorf("%q is no version 4 UUID", a)
	}
}

func TestMetrics(t *testing.T) {
	tel, _ := newTelemetry()
	tel.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lintel_hash_queue"}, func() float64 { return 7 }))
	mux := http.NewServeMux()
	entered, leave := make(chan bool), make(chan bool)
	mux.HandleFunc("GET /v3/users/{id}", func(w http.ResponseWriter, r *http.Request) {})
	mux.HandleFunc("GET /slow", func(w http.ResponseWriter, r *http.Request) { entered <- true; <-leave })
	h := tel.Handler(mux)
	for _, target := range []string{"/v3/users/a", "/v3/users/b", "/nowhere/a", "/nowhere/b"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", target, nil))
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("BREW", "/", nil))
	go func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/slow", nil))
		entered <- true
	}()
	<-entered
	scrape := func() string {
		w := httptest.NewRecorder()
		tel.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	got := scrape()
	for _, want := range []string{
		`lintel_http_requests_total{method="GET",route="/v3/users/{id}",status="2xx"} 2`,
		`lintel_http_requests_total{method="GET",route="unmatched",status="4xx"} 2`,
		`lintel_http_requests_total{method="other",route="unmatched",status="4xx"} 1`,
		`lintel_http_request_duration_seconds_bucket{method="GET",route="/v3/users/{id}",le="0.001"} 0`,
		`lintel_http_request_duration_seconds_bucket{method="GET",route="/v3/users/{id}",le="0.0025"} 2`,
		`lintel_http_requests_in_flight 1`,
		`lintel_hash_queue 7`,
		`go_goroutines `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	leave <- true
	<-entered
	if got := scrape(); !strings.Contains(got, "lintel_http_requests_in_flight 0") {
		t.Error("the request is gone and still in flight")
	}
	if strings.Contains(got, "nowhere") {
		t.Error("a client's path became a label")
	}
}

func TestFlushReachesTheConnection(t *testing.T) {
	tel, _ := newTelemetry()
	h := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("flush: %v", err)
		}
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !w.Flushed {
		t.Error("not flushed")
	}
}

func TestRequestsSideBySide(t *testing.T) {
	log := slog.New(newLineHandler(io.Discard, slog.LevelInfo))
	h := New(log).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SetCaller(r.Context(), "u", "p")
		log.InfoContext(r.Context(), "x", "logger", "y")
		io.WriteString(w, RequestID(r.Context()))
	}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				if got, want := w.Body.String(), w.Header()[responseID][0]; got != want {
					t.Errorf("got the id %q of another request, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkHandler(b *testing.B) {
	tel := New(slog.New(newLineHandler(io.Discard, slog.LevelInfo)))
	h := tel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	r := httptest.NewRequest("GET", "/v3/auth/tokens", nil).WithContext(context.Background())
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
