package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// openstack is the openstack command, as its process that is loaded already runs it.
func openstack(argv []string) int {
	var stdin []byte
	if slices.ContainsFunc(argv, func(a string) bool { return strings.HasSuffix(a, "-prompt") }) {
		stdin, _ = io.ReadAll(os.Stdin)
	}
	environment := map[string]string{}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		environment[name] = value
	}
	cwd, _ := os.Getwd()
	conn, err := net.Dial("unix", filepath.Join(work, "openstackd"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer conn.Close()
	var done struct {
		Status         int
		Stdout, Stderr string
	}
	if err := json.NewEncoder(conn).Encode(map[string]any{"argv": argv, "env": environment, "stdin": string(stdin), "cwd": cwd}); err == nil {
		err = json.NewDecoder(conn).Decode(&done)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprint(os.Stdout, done.Stdout)
	fmt.Fprint(os.Stderr, done.Stderr)
	return done.Status
}

// Shell is somebody at a terminal, who has loaded what says who they are.
type Shell struct {
	s     *Story
	cloud *Cloud
	env   []string
	Input string // what is typed when a command asks
}

// Shell opens a terminal of somebody of the default domain, with a scope: "system", "domain NAME", "project NAME", or none.
func (s *Story) Shell(name, password, on string) *Shell {
	return s.shellOn(s.Cloud, name, password, on)
}

func (s *Story) shellOn(c *Cloud, name, password, on string) *Shell {
	sh := &Shell{s: s, cloud: c, env: []string{
		"OS_AUTH_URL=" + c.URL + "/v3", "OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=RegionOne",
		"OS_USERNAME=" + name, "OS_PASSWORD=" + password, "OS_USER_DOMAIN_ID=default",
	}}
	switch kind, of, _ := strings.Cut(on, " "); kind {
	case "system":
		sh.env = append(sh.env, "OS_SYSTEM_SCOPE=all")
	case "domain":
		sh.env = append(sh.env, "OS_DOMAIN_NAME="+of)
	case "project":
		sh.env = append(sh.env, "OS_PROJECT_NAME="+of, "OS_PROJECT_DOMAIN_ID=default")
	}
	return sh
}

// Try runs a line, and returns what it printed.
func (sh *Shell) Try(line string) (out string, err error) {
	sh.s.Helper()
	ctx, cancel := context.WithTimeout(sh.s.Context(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail\n"+line)
	cmd.WaitDelay = time.Second
	cmd.Dir = sh.s.TempDir()
	cmd.Env = append([]string{"PATH=" + filepath.Join(work, "bin") + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + cmd.Dir, "WORK=" + work, "LANG=C.UTF-8"}, sh.env...)
	cmd.Stdin = strings.NewReader(sh.Input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w: %s", line, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// Run runs a line that must not fail.
func (sh *Shell) Run(line string) string {
	sh.s.Helper()
	out, err := sh.Try(line)
	if err != nil {
		sh.s.Fatal(err)
	}
	return out
}

// Refused runs a line that must fail, and say something.
func (sh *Shell) Refused(line, why string) {
	sh.s.Helper()
	out, err := sh.Try(line)
	if err == nil {
		sh.s.Fatalf("%s was not refused: %s", line, out)
	}
	if !strings.Contains(err.Error(), why) {
		sh.s.Fatalf("%v\nwhich does not say %q", err, why)
	}
}

// refused runs a line that must change nothing. Of grants that are refused the openstack command says nothing.
func (s *Story) refused(sh *Shell, line string) {
	s.Helper()
	before := s.state()
	_, _ = sh.Try(line)
	if done := change(before, s.state()); len(done) > 0 {
		s.Fatalf("%s was not refused: %q", line, done)
	}
}

// JSON runs a line that prints JSON.
func (sh *Shell) JSON(line string) map[string]any {
	sh.s.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(sh.Run(line+" -f json")), &v); err != nil {
		sh.s.Fatal(err)
	}
	return v
}

// List runs a line that prints a list.
func (sh *Shell) List(line string) (v []map[string]any) {
	sh.s.Helper()
	if err := json.Unmarshal([]byte(sh.Run(line+" -f json")), &v); err != nil {
		sh.s.Fatal(err)
	}
	return v
}

var holePattern = regexp.MustCompile(`\b[A-Z]{2,}(?:_[A-Z]+)*\b`)

// alike does something in the browser, and on a copy of the cloud what the page's commands say, filled in by pairs of a
// word in capitals and what stands for it. What they change must be the same.
func (s *Story) alike(p *Person, on string, commands []string, act func(), holes ...string) {
	s.Helper()
	s.alikeTyped(p, on, "", commands, act, holes...)
}

func (s *Story) whoIs(p *Person) string {
	s.Helper()
	return strings.TrimSpace(see[string](p, "text", ".me .who"))
}

// alikeTyped is alike with commands that ask for something.
func (s *Story) alikeTyped(p *Person, on, typed string, commands []string, act func(), holes ...string) {
	s.Helper()
	name, pw := s.whoIs(p), secret
	if name == "admin" {
		pw = password
	}
	if !s.way.scripts { // once is enough
		act()
		return
	}
	before := s.state()
	twin := s.Copy(s.T)
	act()
	want := change(before, s.state())
	sh := s.shellOn(twin, name, pw, on)
	sh.Input = typed
	value := map[string]string{}
	for i := 0; i+1 < len(holes); i += 2 {
		value[holes[i]] = holes[i+1]
	}
	lines := slices.Clone(commands)
	for i, line := range lines {
		lines[i] = holePattern.ReplaceAllStringFunc(line, func(hole string) string {
			if v, ok := value[hole]; ok {
				return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'"
			}
			return hole
		})
		lines[i] = strings.ReplaceAll(lines[i], s.URL, twin.URL)
	}
	if out, err := sh.Try("set -e\n" + strings.Join(lines, "\n")); err != nil {
		s.Fatalf("%v\n%s", err, out)
	}
	if got := change(before, twin.state()); !slices.Equal(got, want) {
		s.Fatalf("the page and its command do not do the same\npage:\n%s\ncommand %q:\n%s", strings.Join(want, "\n"), lines, strings.Join(got, "\n"))
	}
	if len(want) == 0 {
		s.Fatalf("nothing changed by %q", lines)
	}
}
