package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestVectors compares with what oslo.config itself makes of the same files; testdata/vectors.py wrote them.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Files   []string
		Options []string
		Want    map[string]any // nil: refused
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			dir := t.TempDir()
			var files []string
			for n, text := range v.Files {
				files = append(files, write(t, filepath.Join(dir, strconv.Itoa(n)+".conf"), text))
			}
			c, _, err := Load(files, nil)
			if v.Want == nil {
				if err == nil {
					t.Fatalf("%q: got %q, want a refusal", v.Files, values(c, v.Options, v.Want))
				}
				return
			}
			if err != nil {
				t.Fatalf("%q: got error %v, want %v", v.Files, err, v.Want)
			}
			if diff := cmp.Diff(v.Want, values(c, v.Options, v.Want)); diff != "" {
				t.Errorf("%q: -want +got\n%s", v.Files, diff)
			}
		})
	}
}

// values returns the options as vectors.py writes them.
func values(c *Config, names []string, want map[string]any) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		group, opt, _ := strings.Cut(name, ".")
		o, _ := find(group, opt)
		texts := o.get(c)
		switch {
		case o.kind == reflect.TypeFor[[]string]():
			list := []any{}
			if !o.multi && len(texts) == 1 {
				texts = splitList(texts[0])
			}
			for _, s := range texts {
				list = append(list, s)
			}
			m[name] = list
		case texts == nil && o.kind.Kind() == reflect.String && want[name] == "":
			m[name] = "" // unset and empty are one for our strings
		case texts == nil:
			m[name] = nil
		default:
			m[name] = texts[0]
		}
	}
	return m
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
