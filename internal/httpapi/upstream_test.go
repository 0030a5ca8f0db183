package httpapi_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

// later are routes that are still to come.
var later = []string{"/websso", "/v3/OS-OAUTH2/token", "/protocols/{protocol_id}/auth"}

// TestUpstreamsRoutes goes through a list of all routes of upstream: each is served, asks the same rules, and is described with
// the same statuses.
func TestUpstreamsRoutes(t *testing.T) {
	env := testenv.New(t)
	list, err := os.ReadFile("testdata/upstream.tsv")
	if err != nil {
		t.Fatal(err)
	}
	text, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Summary   string
			Responses map[string]any
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	arguments := regexp.MustCompile(`\{\w+\}`)
	key := func(method, path string) string { return method + " " + arguments.ReplaceAllString(path, "{}") }
	ours := map[string]httpapi.Route{}
	for _, rt := range httpapi.Routes() {
		ours[key(rt.Method, rt.Path)] = rt
	}
	n := 0
	for line := range strings.Lines(string(list)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			continue // the comment
		}
		n++
		method, path, statuses, head, rules := f[0], f[1], strings.Split(f[2], ","), f[3], f[4]
		name := method + " " + path
		if slices.ContainsFunc(later, func(part string) bool { return strings.Contains(path, part) }) {
			continue
		}
		if path == "/healthcheck" {
			env.Get(path).Want(200)
			continue
		}
		if statuses[0] == "405" {
			if r := env.Do(method, fill(path), nil); r.Status != 405 {
				t.Errorf("%s: %d, want 405", name, r.Status)
			}
			continue
		}
		rt, ok := ours[key(method, path)]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		var asked []string
		for _, a := range rt.Actions {
			asked = append(asked, string(a))
		}
		if rules == "-" && len(asked) > 0 {
			t.Errorf("%s asks %v, upstream nothing", name, asked)
		}
		for rule := range strings.SplitSeq(rules, ",") {
			if rule != "-" && !slices.Contains(asked, rule) {
				t.Errorf("%s does not ask %s", name, rule)
			}
		}
		described := doc.Paths[rt.Path]
		if described[strings.ToLower(method)].Summary == "" {
			t.Errorf("%s is not described", name)
		}
		for _, status := range statuses {
			if described[strings.ToLower(method)].Responses[status] == nil {
				t.Errorf("%s answers %s, which is not described", name, status)
			}
		}
		if head != "-" && described["head"].Responses[strings.Split(head, ",")[0]] == nil {
			t.Errorf("HEAD %s answers %s, which is not described", path, head)
		}
	}
	if n < 250 {
		t.Errorf("only %d routes are in the list", n)
	}
}
