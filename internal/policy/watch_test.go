package policy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// S-079, at start: what cannot be used refuses; no file means the defaults.
func TestLoadRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"cut", `{"a:b": "role:x"`, `:1:1: this { is never closed`},
		{"no map", `["a:b"]`, `:1:1: the file is not a map of rule names to rules`},
		{"no rule", `a:b: true`, `:1:6: rule "a:b": true is no rule but a boolean: write it in quotes`},
		{"does not parse", "a:b: role:x and\n", `:1:16: rule "a:b": the rule ends where a check is missing`},
		{"blank", `a:b: " "`, `rule "a:b": the rule is blank`},
		{"open parenthesis", "\n\na:b: (role:x or role:y", `:3:23: rule "a:b": a closing parenthesis is missing`},
		{"parenthesis too many", "a:b: role:x)", `:1:12: rule "a:b": this parenthesis closes none`},
		{"no operator", `a:b: "role:x role:y"`, `:1:14: rule "a:b": "and" or "or" is missing before "role:y"`},
		{"quotes within", `a:b: '"role:x"'`, `is a quoted text, which is no check: remove the inner quotes`},
		{"no check", `{"a:b": "not admin"}`, `:1:14: rule "a:b": "admin" is no check, it has no colon: is role:admin meant?`},
		{"no check in a list", `{"a:b": [["admin"], [5]]}`, `:1:11: rule "a:b": "admin" is no check`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnforcer(t, Options{}, Default{Name: "a:b", Check: "role:good"})
			dir := t.TempDir()
			write(t, filepath.Join(dir, "policy.yaml"), tt.text)
			_, err := e.Load(Files{File: "policy.yaml", Search: []string{dir}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load: got %v, want %q", err, tt.want)
			}
			if !allowed(t, e, "a:b", nil, map[string]any{"roles": []string{"good"}}) {
				t.Error("the default is no longer in force")
			}
		})
	}
	t.Run("unreadable", func(t *testing.T) {
		e := newEnforcer(t, Options{})
		dir := t.TempDir() // reading a folder as a file fails for root too
		if _, err := e.Load(Files{File: dir}); err == nil {
			t.Error("Load of a folder: got no error")
		}
	})
	t.Run("no file", func(t *testing.T) {
		e := newEnforcer(t, Options{}, Default{Name: "a:b", Check: "role:good"})
		if _, err := e.Load(Files{File: "policy.yaml", Dirs: []string{"policy.d"}, Search: []string{t.TempDir()}}); err != nil {
			t.Error(err)
		}
		if !allowed(t, e, "a:b", nil, map[string]any{"roles": []string{"good"}}) {
			t.Error("the default is not in force")
		}
		if allowed(t, e, "a:c", nil, map[string]any{"roles": []string{"good"}}) {
			t.Error("a rule that nobody defined allows")
		}
	})
}

// The files of policy_dirs come after the file, by name; hidden ones and folders do not count.
func TestLoadDirs(t *testing.T) {
	etc, other := t.TempDir(), t.TempDir()
	d := filepath.Join(other, "policy.d")
	if err := os.MkdirAll(filepath.Join(d, "50-folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(etc, "policy.json"), `{"a:1": "!", "a:2": "!", "a:3": "!"}`)
	write(t, filepath.Join(d, "10-a.yaml"), `{"a:2": "@", "a:3": "!"}`)
	write(t, filepath.Join(d, "20-b.yaml"), `{"a:3": "@"}`)
	write(t, filepath.Join(d, ".30-c.yaml"), `{"a:1": "@"}`)
	e := newEnforcer(t, Options{})
	if _, err := e.Load(Files{File: "policy.json", Dirs: []string{"policy.d", "none.d"}, Search: []string{etc, other}}); err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[string]bool{"a:1": false, "a:2": true, "a:3": true} {
		if got := allowed(t, e, rule, nil, nil); got != want {
			t.Errorf("%s: got %v, want %v", rule, got, want)
		}
	}
}

type report struct {
	warnings int
	err      string
}

// follow starts to follow a file at one look a second; look waits for the next one.
func follow(t *testing.T, e *Enforcer, files Files) (look func() []report) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reports := make(chan report, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Follow(ctx, files, time.Second, func(warnings []*Problem, err error) {
			r := report{warnings: len(warnings)}
			if err != nil {
				r.err = err.Error()
			}
			reports <- r
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	synctest.Wait()
	return func() []report {
		time.Sleep(time.Second)
		synctest.Wait()
		var got []report
		for len(reports) > 0 {
			got = append(got, <-reports)
		}
		return got
	}
}

// S-079, while running: a broken file keeps the last good rules and is told once.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.yaml")
	files := Files{File: path}
	synctest.Test(t, func(t *testing.T) {
		e := newEnforcer(t, Options{}, Default{Name: "a:b", Check: "role:default"})
		if _, err := e.Load(files); err != nil {
			t.Fatal(err)
		}
		look := follow(t, e, files)
		expect := func(step, role string, reports []report, want ...string) {
			t.Helper()
			for _, r := range []string{"default", "one", "two"} {
				if got := allowed(t, e, "a:b", nil, map[string]any{"roles": []string{r}}); got != (r == role) {
					t.Errorf("%s: role %s: got %v, want only %s to be allowed", step, r, got, role)
				}
			}
			if len(reports) != len(want) {
				t.Fatalf("%s: got reports %v, want %q", step, reports, want)
			}
			for i, r := range reports {
				if !strings.Contains(r.err, want[i]) || (r.err == "") != (want[i] == "") {
					t.Errorf("%s: reported %q, want %q", step, r.err, want[i])
				}
			}
		}
		expect("no file", "default", look())

		write(t, path, `{"a:b": "role:one"}`)
		expect("new, first look", "default", look())
		expect("new, second look", "one", look(), "")
		expect("nothing new", "one", look())

		write(t, path, ``)
		expect("emptied, about to be written", "one", look())
		write(t, path, `{"a:b": "role:two"}`)
		expect("written, first look", "one", look())
		expect("written, second look", "two", look(), "")

		write(t, path, `{"a:b": "role:one`)
		look()
		expect("broken", "two", look(), "policy.yaml:1:9: the quote that opens here is never closed")
		expect("still broken", "two", look())
		write(t, path, `{"a:b": "role:two"}`)
		look()
		expect("mended", "two", look(), "")

		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		look()
		expect("unreadable", "two", look(), "is a directory")
		expect("still unreadable", "two", look())
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		look()
		expect("gone", "default", look(), "")
	})
}

// Kubernetes mounts a ConfigMap as a link to a link, and turns the one in the middle.
func TestFollowConfigMap(t *testing.T) {
	dir := t.TempDir()
	for version, text := range map[string]string{"v1": `{"a:b": "role:one"}`, "v2": `{"a:b": "role:two"}`} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "policy.yaml"), text)
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, "new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("v1", "..data")
	link(filepath.Join("..data", "policy.yaml"), "policy.yaml")
	files := Files{File: "policy.yaml", Search: []string{dir}}
	synctest.Test(t, func(t *testing.T) {
		e := newEnforcer(t, Options{})
		if _, err := e.Load(files); err != nil {
			t.Fatal(err)
		}
		look := follow(t, e, files)
		link("v2", "..data")
		look()
		look()
		if !allowed(t, e, "a:b", nil, map[string]any{"roles": []string{"two"}}) {
			t.Error("the new rules are not in force")
		}
	})
}
