package audit_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lintel-id/lintel/internal/audit"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

// receiver is a webhook's other end, which can be broken.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []string // targets of events, in order
	ids    []string
	header http.Header // of the last one
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 204}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.body, _ = io.ReadAll(q.Body)
		r.header = q.Header
		if r.status/100 == 2 {
			var m struct {
				ID      string `json:"message_id"`
				Payload struct {
					Target string `json:"resource_info"`
				}
			}
			if err := json.Unmarshal(r.body, &m); err != nil {
				t.Error(err)
			}
			r.got, r.ids = append(r.got, m.Payload.Target), append(r.ids, m.ID)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// targets are those of the events that came since the last call.
func (r *receiver) targets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

func record(t *testing.T, db *store.DB, targets ...string) {
	t.Helper()
	for _, target := range targets {
		if err := db.Record(t.Context(), identity.Created("user", target)); err != nil {
			t.Fatal(err)
		}
	}
}

func delivery(db *store.DB, name string, sink audit.Sink) *audit.Delivery {
	return &audit.Delivery{DB: db, Name: name, Sink: sink, Log: slog.New(slog.DiscardHandler), Keep: 100, Retry: -1}
}

func once(t *testing.T, d *audit.Delivery, want int) {
	t.Helper()
	if got, err := d.Once(t.Context()); got != want || err != nil {
		t.Errorf("delivered %d, error %v, want %d", got, err, want)
	}
}

// TestDeadSink: what a sink does not take waits for it, in order, whoever delivers, and no other sink waits with it. I10
func TestDeadSink(t *testing.T) {
	db := storetest.SQLite(t)
	dead, alive := newReceiver(t), newReceiver(t)
	one := delivery(db, "one", &audit.Webhook{URL: dead.URL})
	two := delivery(db, "two", &audit.Webhook{URL: alive.URL})
	record(t, db, "a", "b")
	once(t, one, 2)
	record(t, db, "c", "d")
	for _, status := range []int{503, 404, 302} {
		dead.answer(status)
		if n, err := one.Once(t.Context()); n != 0 || err == nil {
			t.Errorf("status %d: delivered %d, error %v", status, n, err)
		}
	}
	record(t, db, "e")
	once(t, two, 5)
	dead.answer(200)
	again := delivery(db, "one", &audit.Webhook{URL: dead.URL}) // after a restart
	once(t, again, 3)
	once(t, again, 0)
	want := []string{"a", "b", "c", "d", "e"}
	if diff := cmp.Diff(want, dead.targets()); diff != "" {
		t.Errorf("the sink that was dead: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, alive.targets()); diff != "" {
		t.Errorf("the other: -want +got:\n%s", diff)
	}
}

// TestOneNode: of two nodes one delivers, until it is gone.
func TestOneNode(t *testing.T) {
	db := storetest.SQLite(t)
	r := newReceiver(t)
	a, b := delivery(db, "one", &audit.Webhook{URL: r.URL}), delivery(db, "one", &audit.Webhook{URL: r.URL})
	record(t, db, "1")
	once(t, a, 1)
	record(t, db, "2")
	once(t, b, -1)
	r.answer(500)
	if _, err := a.Once(t.Context()); err == nil {
		t.Error("no error")
	}
	r.answer(200) // b may reach what a does not
	once(t, b, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Run(ctx) // stops, and lets go
	record(t, db, "3")
	once(t, a, 1)
	if diff := cmp.Diff([]string{"1", "2", "3"}, r.targets()); diff != "" {
		t.Error(diff)
	}
}

// TestRetry: where the operator wants it so, events are given up after as many tries. I12
func TestRetry(t *testing.T) {
	db := storetest.SQLite(t)
	r := newReceiver(t)
	d := delivery(db, "one", &audit.Webhook{URL: r.URL})
	d.Retry = 1
	record(t, db, "a", "b")
	r.answer(500)
	for range 2 {
		if _, err := d.Once(t.Context()); err == nil {
			t.Error("no error")
		}
	}
	r.answer(200)
	record(t, db, "c")
	once(t, d, 1)
	if got := r.targets(); !slices.Equal(got, []string{"c"}) {
		t.Errorf("got %v", got)
	}
}

// TestBacklog: no more events wait than the operator wants, and those are the newest. I12
func TestBacklog(t *testing.T) {
	db := storetest.SQLite(t)
	r := newReceiver(t)
	d := delivery(db, "one", &audit.Webhook{URL: r.URL})
	d.Keep = 3
	for i := range 8 {
		record(t, db, fmt.Sprint(i))
	}
	r.answer(500)
	if _, err := d.Once(t.Context()); err == nil {
		t.Error("no error")
	}
	r.answer(200)
	once(t, d, 3)
	if got := r.targets(); !slices.Equal(got, []string{"5", "6", "7"}) {
		t.Errorf("got %v", got)
	}
}

// TestWebhook: who gets events can tell that they are ours.
func TestWebhook(t *testing.T) {
	r := newReceiver(t)
	now := time.Unix(1800000000, 0)
	hook := &audit.Webhook{URL: r.URL, Secret: "shared", Now: func() time.Time { return now }}
	m := audit.Format{Publisher: "identity.here"}.Message(identity.Created("user", "u"))
	if n, err := hook.Deliver(t.Context(), []audit.Message{m}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	mac := hmac.New(sha256.New, []byte("shared"))
	mac.Write([]byte("1800000000."))
	mac.Write(r.body)
	if got, want := r.header.Get("Lintel-Signature"), "t=1800000000,v1="+hex.EncodeToString(mac.Sum(nil)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	if r.header.Get("Content-Type") != "application/json" || r.header.Get("Lintel-Event-Id") != m.ID || !json.Valid(r.body) {
		t.Errorf("header %v, body %s", r.header, r.body)
	}
}

// TestWebhookHangs: a receiver that does not answer is waited for no longer than the operator wants. I12
func TestWebhookHangs(t *testing.T) {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer s.Close()
	defer close(stop)
	hook := &audit.Webhook{URL: s.URL, Timeout: 10 * time.Millisecond}
	if n, err := hook.Deliver(t.Context(), make([]audit.Message, 1)); n != 0 || err == nil {
		t.Errorf("delivered %d, error %v", n, err)
	}
}

func lines(t *testing.T, path string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var m audit.Message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			all = append(all, "cut off")
			continue
		}
		all = append(all, fmt.Sprint(m.Payload["resource_info"]))
	}
	return all
}

// TestFile: a line for each event; logrotate takes the file away, and a line that was cut off does not spoil the next.
// S-125
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events")
	f := &audit.File{Path: path}
	write := func(targets ...string) {
		t.Helper()
		var ms []audit.Message
		for _, target := range targets {
			ms = append(ms, audit.Format{}.Message(identity.Created("user", target)))
		}
		if n, err := f.Deliver(t.Context(), ms); n != len(ms) || err != nil {
			t.Fatal(n, err)
		}
	}
	write("a", "b\n{}")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write("c")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"message_`); err != nil {
		t.Fatal(err)
	}
	file.Close()
	write("d")
	if diff := cmp.Diff([]string{"a", "b\n{}"}, lines(t, path+".1")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"c", "cut off", "d"}, lines(t, path)); diff != "" {
		t.Error(diff)
	}
	f.Path = filepath.Join(path, "below-a-file")
	if n, err := f.Deliver(t.Context(), make([]audit.Message, 1)); n != 0 || err == nil {
		t.Errorf("delivered %d where nothing can be written, error %v", n, err)
	}
}
