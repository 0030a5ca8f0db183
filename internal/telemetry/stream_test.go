package telemetry

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestNobodyReadsTheLog: a request does not wait for somebody to read what it logs; once somebody does, all that was kept is
// there, in order, and what was not is counted. S-125, I12
func TestNobodyReadsTheLog(t *testing.T) {
	reader, w := io.Pipe()
	l, err := OpenLog(LogOptions{Stderr: true, Err: w})
	if err != nil {
		t.Fatal(err)
	}
	const records = 20_000
	text := strings.Repeat("x", 1000)
	for i := range records {
		l.Info("audit", "n", i, "text", text) // hangs here if it waits
	}
	got, next, lost := 0, 0, 0
	lines := bufio.NewScanner(reader)
	for lost == 0 && lines.Scan() {
		if _, after, found := strings.Cut(lines.Text(), "records="); found {
			if _, err := fmt.Sscan(after, &lost); err != nil {
				t.Fatal(err)
			}
			break
		}
		_, after, _ := strings.Cut(lines.Text(), " n=")
		var n int
		if _, err := fmt.Sscan(after, &n); err != nil || n != next {
			t.Fatalf("record %d follows where %d should, error %v", n, next, err)
		}
		got, next = got+1, next+1
	}
	if got < 1000 || lost == 0 || got+lost != records {
		t.Errorf("%d records came and %d are told to be lost, of %d", got, lost, records)
	}
	go io.Copy(io.Discard, reader)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
