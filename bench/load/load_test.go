package main

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, tt := range []struct {
		in   []time.Duration
		p    int
		want time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 1, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{1, 2, 3}, 50, 2},
		{[]time.Duration{1, 2, 3, 4}, 50, 2},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
	} {
		if got := percentile(tt.in, tt.p); got != tt.want {
			t.Errorf("percentile(%d values, %d) = %d, want %d", len(tt.in), tt.p, got, tt.want)
		}
	}
}

func TestParseStat(t *testing.T) {
	const line = "42 (a) b (c) S 1 77 77 0 -1 4194304 100 0 0 0 10 20 3 4 20 0 1 0 5000 1000 10"
	group, used, err := parseStat(line)
	if group != 77 || used != 37 || err != nil {
		t.Errorf("parseStat = %d, %d, %v, want 77, 37, nil", group, used, err)
	}
	for _, bad := range []string{"", "42", "42 (x) S 1 2", "42 (x) S 1 q 77 0 -1 4194304 100 0 0 0 10 20 3 4 20 0"} {
		if _, _, err := parseStat(bad); err == nil {
			t.Errorf("parseStat(%q) gives no error", bad)
		}
	}
}

func TestGroupCPUOfOurselves(t *testing.T) {
	group := syscall.Getpgrp()
	before, err := groupCPU(group)
	if err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); time.Since(start) < 50*time.Millisecond; {
		_ = strings.Repeat("x", 1000)
	}
	after, err := groupCPU(group)
	if err != nil {
		t.Fatal(err)
	}
	if after <= before {
		t.Errorf("process group of %d used %v before the work and %v after it", os.Getpid(), before, after)
	}
	if _, err := groupCPU(1 << 30); err == nil {
		t.Error("an empty process group gives no error")
	}
}

func TestServerIsOnLoopback(t *testing.T) {
	for where, ok := range map[string]bool{
		"http://127.0.0.1:5000,12": true,
		"http://[::1]:5000,12":     true,
		"http://192.0.2.1:5000,12": false,
		"http://example.org,12":    false,
		"http://127.0.0.1:5000":    false,
		"http://127.0.0.1:5000,x":  false,
	} {
		if _, err := newServer("s", where); (err == nil) != ok {
			t.Errorf("newServer(%q): error %v, want one: %v", where, err, !ok)
		}
	}
}

func TestMeasureCountsAndRefusesOtherAnswers(t *testing.T) {
	srv := httptest.NewServer(new(bareServer))
	defer srv.Close()
	var kept []result
	b := bench{client: srv.Client(), length: time.Minute, keep: func(r result) error { kept = append(kept, r); return nil }}
	s := &server{name: "s", base: srv.URL}
	w := cycled("w", 200, [][]byte{written("GET", "/x", nil, "X-Subject-Token", "t")})
	w.most = 10
	if err := b.measure(t.Context(), s, w, 2); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 0 || len(b.failed) != 1 || !strings.Contains(b.failed[0].Error(), "status 404, want 200") {
		t.Errorf("a server that answers 404: %v kept, %v failed; want a failure that says so", kept, b.failed)
	}
	if _, _, err := b.send(t.Context(), s, "PUT", "/x", nil, m{"token": m{}}, 204); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is kept
		if err := b.measure(t.Context(), s, w, 2); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) != 1 {
		t.Fatalf("%d results kept, want 1", len(kept))
	}
	if r := kept[0]; r.Work != "w" || r.Server != "s" || r.Requests != 10 || r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P99 || r.Rate <= 0 {
		t.Errorf("ten requests measured as %+v", r)
	}
}

// The bare server answers with the very bytes that it was given, and what is measured beside something else is measured as long.
func TestBesideTheBareServer(t *testing.T) {
	b := bench{client: http.DefaultClient, length: 60 * time.Millisecond, keep: func(result) error { return nil }}
	var servers []*server
	for _, name := range []string{"one", "other"} {
		srv := httptest.NewServer(new(bareServer))
		defer srv.Close()
		s := &server{name: name, base: srv.URL}
		servers = append(servers, s)
		body := []byte("{\"a\":  \"<b>\"}\n")
		told := map[string]string{"Answer-Vary": "X-Auth-Token", "Answer-Content-Type": "application/json"}
		if _, _, err := b.send(t.Context(), s, "PUT", "/x", told, body, 204); err != nil {
			t.Fatal(err)
		}
		got, header, err := b.send(t.Context(), s, "GET", "/x", nil, nil, 200)
		if err != nil || string(got) != string(body) || header.Get("Vary") != "X-Auth-Token" || header.Get("Content-Type") != "application/json" {
			t.Errorf("%q, %v, %v", got, header, err)
		}
	}
	if err := b.beside(t.Context(), cycled("w", 200, [][]byte{written("GET", "/x", nil)}), 2, append(servers, nil)...); err != nil {
		t.Fatal(err)
	}
	if len(b.results) != 2 || b.results[0].Server != "one" || b.results[1].Requests == 0 || b.results[1].Connections != 2 {
		t.Errorf("%+v", b.results)
	}
	if err := b.beside(t.Context(), cycled("lost", 404, [][]byte{written("GET", "/x", nil)}), 2, servers...); err != nil || len(b.failed) != 2 || len(b.results) != 2 {
		t.Errorf("%v, %v failed, %d kept; want two failures", err, b.failed, len(b.results))
	}
}

// A long list comes in chunks, and the next answer follows on the same connection.
func TestAnswersInChunks(t *testing.T) {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		for range 3 {
			_, _ = w.Write(make([]byte, 9000))
		}
	}))
	defer srv.Close()
	line := wire{address: host(srv.URL)}
	defer line.close()
	for i := range 2 {
		if status, err := line.ask(written("GET", "/", nil)); status != 200 || err != nil {
			t.Fatalf("answer %d: %d, %v", i, status, err)
		}
		if line.conn == nil {
			t.Fatal("the connection was given up")
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

func TestRawFileGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "raw")
	if all, err := read(file); len(all) != 0 || err != nil {
		t.Errorf("a file that is not there: %v, %v", all, err)
	}
	for _, work := range []string{"a", "b"} {
		if err := appender(file)(result{Work: work, Rate: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := read(file); len(all) != 2 || all[1].Work != "b" || err != nil {
		t.Errorf("two results are read as %+v, %v", all, err)
	}
}

func TestReportJudges(t *testing.T) {
	folder := t.TempDir()
	results := []result{
		{Work: short, Server: "Lintel", Requests: 1, Rate: 70, P99: 1, CPU: 1}, {Work: short, Server: "bare", Requests: 1, Rate: 100, P99: 1, CPU: 1},
		{Work: memory, Server: "Lintel", MemoryMiB: 151},
	}
	if err := write(folder, "note", results); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| validation without catalog, against the bare handler | at least 0.600 | 0.700 | met |",
		"| memory after all this | at most 150 MiB | 151 MiB | **missed** |",
		"| rescoping, against Keystone | at least 50.0 times | not measured |  |",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	for _, name := range []string{"rates.svg", "cpu.svg", "p99.svg"} {
		plot, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || xml.Unmarshal(plot, new(struct{})) != nil || !strings.Contains(string(plot), ">bare<") {
			t.Errorf("%s is no plot: %v %s", name, err, plot)
		}
	}
}
