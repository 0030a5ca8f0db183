package httpapi_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/testenv"
)

// Whether answers are as the document says is checked in all tests: see testenv.
func TestOpenAPI(t *testing.T) {
	text, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for _, rt := range httpapi.Routes() {
		name := rt.Method + " " + rt.Path
		if rt.Summary == "" {
			t.Errorf("%s has no summary", name)
		}
		if seen[rt.Summary] {
			t.Errorf("%s: another route has the summary %q too", name, rt.Summary)
		}
		seen[rt.Summary] = true
		if !rt.Answers {
			t.Errorf("%s says nothing of its answer", name)
		}
		path := doc.Paths.Value(rt.Path)
		if path == nil || path.GetOperation(rt.Method) == nil {
			t.Errorf("%s is not in the document", name)
		}
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	env := testenv.New(t)
	text, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	r := env.Get("/v3/openapi.json").Want(200)
	if r.Body != string(text) {
		t.Error("another document is served")
	}
	if got := r.Header.Get("Cache-Control"); got != "public, max-age=3600" {
		t.Errorf("Cache-Control: %q", got)
	}
	again := env.Get("/v3/openapi.json", "If-None-Match", r.Header.Get("ETag")).Want(304)
	if again.Body != "" {
		t.Error("what has not changed is sent again")
	}
	env.Head("/v3/openapi.json").Want(200)
	env.Get("/", "Accept", "application/json-home").Want(200)
	env.Do("OPTIONS", "/v3/openapi.json", nil).Want(200)
}
