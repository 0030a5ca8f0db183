// Package portal tells stories of people at the portal: in a browser where it is a page, on the command line where it is
// a command. Each story carries the numbers of what it proves.
package portal

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// The places that the suite's run gives.
var (
	work     = os.Getenv("WORK")
	repo     = os.Getenv("REPO")
	peers    = os.Getenv("PEERS")
	password = os.Getenv("ADMIN_PASSWORD") // of the administrator
)

// browser is the one that all people use, each in a profile of their own.
var browser context.Context

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "openstack" {
		os.Exit(openstack(os.Args[1:]))
	}
	flag.Parse()
	if work == "" {
		fmt.Fprintln(os.Stderr, "to be started by conformance/run portal")
		os.Exit(2)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	allocated, free := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.NoSandbox, chromedp.Flag("lang", "en-US"), chromedp.WindowSize(1440, 900),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true))...)
	defer free()
	var done context.CancelFunc
	browser, done = chromedp.NewContext(allocated)
	defer done()
	if err := chromedp.Do(browser); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(work, "bin", "openstack"))
	}
	if err == nil {
		err = plant()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := m.Run()
	complete, err := told.table(filepath.Join(work, "table"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if whole := flag.Lookup("test.run").Value.String() == ""; whole && !complete {
		fmt.Println("the table tells of numbers that no story proves")
		return 1
	}
	return status
}

// told is which stories were told, by the numbers that they prove.
var told = register{stories: map[string][]string{}}

type register struct {
	sync.Mutex
	stories map[string][]string
}

func (r *register) add(story, ids string) {
	r.Lock()
	defer r.Unlock()
	for id := range strings.FieldsSeq(ids) {
		if !slices.Contains(r.stories[id], story) {
			r.stories[id] = append(r.stories[id], story)
		}
	}
}

// demanded are the numbers that the portal is judged by.
func demanded() (ids []string) {
	for _, series := range []struct {
		letter   string
		from, to int
		not      []int
	}{
		{"P", 1, 8, nil}, {"P", 10, 10, nil}, {"M", 1, 15, nil}, {"J", 1, 8, nil}, {"J", 10, 11, nil}, {"D", 1, 9, nil}, {"D", 11, 12, nil},
		{"A", 2, 5, nil}, {"A", 7, 7, nil}, {"A", 9, 9, nil}, {"A", 12, 12, nil}, {"A", 14, 14, nil},
		{"B", 1, 29, nil}, {"O", 1, 14, nil}, {"C", 1, 20, nil}, {"K", 1, 9, nil}, {"S", 1, 9, nil}, {"S", 22, 22, nil}, {"S", 25, 25, nil},
	} {
		for n := series.from; n <= series.to; n++ {
			ids = append(ids, fmt.Sprint(series.letter, n))
		}
	}
	return ids
}

// table writes which story proves each number, and tells whether every number has one or stands in later.txt.
func (r *register) table(file string) (complete bool, err error) {
	later := map[string]string{}
	text, err := os.ReadFile("later.txt")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		if id, why, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			later[id] = why
		}
	}
	var out strings.Builder
	complete = true
	for _, id := range demanded() {
		switch stories := r.stories[id]; {
		case len(stories) > 0 && later[id] != "":
			fmt.Fprintf(&out, "%-4s %s (take it out of later.txt)\n", id, strings.Join(stories, ", "))
		case len(stories) > 0:
			fmt.Fprintf(&out, "%-4s %s\n", id, strings.Join(stories, ", "))
		case later[id] != "":
			fmt.Fprintf(&out, "%-4s later: %s\n", id, later[id])
		default:
			fmt.Fprintf(&out, "%-4s NO STORY\n", id)
			complete = false
		}
		delete(later, id)
	}
	for _, id := range slices.Sorted(maps.Keys(later)) {
		fmt.Fprintf(&out, "%-4s stands in later.txt, and is none\n", id)
		complete = false
	}
	return complete, os.WriteFile(file, []byte(out.String()), 0o644)
}

// Story is one, told on a cloud of its own.
type Story struct {
	*testing.T
	*Cloud
	way way
}

// way is how the people of a story use the browser.
type way struct {
	name     string
	scripts  bool
	keyboard bool // and nothing else
}

// Who points runs scripts; who has only the keyboard runs none. Each story is told both ways, so every change is tried so.
var ways = []way{{name: "pointer", scripts: true}, {name: "keyboard without scripts", keyboard: true}}

// tell tells a story in every way. The numbers are those of what it proves.
func tell(t *testing.T, ids string, story func(s *Story)) { tellIn(t, ids, "", ways, story) }

// tellWith tells a story on a cloud with more in its configuration.
func tellWith(t *testing.T, ids, conf string, story func(s *Story)) {
	tellIn(t, ids, conf, ways, story)
}

// scripted tells a story whose pages need scripts, or that has no page.
func scripted(t *testing.T, ids string, story func(s *Story)) { tellIn(t, ids, "", ways[:1], story) }

func tellIn(t *testing.T, ids, conf string, in []way, story func(s *Story)) {
	t.Parallel()
	checkIDs(t, ids)
	for _, w := range in {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := &Story{T: t, way: w}
			s.Cloud = newCloud(t, "seed", conf)
			story(s)
			if !t.Failed() {
				told.add(t.Name()[:strings.Index(t.Name(), "/")], ids)
			}
		})
	}
}

// onceThere skips a story whose page the portal does not have.
func onceThere(t *testing.T, path string) {
	t.Helper()
	if !isThere(t, path) {
		t.Skipf("NOT TOLD: the portal has no page %s", path)
	}
}

// isThere tells whether the portal has a page.
func isThere(t *testing.T, path string) bool {
	t.Helper()
	files := must[[]string](t)(filepath.Glob(filepath.Join(repo, "internal/portal/*.go")))
	for _, file := range files {
		if text := must[[]byte](t)(os.ReadFile(file)); strings.Contains(string(text), `"`+path+`"`) {
			return true
		}
	}
	return false
}

var idPattern = regexp.MustCompile(`^[A-Z]\d+$`)

func checkIDs(t *testing.T, ids string) {
	t.Helper()
	for id := range strings.FieldsSeq(ids) {
		if !idPattern.MatchString(id) || !slices.Contains(demanded(), id) {
			t.Fatalf("%q is no number of the portal's", id)
		}
	}
}

// must ends a test that cannot go on.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// env is an environment variable, or what stands for it.
func env(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
