package directory

import (
	"errors"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

func TestReadTime(t *testing.T) {
	for text, want := range map[string]identity.Filter{
		"lt:2026-11-06T15:32:17Z":       {Compare: identity.Before, Value: "2026-11-06T15:32:17Z"},
		"lte:2026-11-06T15:32:17+01:00": {Compare: identity.NotAfter, Value: "2026-11-06T14:32:17Z"},
		"gt:2026-11-06T15:32:17.25":     {Compare: identity.After, Value: "2026-11-06T15:32:17.25Z"},
		"gte:2026-11-06 15:32":          {Compare: identity.NotBefore, Value: "2026-11-06T15:32:00Z"},
		"gte:2026-11-06T15:32":          {Compare: identity.NotBefore, Value: "2026-11-06T15:32:00Z"},
		"eq:2026-11-06":                 {Compare: identity.Equals, Value: "2026-11-06T00:00:00Z"},
		"neq:2026":                      {Compare: identity.Differs, Value: "2026-01-01T00:00:00Z"},
		"2026-11":                       {Compare: identity.Equals, Value: "2026-11-01T00:00:00Z"},
		"lt:9999-12-31T23:59:59-23:00":  {},
		"lt:0000-01-01T00:00:00+23:00":  {},
		"xx:2026":                       {},
		"lt:":                           {},
		"":                              {},
		"a::":                           {},
	} {
		f := identity.Filter{Value: text}
		err := readTime(&f)
		if want.Value == "" {
			if !errors.Is(err, identity.BadRequest) {
				t.Errorf("%q: %v, want BadRequest", text, err)
			}
			continue
		}
		if err != nil || f != want {
			t.Errorf("%q reads as %+v, %v; want %+v", text, f, err, want)
		}
	}
}

// S-080
func FuzzReadTime(f *testing.F) {
	for _, s := range []string{"lt:2026-11-06T15:32:17Z", "2026", "::", "é:2026-01-01", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		filter := identity.Filter{Value: s}
		if err := readTime(&filter); err != nil {
			if !errors.Is(err, identity.BadRequest) {
				t.Errorf("%q: %v, want BadRequest", s, err)
			}
			return
		}
		if _, err := time.Parse(time.RFC3339Nano, filter.Value); err != nil {
			t.Errorf("%q reads as %q: %v", s, filter.Value, err)
		}
	})
}
