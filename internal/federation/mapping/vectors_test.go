package mapping

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

type vector struct {
	Version   string
	Rules     json.RawMessage
	Assertion map[string]string
	Result    json.RawMessage
	Error     string
}

func readVectors(t testing.TB) (vectors []vector) {
	t.Helper()
	f, err := os.Open("testdata/vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// TestVectors compares with what the real Keystone's engine made of the same; testdata/vectors.py wrote it. An empty value is
// left in, other than Split does.
func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) < 1000 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		assertion := make(Assertion)
		for name, text := range v.Assertion {
			assertion[name] = strings.Split(text, ";")
		}
		var mapped *schema.Object
		m, err := Parse(v.Version, v.Rules)
		if err == nil {
			trace := m.Explain(assertion)
			if mapped = trace.Mapped; mapped == nil {
				err = trace.Err
			}
		}
		if err != nil && !errors.Is(err, identity.BadRequest) {
			t.Errorf("%s %s %q: %v is no bad request", v.Version, v.Rules, v.Assertion, err)
		}
		e, _ := errors.AsType[*identity.Error](err)
		switch {
		case (err != nil) != (v.Result == nil):
			t.Errorf("%s %s %q:\n got %v\nwant %s %q", v.Version, v.Rules, v.Assertion, err, v.Result, v.Error)
		case err != nil && v.Error != "" && e.Message != v.Error:
			t.Errorf("%s %s %q:\n got %q\nwant %q", v.Version, v.Rules, v.Assertion, e.Message, v.Error)
		case err == nil:
			got, err := json.Marshal(mapped)
			if err != nil {
				t.Fatal(err)
			}
			want, err := schema.Decode(v.Result)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, text) {
				t.Errorf("%s %s %q:\n got %s\nwant %s", v.Version, v.Rules, v.Assertion, got, text)
			}
		}
	}
}
