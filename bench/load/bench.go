package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// A server is one of those compared.
type server struct {
	name  string
	base  string
	group int // its process group
}

// A result is one kind of work on one server. Times are milliseconds.
type result struct {
	Work        string  `json:"work"`
	Server      string  `json:"server"`
	Requests    int     `json:"requests"`
	Connections int     `json:"connections"`
	Rate        float64 `json:"requests_per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	Max         float64 `json:"max_ms"`
	CPU         float64 `json:"cpu_ms_per_request"`
	DatabaseCPU float64 `json:"database_cpu_ms_per_request"`
	Refused     int     `json:"refused,omitempty"`    // answers 429 of a storm beside it
	MemoryMiB   float64 `json:"memory_mib,omitempty"` // resident, of the server
}

// A bench measures, and keeps each result as soon as it is there, so that a run that was cut off goes on where it was.
type bench struct {
	client   *http.Client
	length   time.Duration
	database int
	tries    int // of revocations
	keep     func(result) error
	results  []result
	failed   []error
}

// one, few and many are how many connections work comes by, one what may take much memory, and processes those that keep a slow
// Keystone busy.
const (
	one       = 1
	processes = 2
	few       = 8
	many      = 150
)

// find returns the result of some work on a server.
func (b *bench) find(work, server string) (result, bool) {
	for _, r := range b.results {
		if r.Work == work && r.Server == server {
			return r, true
		}
	}
	return result{}, false
}

// once runs a measurement unless an earlier run did. One that fails is told of and left out: the others are worth having, and
// another run tries it again.
func (b *bench) once(work string, s *server, run func() (result, error)) error {
	if s == nil {
		return nil
	}
	if r, done := b.find(work, s.name); done {
		log.Printf("%-48s %-18s %10.1f/s  (kept)", work, s.name, r.Rate)
		return nil
	}
	r, err := run()
	if err != nil {
		err = fmt.Errorf("%s, %s: %w", s.name, work, err)
		log.Print("FAILED: ", err)
		b.failed = append(b.failed, err)
		return nil
	}
	r.Work, r.Server = work, s.name
	log.Printf("%-48s %-18s %10.1f/s  p99 %8.2f ms  CPU %8.3f ms", work, s.name, r.Rate, r.P99, r.CPU)
	b.results = append(b.results, r)
	return b.keep(r)
}

// limit is more requests than any measurement has time for.
const limit = 1 << 30

// work is a kind of request: the i-th of its kind, as it goes over the wire, and the status that is wanted.
type work struct {
	name    string
	request func(i int) []byte
	want    int
	most    int // how many there are of requests that can be sent once only; 0 is no limit
	slow    bool
}

// slowness is how many times as long slow work is measured, or it would come out in steps of a hundredth and more.
const slowness = 3

func (b *bench) lengthOf(w work) time.Duration {
	if w.slow {
		return slowness * b.length
	}
	return b.length
}

// measure puts work on a server and keeps the result.
func (b *bench) measure(ctx context.Context, s *server, w work, connections int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.once(w.name, s, func() (result, error) { return b.figures(ctx, s, w, connections) })
}

// turns is how often servers take turns that are measured beside each other.
const turns = 6

// beside puts work on servers in turns, so that whatever the machine is at meanwhile is shared by all of them, and keeps the results.
func (b *bench) beside(ctx context.Context, w work, connections int, servers ...*server) error {
	length := b.lengthOf(w)
	sums, errs := make([]tally, len(servers)), make([]error, len(servers))
	for turn := range turns {
		for i, s := range servers {
			if s == nil || errs[i] != nil {
				continue
			}
			if _, done := b.find(w.name, s.name); done {
				continue
			}
			if turn == 0 {
				_, errs[i] = drive(ctx, s, w, connections, b.length/10)
			}
			if errs[i] == nil {
				errs[i] = b.turn(ctx, s, w, connections, length/turns, &sums[i])
			}
		}
	}
	for i, s := range servers {
		if err := b.once(w.name, s, func() (result, error) { return sums[i].result(connections), errs[i] }); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// figures puts work on a server by that many connections for the bench's length, or until all requests were sent, after a
// tenth of that unmeasured. A single answer of another status than the wanted one ends it.
func (b *bench) figures(ctx context.Context, s *server, w work, connections int) (result, error) {
	if w.most == 0 {
		if _, err := drive(ctx, s, w, connections, b.length/10); err != nil {
			return result{}, err
		}
	}
	var t tally
	err := b.turn(ctx, s, w, connections, b.lengthOf(w), &t)
	return t.result(connections), err
}

// tally is what was measured so far.
type tally struct {
	took             []time.Duration // a request each
	elapsed, cpu, db time.Duration
}

// turn adds a measurement to a tally.
func (b *bench) turn(ctx context.Context, s *server, w work, connections int, length time.Duration, t *tally) error {
	used := func() (cpu, db time.Duration, err error) {
		if cpu, err = groupCPU(s.group); err == nil {
			db, err = groupCPU(b.database)
		}
		return cpu, db, err
	}
	cpu, db, err := used()
	if err != nil {
		return err
	}
	start := time.Now()
	took, err := drive(ctx, s, w, connections, length)
	if err != nil {
		return err
	}
	t.took = append(t.took, took...)
	t.elapsed += time.Since(start)
	cpuAfter, dbAfter, err := used()
	t.cpu += cpuAfter - cpu
	t.db += dbAfter - db
	return err
}

func (t *tally) result(connections int) result {
	r := summary(t.took, t.elapsed)
	r.Connections = connections
	if r.Requests > 0 {
		r.CPU, r.DatabaseCPU = ms(t.cpu+t.db)/float64(r.Requests), ms(t.db)/float64(r.Requests)
	}
	return r
}

func summary(took []time.Duration, elapsed time.Duration) result {
	slices.Sort(took)
	return result{
		Requests: len(took), Rate: float64(len(took)) / elapsed.Seconds(),
		P50: ms(percentile(took, 50)), P99: ms(percentile(took, 99)), Max: ms(percentile(took, 100)),
	}
}

// drive returns how long each request took.
func drive(ctx context.Context, s *server, w work, connections int, length time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := time.Now().Add(length)
	var sent atomic.Int64
	most := w.most
	if most == 0 {
		most = limit
	}
	took := make([][]time.Duration, connections)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			line := wire{address: host(s.base)}
			defer line.close()
			for ctx.Err() == nil && time.Now().Before(end) {
				i := int(sent.Add(1)) - 1
				if i >= most {
					return
				}
				request := w.request(i)
				start := time.Now()
				status, err := line.ask(request)
				if err == nil && status != w.want {
					err = fmt.Errorf("status %d, want %d, for %.100q", status, w.want, request)
				}
				if err != nil {
					cancel(err)
					return
				}
				took[c] = append(took[c], time.Since(start))
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return slices.Concat(took...), nil
}

// hashes measures what hashing alone allows: as many at a time as there are processors.
func (b *bench) hashes() (result, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), cost)
	if err != nil {
		return result{}, err
	}
	end := time.Now().Add(slowness * b.length)
	took := make([][]time.Duration, workers())
	var wg sync.WaitGroup
	start := time.Now()
	for i := range took {
		wg.Go(func() {
			for time.Now().Before(end) {
				start := time.Now()
				if bcrypt.CompareHashAndPassword(hash, []byte(secret)) != nil {
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	if len(all) == 0 {
		return result{}, errors.New("no hash came to an end")
	}
	return summary(all, time.Since(start)), nil
}

// storm measures work while logins come at a rate, whatever becomes of them: they may get in or be refused as too many.
func (b *bench) storm(ctx context.Context, s *server, w work, connections int, logins work, perSecond float64) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := make(chan struct{})
	var refused, let atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-over:
				return
			case <-tick.C:
			}
			wg.Go(func() {
				line := wire{address: host(s.base)}
				defer line.close()
				switch status, err := line.ask(logins.request(i)); {
				case err != nil:
					cancel(err)
				case status == logins.want:
					let.Add(1)
				case status == http.StatusTooManyRequests:
					refused.Add(1)
				default:
					cancel(fmt.Errorf("a login of a storm: status %d", status))
				}
			})
		}
	})
	pause(ctx, b.length/4) // until the storm is there
	r, err := b.figures(ctx, s, w, connections)
	close(over)
	wg.Wait()
	r.Refused = int(refused.Load())
	if err == nil && let.Load() == 0 {
		err = errors.New("nobody got in")
	}
	return r, errors.Join(err, context.Cause(ctx))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// send returns the answer's body and header; another status than want is an error. A body is sent as JSON, unless it is bytes.
func (b *bench) send(ctx context.Context, s *server, method, path string, header map[string]string, body any, want int) ([]byte, http.Header, error) {
	var content io.Reader
	if data, ok := body.([]byte); ok {
		content = bytes.NewReader(data)
	} else if body != nil {
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

// bareServer answers each GET as it was told by the last PUT of the same query: with its body, and with the headers that stand
// there behind a prefix.
type bareServer struct{ answers sync.Map }

// answerPrefix begins the headers of an answer in the PUT that brings it.
const answerPrefix = "Answer-"

type answer struct {
	header http.Header
	body   []byte
}

func (s *bareServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		a := answer{header: http.Header{}}
		var err error
		if a.body, err = io.ReadAll(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for name, values := range r.Header {
			if name, ok := strings.CutPrefix(name, answerPrefix); ok {
				a.header[name] = values
			}
		}
		s.answers.Store(r.URL.RawQuery, a)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	a, ok := s.answers.Load(r.URL.RawQuery)
	if !ok {
		http.NotFound(w, r)
		return
	}
	maps.Copy(w.Header(), a.(answer).header)
	w.Write(a.(answer).body)
}
