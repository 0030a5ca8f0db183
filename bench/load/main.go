// Load fills a Keystone and a Lintel with the same data, puts the same work on each in turn, and prints how they did.
//
//	load -keystone URL,PGID -lintel URL,PGID [-bare URL,PGID] [-database PGID] -password SECRET
//	load -serve-bare ADDR
//
// PGID is the process group of a server; its processor time is read from /proc. The bare server is what net/http
// costs by itself: a handler that writes the bytes of one of Lintel's answers. It is asked for validations only.
//
// Load sends to loopback addresses and nowhere else, for -seconds a measurement.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
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
	"text/tabwriter"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	var (
		keystone = flag.String("keystone", "", "`URL,PGID` of Keystone")
		lintel   = flag.String("lintel", "", "`URL,PGID` of Lintel")
		bare     = flag.String("bare", "", "`URL,PGID` of the bare server")
		database = flag.Int("database", 0, "process group of the database server, 0 if there is none")
		password = flag.String("password", "", "the bootstrapped admin's password")
		seconds  = flag.Float64("seconds", 8, "length of a measurement")
		workers  = flag.Int("workers", 8, "requests in flight")
		raw      = flag.String("raw", "", "also write all figures to this `file`, as JSON")
		note     = flag.String("note", "", "what the figures are of, for that file")
		serve    = flag.String("serve-bare", "", "be the bare server on this `address`")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if *serve != "" {
		log.Fatal(http.ListenAndServe(*serve, new(bareServer)))
	}
	b := bench{
		client:   newClient(*workers),
		workers:  *workers,
		length:   time.Duration(*seconds * float64(time.Second)),
		database: *database,
	}
	var servers []*server
	for _, s := range []struct{ name, where string }{{"Keystone", *keystone}, {"Lintel", *lintel}, {"bare", *bare}} {
		if s.where == "" {
			continue
		}
		srv, err := newServer(s.name, s.where)
		if err != nil {
			log.Fatal(err)
		}
		servers = append(servers, srv)
	}
	results, err := b.run(ctx, servers, *password)
	if err != nil {
		log.Fatal(err)
	}
	writeTable(os.Stdout, results)
	if *raw != "" {
		if err := write(*raw, *note, b, results); err != nil {
			log.Fatal(err)
		}
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

// writeTable writes one block a kind of work, with each server's figures as a multiple of Keystone's.
func writeTable(w io.Writer, results []result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "work\tserver\trequests/s\tp50 ms\tp99 ms\tCPU ms/request\tof it the database's\ttimes Keystone\tCPU, Keystone's share\t")
	var reference result
	for _, r := range results {
		if r.Server == "Keystone" {
			reference = r
		}
		times, share := "", ""
		if reference.Work == r.Work && r.Server != "Keystone" {
			times = fmt.Sprintf("%.1f", r.Rate/reference.Rate)
			share = fmt.Sprintf("1/%.1f", reference.CPU/r.CPU)
		}
		fmt.Fprintf(tw, "%s\t%s\t%.1f\t%.2f\t%.2f\t%.3f\t%.3f\t%s\t%s\t\n",
			r.Work, r.Server, r.Rate, r.P50, r.P99, r.CPU, r.DatabaseCPU, times, share)
	}
	tw.Flush()
}

// write saves the figures with what is needed to judge them later.
func write(file, note string, b bench, results []result) error {
	data, err := json.MarshalIndent(struct {
		Date    time.Time `json:"date"`
		Note    string    `json:"note"`
		Go      string    `json:"go"`
		Cores   int       `json:"cores"`
		Workers int       `json:"workers"`
		Seconds float64   `json:"seconds"`
		Results []result  `json:"results"`
	}{time.Now().UTC().Truncate(time.Second), note, runtime.Version(), runtime.NumCPU(), b.workers, b.length.Seconds(), results}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// ticks is how many units of /proc's processor times make a second; Linux shows programs 100 on every machine.
const ticks = 100

// groupCPU returns the processor time that the living processes of a process group have used, with that of their
// ended children.
func groupCPU(group int) (time.Duration, error) {
	if group == 0 {
		return 0, nil
	}
	names, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	var sum, found int
	for _, n := range names {
		if _, err := strconv.Atoi(n.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + n.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		pgrp, used, err := parseStat(string(stat))
		if err != nil {
			return 0, err
		}
		if pgrp == group {
			sum += used
			found++
		}
	}
	if found == 0 {
		return 0, fmt.Errorf("process group %d is empty", group)
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// parseStat reads the process group and the ticks used out of a line of /proc/PID/stat (proc(5)).
func parseStat(line string) (group, used int, err error) {
	// The command's name stands in parentheses and may hold anything.
	i := strings.LastIndexByte(line, ')')
	f := strings.Fields(line[i+1:])
	if i < 0 || len(f) < 15 {
		return 0, 0, errors.New("short line in /proc/PID/stat")
	}
	if group, err = strconv.Atoi(f[2]); err != nil {
		return 0, 0, err
	}
	for _, s := range f[11:15] { // utime, stime, cutime, cstime
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, 0, err
		}
		used += n
	}
	return group, used, nil
}
