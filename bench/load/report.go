package main

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// A goal is a figure that a run is to reach.
type goal struct {
	what   string
	figure func(figures) (value float64, ok bool)
	show   string // a format of the value
	least  float64
	most   float64 // 0 is no bound
}

// figures are the results of a run by work and server.
type figures map[[2]string]result

func (f figures) ratio(of func(result) float64, work, server, otherWork, other string) (float64, bool) {
	a, there := f[[2]string{work, server}]
	b, too := f[[2]string{otherWork, other}]
	if !there || !too || of(b) == 0 {
		return 0, false
	}
	return of(a) / of(b), true
}

func rate(r result) float64      { return r.Rate }
func processor(r result) float64 { return r.CPU }
func late(r result) float64      { return r.P99 }
func longest(r result) float64   { return r.Max }
func resident(r result) float64  { return r.MemoryMiB }

func compare(of func(result) float64, work, server, otherWork, other string) func(figures) (float64, bool) {
	return func(f figures) (float64, bool) { return f.ratio(of, work, server, otherWork, other) }
}

func just(of func(result) float64, work, server string) func(figures) (float64, bool) {
	return func(f figures) (float64, bool) {
		r, ok := f[[2]string{work, server}]
		return of(r), ok
	}
}

const times, share, millis = "%.1f times", "%.3f", "%.1f ms"

var goals = []goal{
	{"validation without catalog, against the bare handler", compare(rate, short, "Lintel", short, "bare"), share, 0.6, 0},
	{"validation with the whole catalog, against the bare handler", compare(rate, whole, "Lintel", whole, "bare"), share, 0.6, 0},
	{"validation, against Keystone with its cache", compare(rate, whole, "Lintel", whole, "Keystone"), times, 85, 0},
	{"validation without catalog, against Keystone with its cache", compare(rate, short, "Lintel", short, "Keystone"), times, 85, 0},
	{"processor time a validation, Keystone's as a multiple", compare(processor, short, "Keystone", short, "Lintel"), times, 130, 0},
	{"validation, against Keystone without its cache", compare(rate, whole, "Lintel", whole, "Keystone, no cache"), times, 1000, 0},
	{"validation without catalog, against Keystone without its cache", compare(rate, short, "Lintel", short, "Keystone, no cache"), times, 1000, 0},
	{"validation where a Keystone shares the database, against Keystone", compare(rate, whole, "Lintel, shared", whole, "Keystone"), times, 15, 0},
	{"p99 of validation at 150 connections, against the bare handler", compare(late, crowded, "Lintel", crowded, "bare"), times, 0, 1.5},
	{"the same in a storm of password logins, against its quiet value", compare(late, stormy, "Lintel", crowded, "Lintel"), times, 0, 2},
	{"password login, against the hash alone", compare(rate, passwordLogin, "Lintel", passwordLogin, "hash alone"), share, 0.95, 0},
	{"rescoping, against Keystone", compare(rate, rescoping, "Lintel", rescoping, "Keystone"), times, 50, 0},
	{"application credential login, against Keystone", compare(rate, robotic, "Lintel", robotic, "Keystone"), times, 2000, 0},
	{"validation, small data set against the full one", compare(rate, short, "Lintel, small data", short, "Lintel"), share, 0, 1.1},
	{"p99 of the first page of users", just(late, userList, "Lintel"), millis, 0, 50},
	{"p99 of the first page of projects", just(late, projectList, "Lintel"), millis, 0, 50},
	{"p99 of the first page of role assignments with names", just(late, grantList, "Lintel"), millis, 0, 50},
	{"validation, without revocation events against with them", compare(rate, shortEmpty, "Lintel", short, "Lintel"), share, 0, 1.1},
	{"first validation of a token, without revocation events against with them", compare(rate, firstEmpty, "Lintel", first, "Lintel"), share, 0, 1.1},
	{"memory after all this", just(resident, memory, "Lintel"), "%.0f MiB", 0, 150},
	{"start", just(longest, start, "Lintel"), "%.0f ms", 0, 1000},
	{"a revocation is known on the other node, longest of all tries", just(longest, acrossNodes, "Lintel, two nodes"), "%.0f ms", 0, 1000},
	{"the same under load", just(longest, acrossLoaded, "Lintel, two nodes"), "%.0f ms", 0, 1000},
}

// write makes table and plots of results.
func write(folder, note string, results []result) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	files := map[string]string{
		"README.md": table(note, results),
		"rates.svg": bars("Requests a second (logarithmic)", "/s", results, rate),
		"cpu.svg":   bars("Processor time a request, ms (logarithmic)", " ms", results, processor),
		"p99.svg":   bars("99th percentile of latency, ms (logarithmic)", " ms", results, late),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func table(note string, results []result) string {
	var b strings.Builder
	f := figures{}
	for _, r := range results {
		f[[2]string{r.Work, r.Server}] = r
	}
	b.WriteString("# A run of bench/run\n\n" + note + "\n\nAll figures are of one run. Raw: [raw.jsonl](raw.jsonl)\n\n| goal | wanted | found | |\n|---|--:|--:|---|\n")
	for _, g := range goals {
		wanted := "at least " + fmt.Sprintf(g.show, g.least)
		if g.most > 0 {
			wanted = "at most " + fmt.Sprintf(g.show, g.most)
		}
		value, ok := g.figure(f)
		found, judged := "not measured", ""
		if ok {
			found, judged = fmt.Sprintf(g.show, value), "met"
			if value < g.least || g.most > 0 && value > g.most {
				judged = "**missed**"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.what, wanted, found, judged)
	}
	b.WriteString("\n![rates](rates.svg)\n\n![processor time](cpu.svg)\n\n![latency](p99.svg)\n\n")
	b.WriteString("| work | server | connections | requests | requests/s | p50 ms | p99 ms | longest ms | CPU ms a request | of it the database's |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		if r.Requests == 0 {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %.1f | %.2f | %.2f | %.2f | %.3f | %.3f |\n",
			r.Work, r.Server, r.Connections, r.Requests, r.Rate, r.P50, r.P99, r.Max, r.CPU, r.DatabaseCPU)
	}
	return b.String()
}

const (
	barHeight, barGap, workGap = 16, 3, 26
	labelWidth, plotWidth      = 170, 560
)

// colours of servers, told apart in light and dark and by most eyes.
var colours = map[string]string{
	"Keystone": "#b4552d", "Keystone, no cache": "#8a6d1f", "Lintel": "#1f6fb4", "Lintel, shared": "#5b8fc4", "Lintel, small data": "#3d9aa1",
	"Lintel, two nodes": "#6a5fb0", "bare": "#808080", "hash alone": "#a0a0a0",
}

// bars draws one figure of all results, work by work, on a logarithmic scale.
func bars(title, unit string, results []result, of func(result) float64) string {
	low, high := math.Inf(1), 0.0
	var shown []result
	for _, r := range results {
		if v := of(r); v > 0 {
			low, high = min(low, v), max(high, v)
			shown = append(shown, r)
		}
	}
	low = math.Pow(10, math.Floor(math.Log10(low)))
	var body strings.Builder
	y, last := 34, ""
	for _, work := range worksOf(shown) {
		for _, r := range shown {
			if r.Work != work {
				continue
			}
			if work != last {
				y += workGap
				fmt.Fprintf(&body, `<text x="4" y="%d" font-weight="bold">%s</text>`+"\n", y-6, html.EscapeString(work))
				last = work
			}
			width := 1 + math.Log10(of(r)/low)/max(math.Log10(high/low), 1)*plotWidth
			fmt.Fprintf(&body, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%s</text>`+"\n",
				labelWidth-6, y+barHeight-4, html.EscapeString(r.Server), labelWidth, y, width, barHeight, cmp.Or(colours[r.Server], "#666"),
				labelWidth+width+5, y+barHeight-4, figure(of(r))+unit)
			y += barHeight + barGap
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12" role="img" aria-label="%[3]s">
<rect width="100%%" height="100%%" fill="#fff"/><g fill="#222"><text x="4" y="20" font-size="15">%[3]s</text>
%[4]s</g></svg>
`, labelWidth+plotWidth+100, y+12, html.EscapeString(title), body.String())
}

// worksOf are the works of results, in the order in which they were first done.
func worksOf(results []result) (works []string) {
	seen := map[string]bool{}
	for _, r := range results {
		if !seen[r.Work] {
			seen[r.Work] = true
			works = append(works, r.Work)
		}
	}
	return works
}

// figure shows three digits.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
