package main

import (
	"net/http/httptest"
	"os"
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
	b := bench{client: newClient(2), workers: 2, length: time.Minute}
	s := &server{base: srv.URL}
	if _, err := b.measure(t.Context(), s, validation(s), 10); err == nil || !strings.Contains(err.Error(), "status 404, want 200") {
		t.Errorf("a server that answers 404: %v, want an error that says so", err)
	}
	if _, _, err := b.send(t.Context(), s, "PUT", "/", nil, m{"token": m{}}, 204); err != nil {
		t.Fatal(err)
	}
	r, err := b.measure(t.Context(), s, validation(s), 10)
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests != 10 || r.P50 <= 0 || r.P99 < r.P50 || r.Rate <= 0 {
		t.Errorf("ten requests measured as %+v", r)
	}
}
