// Load puts the same work on a Keystone and a Lintel that share a large data set, and tells how they did. See bench/run, which
// starts them.
//
//	load [-keystone URL,PGID] … -lintel URL,PGID -bare URL,PGID -raw FILE           with revocation events
//	load -lintel URL,PGID -raw FILE -empty                                         when they are gone
//	load -raw FILE -report FOLDER
//	load -serve-bare ADDR
//
// PGID is the process group of a server; its processor time and memory are read from /proc. The bare server is what net/http
// costs by itself: a handler that writes the bytes of one of Lintel's answers. Each result goes to the raw file as soon as it
// is there, and what is there is not measured again.
//
// Load sends to loopback addresses and nowhere else.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime)
	log.SetPrefix("load: ")
	var on servers
	for _, s := range []struct {
		flag, name string
		at         **server
	}{
		{"keystone", "Keystone", &on.keystone}, {"uncached", "Keystone, no cache", &on.uncached}, {"lintel", "Lintel", &on.lintel},
		{"second", "Lintel, two nodes", &on.second}, {"shared", "Lintel, shared", &on.shared}, {"small", "Lintel, small data", &on.small},
		{"bare", "bare", &on.bare},
	} {
		flag.Func(s.flag, "`URL,PGID` of "+s.name, func(where string) (err error) {
			*s.at, err = newServer(s.name, where)
			return err
		})
	}
	var (
		database = flag.Int("database", 0, "process group of the database server, 0 if there is none")
		password = flag.String("password", "", "the bootstrapped admin's password")
		projects = flag.Int("projects", 50_000, "how many projects the data set has")
		little   = flag.Int("small-projects", 1000, "how many the small one has")
		seconds  = flag.Float64("seconds", 6, "length of a measurement")
		attempts = flag.Int("tries", tries, "revocations that the other node must know")
		started  = flag.Int("started", 0, "milliseconds that Lintel took to start")
		raw      = flag.String("raw", "", "`file` of all figures, a JSON object a line")
		empty    = flag.Bool("empty", false, "measure what is measured when the revocation events are gone")
		report   = flag.String("report", "", "write table and plots to this `folder`")
		note     = flag.String("note", "", "what the figures are of, for the report")
		serve    = flag.String("serve-bare", "", "be the bare server on this `address`")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if *serve != "" {
		log.Fatal(http.ListenAndServe(*serve, new(bareServer)))
	}
	kept, err := read(*raw)
	if err != nil {
		log.Fatal(err)
	}
	if *report != "" {
		if err := write(*report, *note, kept); err != nil {
			log.Fatal(err)
		}
		return
	}
	b := bench{
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: fingers, DisableCompression: true}},
		length: time.Duration(*seconds * float64(time.Second)), database: *database, tries: *attempts, results: kept, keep: appender(*raw),
	}
	err = b.all(ctx, on, *empty, *started, *projects, *little, *password)
	if err = errors.Join(append(b.failed, err)...); err != nil {
		log.Fatal(err)
	}
}

func (b *bench) all(ctx context.Context, on servers, empty bool, started, projects, little int, password string) error {
	if empty {
		c, err := b.prepare(ctx, on.lintel, projects, password, "empty")
		if err != nil {
			return err
		}
		return b.empty(ctx, on, c)
	}
	if started > 0 {
		err := b.once(start, on.lintel, func() (result, error) { return result{Max: float64(started)}, nil })
		if err != nil {
			return err
		}
	}
	c, err := b.prepare(ctx, on.lintel, projects, password, "Keystone", "Lintel")
	if err != nil {
		return err
	}
	few, err := b.prepare(ctx, on.small, little, password)
	if err != nil {
		return err
	}
	return b.full(ctx, on, c, few)
}

// read returns the results of a raw file; none if it is not there yet.
func read(raw string) (all []result, err error) {
	f, err := os.Open(raw)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s: %w", raw, err)
		}
		all = append(all, r)
	}
	return all, lines.Err()
}

// appender adds results to a raw file.
func appender(raw string) func(result) error {
	return func(r result) error {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(raw, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = f.Write(append(line, '\n'))
		return errors.Join(err, f.Close())
	}
}

// newServer parses URL,PGID. The host must be a loopback address.
func newServer(name, where string) (*server, error) {
	base, group, ok := strings.Cut(where, ",")
	if !ok {
		return nil, fmt.Errorf("%s: %q is not URL,PGID", name, where)
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s: %s is not a loopback address", name, u.Hostname())
	}
	pgid, err := strconv.Atoi(group)
	if err != nil {
		return nil, fmt.Errorf("%s: process group %q: %w", name, group, err)
	}
	return &server{name: name, base: strings.TrimSuffix(base, "/"), group: pgid}, nil
}

func workers() int { return runtime.NumCPU() }
