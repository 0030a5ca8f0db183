package token

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// names returns the files of a folder, and fails if one of them is open to others.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", e.Name(), info.Mode())
		}
		out = append(out, e.Name())
	}
	return out
}

func writeKeys(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func keyTexts(s KeySet) []string {
	var out []string
	for _, k := range s.keys {
		out = append(out, k.text)
	}
	return out
}

// The listings are those that keystone-manage left behind, step by step.
func TestSetupAndRotate(t *testing.T) {
	r := Repository{Dir: filepath.Join(t.TempDir(), "etc", "keys")}
	if err := r.Rotate(); err == nil {
		t.Error("Rotate without a repository did not fail")
	}
	if err := r.Setup(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(r.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v; want mode 0700", info.Mode(), err)
	}
	keys, _, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Setup(); err != nil {
		t.Fatal(err)
	}
	again, _, err := r.Load()
	if diff := cmp.Diff(keyTexts(keys), keyTexts(again)); diff != "" || err != nil {
		t.Errorf("a second Setup changed the keys (-before +after), %v:\n%s", err, diff)
	}

	for i, step := range []struct {
		maxActive int
		want      string
	}{
		{0, "0 1 2"}, {3, "0 2 3"}, {3, "0 3 4"}, {3, "0 4 5"},
		{1, "0"}, {1, "0"},
		{5, "0 1"}, {5, "0 1 2"}, {5, "0 1 2 3"}, {5, "0 1 2 3 4"}, {5, "0 2 3 4 5"},
	} {
		before, _, err := r.Load()
		if err != nil {
			t.Fatal(err)
		}
		r.MaxActive = step.maxActive
		if err := r.Rotate(); err != nil {
			t.Fatalf("rotation %d: %v", i, err)
		}
		if got := strings.Join(names(t, r.Dir), " "); got != step.want {
			t.Errorf("rotation %d with %d keys left %s, want %s", i, step.maxActive, got, step.want)
		}
		after, warnings, err := r.Load()
		if err != nil || len(warnings) > 0 {
			t.Fatalf("rotation %d: %v, %v", i, warnings, err)
		}
		staged := before.keys[before.Len()-1].text
		if got := after.Primary().text; step.maxActive != 1 && got != staged {
			t.Errorf("rotation %d: the staged key did not become the primary", i)
		}
	}
}

func TestRotateRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no key":          {},
		"no staged key":   {"1": GenerateKey()},
		"an empty staged": {"0": "", "1": GenerateKey()},
	} {
		r := Repository{Dir: t.TempDir()}
		writeKeys(t, r.Dir, files)
		before := names(t, r.Dir)
		if err := r.Rotate(); err == nil {
			t.Errorf("%s: Rotate did not fail", name)
		}
		if diff := cmp.Diff(before, names(t, r.Dir)); diff != "" {
			t.Errorf("%s: a failed Rotate changed the files (-before +after):\n%s", name, diff)
		}
	}
}

// Files that hold no key do not push good ones out.
func TestRotateKeepsGoodKeys(t *testing.T) {
	r := Repository{Dir: t.TempDir()}
	primary := GenerateKey()
	writeKeys(t, r.Dir, map[string]string{"0": GenerateKey(), "1": GenerateKey(), "2": primary, "7": "", "0.tmp": "left by a crash"})
	if err := r.Rotate(); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(names(t, r.Dir), " "), "0 2 7 8"; got != want {
		t.Errorf("Rotate left %s, want %s", got, want)
	}
	keys, _, err := r.Load()
	if err != nil || !slices.Contains(keyTexts(keys), primary) {
		t.Errorf("the old primary is gone (%v)", err)
	}
}

func TestSetupCannotMakeFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeKeys(t, filepath.Dir(file), map[string]string{"file": ""})
	if err := (Repository{Dir: filepath.Join(file, "keys")}).Setup(); err == nil {
		t.Error("Setup below a file did not fail")
	}
}

func TestOwner(t *testing.T) {
	r := Repository{Dir: filepath.Join(t.TempDir(), "keys"), Owner: &Owner{os.Getuid(), os.Getgid()}}
	if err := r.Setup(); err != nil {
		t.Errorf("Setup for ourselves: %v", err)
	}
	if os.Getuid() != 0 {
		r = Repository{Dir: filepath.Join(t.TempDir(), "keys"), Owner: &Owner{0, 0}}
		if err := r.Setup(); err == nil {
			t.Error("Setup for root did not fail")
		}
	}
}

// S-143: whatever lies about in the folder, the good keys are used.
func TestLoadSkipsWhatIsNoKey(t *testing.T) {
	dir := t.TempDir()
	good := []string{
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd_-8=",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd+/A=", // the other alphabet
		GenerateKey() + "\n",
		GenerateKey(),
	}
	writeKeys(t, dir, map[string]string{
		"12": good[0],
		"11": good[1],
		"2":  good[2],
		"0":  good[3],

		"10":                   "",
		"9":                    good[0][:43],
		"8":                    good[0][:40],
		"7":                    strings.Repeat("?", 44),
		"6":                    strings.Repeat("A", 1<<20),
		"5":                    good[0], // a duplicate
		"02":                   GenerateKey(),
		"4":                    "\x00\xff",
		"0.tmp":                "half a k",
		"key":                  GenerateKey(),
		"3~":                   GenerateKey(),
		"-1":                   GenerateKey(),
		"99999999999999999999": GenerateKey(),
	})
	if err := os.Mkdir(filepath.Join(dir, "20"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "3")); err != nil {
		t.Fatal(err)
	}
	keys, warnings, err := Repository{Dir: dir}.Load()
	if err != nil {
		t.Fatal(err)
	}
	// 02 and 2 have the same number; the name that sorts first wins.
	got := keyTexts(keys)
	if len(got) != 4 || got[0] != good[0] || got[1] != good[1] || got[3] != good[3] {
		t.Errorf("Load found %d keys in the wrong order, or the wrong ones", len(got))
	}
	var warned []string
	for _, w := range warnings {
		for f := range strings.FieldsSeq(strings.ReplaceAll(w.Error(), ":", " ")) {
			if filepath.Dir(f) == dir {
				warned = append(warned, filepath.Base(f))
				break
			}
		}
		for _, key := range good {
			if strings.Contains(w.Error(), key[:40]) {
				t.Errorf("the warning %q shows a key", w)
			}
		}
	}
	slices.Sort(warned)
	if diff := cmp.Diff([]string{"10", "2", "3", "4", "5", "6", "7", "8", "9"}, warned); diff != "" {
		t.Errorf("files warned of (-want +got):\n%s", diff)
	}
}

func TestLoadNothing(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := (Repository{Dir: dir}).Load(); !errors.Is(err, ErrNoKeys) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Load of an empty folder: %v, want ErrNoKeys with the path", err)
	}
	writeKeys(t, dir, map[string]string{"0": "", "1": "x"})
	if _, warnings, err := (Repository{Dir: dir}).Load(); !errors.Is(err, ErrNoKeys) || len(warnings) != 2 {
		t.Errorf("Load of damaged keys: %v, %v; want two warnings and ErrNoKeys", warnings, err)
	}
	if _, _, err := (Repository{Dir: filepath.Join(dir, "none")}).Load(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of no folder: %v, want ErrNotExist", err)
	}
}

// mountSecret lays out files as a container's mounted secret: names link into ..data, a link that
// is swapped as a whole.
func mountSecret(t *testing.T, dir, version string, files map[string]string) {
	t.Helper()
	hidden := filepath.Join(dir, "..version"+version)
	if err := os.Mkdir(hidden, 0o700); err != nil {
		t.Fatal(err)
	}
	writeKeys(t, hidden, files)
	if err := os.Symlink(filepath.Base(hidden), filepath.Join(dir, "..data_tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
}

// handClock is a clock turned by hand.
type handClock struct{ t time.Time }

func (c *handClock) now() time.Time          { return c.t }
func (c *handClock) advance(d time.Duration) { c.t = c.t.Add(d) }

// S-002: a key that is removed stops opening tokens, a key that is added starts, without a restart.
func TestFileKeysFollowTheFolder(t *testing.T) {
	for _, layout := range []string{"plain", "mounted secret"} {
		t.Run(layout, func(t *testing.T) {
			dir := t.TempDir()
			version := 0
			put := func(files map[string]string) {
				version++
				if layout == "mounted secret" {
					mountSecret(t, dir, fmt.Sprint(version), files)
					for _, name := range []string{"0", "1", "2"} {
						if _, ok := files[name]; !ok {
							os.Remove(filepath.Join(dir, name))
						}
					}
					return
				}
				for _, name := range []string{"0", "1", "2"} {
					os.Remove(filepath.Join(dir, name))
				}
				writeKeys(t, dir, files)
			}
			put(map[string]string{"0": GenerateKey(), "1": oldKey})
			c := &handClock{t: issuedAt}
			f := newFernet(t)
			f.Keys = &FileKeys{Repository: Repository{Dir: dir}, Now: c.now}
			old, err := f.Seal(complete(Payload{}))
			if err != nil {
				t.Fatal(err)
			}

			put(map[string]string{"0": GenerateKey(), "1": oldKey, "2": primaryKey})
			c.advance(time.Second)
			fresh, err := f.Seal(complete(Payload{}))
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{old, fresh} {
				if _, err := f.Open(text); err != nil {
					t.Errorf("after the rotation: %v", err)
				}
			}

			put(map[string]string{"2": primaryKey})
			c.advance(time.Second)
			if _, err := f.Open(old); !errors.Is(err, ErrInvalid) {
				t.Errorf("a token under a removed key: %v, want ErrInvalid", err)
			}
			if _, err := f.Open(fresh); err != nil {
				t.Errorf("a token under a key that stayed: %v", err)
			}
		})
	}
}

// S-143: at run time the last good set stays; at the start there must be one.
func TestFileKeysKeepTheLastGoodSet(t *testing.T) {
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	c := &handClock{t: issuedAt}
	var told []string
	f := &FileKeys{Repository: Repository{Dir: keys}, Now: c.now, Report: func(err error) { told = append(told, err.Error()) }}
	if _, err := f.Keys(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Keys without a folder: %v, want ErrNotExist", err)
	}
	if err := f.Repository.Setup(); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	good, err := f.Keys()
	if err != nil || good.Len() != 2 {
		t.Fatalf("Keys = %d keys, %v; want 2", good.Len(), err)
	}
	if len(told) != 0 {
		t.Errorf("told of %q before anything was wrong", told)
	}

	if err := os.Rename(keys, keys+".away"); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c.advance(time.Second)
		if got, err := f.Keys(); err != nil || got.Len() != 2 {
			t.Errorf("Keys without the folder = %d keys, %v; want the last 2", got.Len(), err)
		}
	}
	if len(told) != 1 {
		t.Errorf("told of %q, want the missing folder once", told)
	}

	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	writeKeys(t, keys, map[string]string{"0": "", "1": "cut"})
	c.advance(time.Second)
	if got, err := f.Keys(); err != nil || got.Len() != 2 {
		t.Errorf("Keys of a damaged folder = %d keys, %v; want the last 2", got.Len(), err)
	}
	if len(told) != 4 {
		t.Errorf("told of %q, want two files and the empty set more", told)
	}

	writeKeys(t, keys, map[string]string{"0": oldKey, "1": primaryKey})
	c.advance(time.Second)
	got, err := f.Keys()
	if diff := cmp.Diff([]string{primaryKey, oldKey}, keyTexts(got)); diff != "" || err != nil {
		t.Errorf("after the cure (-want +got), %v:\n%s", err, diff)
	}
}

func TestFileKeysOptional(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Join(dir, "none")} {
		f := &FileKeys{Repository: Repository{Dir: d}, Optional: true}
		if keys, err := f.Keys(); err != nil || keys.Len() != 0 {
			t.Errorf("Keys of %s = %d keys, %v; want none", d, keys.Len(), err)
		}
	}
}

// While keys rotate again and again, no reader misses the primary.
func TestFileKeysDuringRotation(t *testing.T) {
	r := Repository{Dir: t.TempDir(), MaxActive: 1000} // none is deleted
	if err := r.Setup(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		for range 100 {
			if err := r.Rotate(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var last string
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
		keys, _, err := r.Load()
		if err != nil {
			t.Fatal(err)
		}
		if texts := keyTexts(keys); last != "" && !slices.Contains(texts, last) {
			t.Fatal("a primary of a moment ago is not among the keys")
		}
		last = keys.Primary().text
	}
}

// S-015
func TestCheck(t *testing.T) {
	setup := func(t *testing.T) Repository {
		r := Repository{Dir: filepath.Join(t.TempDir(), "keys")}
		if err := r.Setup(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	chmod := func(path string, mode os.FileMode) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		spoil  func(r Repository) (credentialDir string)
		path   string // below the folder; "-" if nothing is wrong
		severe bool
	}{
		"as set up":               {func(r Repository) string { return "" }, "-", false},
		"folder can be listed":    {func(r Repository) string { chmod(r.Dir, 0o755); return "" }, "", false},
		"folder can be changed":   {func(r Repository) string { chmod(r.Dir, 0o703); return "" }, "", true},
		"key readable by others":  {func(r Repository) string { chmod(r.Dir, 0o701); chmod(r.path("1"), 0o604); return "" }, "1", true},
		"key writable by others":  {func(r Repository) string { chmod(r.Dir, 0o701); chmod(r.path("0"), 0o602); return "" }, "0", true},
		"key open, folder closed": {func(r Repository) string { chmod(r.path("0"), 0o644); return "" }, "-", false},
		"null key": {func(r Repository) string {
			writeKeys(t, r.Dir, map[string]string{"5": nullKey.text})
			return ""
		}, "5", true},
		"the credential folder": {func(r Repository) string { return r.Dir + "/" }, "", true},
		"a link to it": {func(r Repository) string {
			link := r.Dir + ".link"
			if err := os.Symlink(r.Dir, link); err != nil {
				t.Fatal(err)
			}
			return link
		}, "", true},
		"another credential folder": {func(r Repository) string { return filepath.Dir(r.Dir) }, "-", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t)
			found, err := r.Check(tt.spoil(r))
			if err != nil {
				t.Fatal(err)
			}
			if tt.path == "-" {
				if len(found) != 0 {
					t.Errorf("Check = %v, want nothing", found)
				}
				return
			}
			want := filepath.Join(r.Dir, tt.path)
			if !slices.ContainsFunc(found, func(f Finding) bool {
				return f.Path == want && f.Severe == tt.severe && strings.Contains(f.String(), want)
			}) {
				t.Errorf("Check = %v, want %s (severe: %v)", found, want, tt.severe)
			}
		})
	}
}

func TestParseKeyErrorsHideTheKey(t *testing.T) {
	for _, text := range []string{"", "c2VjcmV0", "secret!", primaryKey + "=", primaryKey[:43], primaryKey + primaryKey} {
		if _, err := ParseKey(text); err == nil || (text != "" && strings.Contains(err.Error(), text)) {
			t.Errorf("ParseKey(%q): %v; want an error that does not show it", text, err)
		}
	}
}

func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(primaryKey))
	f.Add([]byte(oldKey + "\n"))
	f.Add([]byte{})
	f.Add([]byte{0, 0xff})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "1"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		keys, warnings, err := Repository{Dir: dir}.Load()
		switch {
		case err == nil && keys.Len() == 1 && len(warnings) == 0:
			blob, _, err := Encrypt(keys, "x")
			if got, err2 := Decrypt(keys, blob); got != "x" || err != nil || err2 != nil {
				t.Errorf("a key of %q does not open what it sealed", data)
			}
		case errors.Is(err, ErrNoKeys) && len(warnings) == 1:
		default:
			t.Errorf("%q: %d keys, %v, %v; want one key, or ErrNoKeys and a warning", data, keys.Len(), warnings, err)
		}
	})
}

func BenchmarkFileKeys(b *testing.B) {
	r := Repository{Dir: b.TempDir()}
	if err := r.Setup(); err != nil {
		b.Fatal(err)
	}
	f := &FileKeys{Repository: r}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Keys(); err != nil {
			b.Fatal(err)
		}
	}
}
