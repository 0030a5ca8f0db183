// Package imports holds the test that keeps the house in order: which package may import which.
package imports

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lintel-id/lintel/"

// levels are the floors of the house: a package imports only packages of lower levels. A folder below a package named
// here stands on its own line.
var levels = map[string]int{
	"internal/python":             -1, // as if it came with the language
	"internal/identity":           0,
	"internal/config":             0,
	"internal/telemetry":          0,
	"internal/oauth1":             0,
	"internal/totp":               0,
	"internal/awsauth":            0,
	"internal/pattern":            0,
	"internal/token":              0,
	"internal/policy":             0,
	"internal/passkey":            1,
	"internal/client":             0,
	"internal/password":           1,
	"internal/store":              1,
	"internal/authz":              1,
	"internal/httpapi/schema":     1,
	"internal/federation/mapping": 2,
	"internal/audit":              2,
	"internal/authority":          2,
	"internal/mail":               2,
	"internal/store/storetest":    2,
	"internal/directory":          3,
	"internal/catalog":            2,
	"internal/assignment":         4,
	"internal/credential":         5,
	"internal/trail":              3,
	"internal/federation":         5,
	"internal/auth":               6,
	"internal/membership":         6,
	"internal/federation/saml":    6,
	"internal/httpapi":            7,
	"internal/portal":             7,
	"internal/server":             8,
	"internal/testenv":            9,
	"internal/imports":            10,
	"cmd/lintel":                  10,
	"bench/load":                  10,
}

// reserved lists what only some packages may import, and why.
var reserved = []struct {
	path   string
	allow  []string
	reason string
}{
	{"database/sql", []string{"internal/store", "internal/store/storetest"}, "SQL lives in the store"},
	{"net/http", []string{"internal/audit", "internal/httpapi", "internal/portal", "internal/server", "internal/telemetry", "internal/testenv", "internal/policy", "internal/client", "bench/load", "cmd/lintel"},
		"rules know nothing of HTTP; policy has http: checks, audit a webhook, and the client is one of HTTP"},
	{module + "internal/config", []string{"internal/server", "cmd/lintel", "internal/testenv"}, "packages take their few values as fields"},
	{"testing", []string{"internal/store/storetest", "internal/testenv"}, "test code stays out of the binary"},
	{"math/rand", nil, "keys, ids and salts come from crypto/rand"},
	{"math/rand/v2", []string{"internal/audit", "internal/server", "internal/store", "bench/load"},
		"only the jitter of a retried transaction and the choice of a broker may be guessable"},
}

type pkg struct {
	path    string
	imports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []pkg
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		ps = append(ps, pkg{strings.TrimPrefix(f[0], module), f[1:]})
	}
	return ps
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		level, ok := levels[p.path]
		if !ok {
			t.Errorf("%s has no level: give it one here, as the map of the code says", p.path)
			continue
		}
		for _, imp := range p.imports {
			if below, ours := strings.CutPrefix(imp, module); ours && levels[below] >= level {
				t.Errorf("%s (level %d) imports %s (level %d)", p.path, level, below, levels[below])
			}
			for _, r := range reserved {
				if imp == r.path && !slices.Contains(r.allow, p.path) {
					t.Errorf("%s imports %s: %s", p.path, imp, r.reason)
				}
			}
		}
	}
}

// TestIdentityIsPlain keeps the vocabulary free of anything but the standard library.
func TestIdentityIsPlain(t *testing.T) {
	for _, p := range packages(t) {
		if p.path != "internal/identity" {
			continue
		}
		for _, imp := range p.imports {
			if strings.Contains(imp, ".") {
				t.Errorf("identity imports %s", imp)
			}
		}
	}
}
