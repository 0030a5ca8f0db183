package testenv

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lintel-id/lintel/internal/httpapi"
)

// described is the OpenAPI document that answers are checked against.
type described struct {
	paths map[string]map[string]operation
	refs  map[string]answer // components, by name

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by their place in the document
}

type operation struct {
	RequestBody struct{ Content map[string]any }
	Responses   map[string]answer
}

type answer struct {
	Ref     string `json:"$ref"`
	Headers map[string]struct{ Required bool }
	Content map[string]any
}

const documentURL = "http://identity.example/v3/openapi.json"

var document = sync.OnceValues(func() (*described, error) {
	text, err := httpapi.OpenAPI()
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths      map[string]map[string]operation
		Components struct{ Responses map[string]answer }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	d := &described{
		paths: doc.Paths, refs: doc.Components.Responses,
		compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{},
	}
	return d, d.compiler.AddResource(documentURL, v)
})

// outside are statuses that any request may get before its route is asked.
var outside = []int{http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusTooManyRequests}

// check tells in what an answer differs from what the document says of its route, or the body of a request that succeeded. A
// route that the document does not know must not be there.
func (d *described) check(method, target, sent string, r *Response) error {
	u, err := url.ParseRequestURI(target)
	if err != nil || strings.Contains(u.Path, "//") {
		return nil //nolint:nilerr // no route takes it
	}
	if method != strings.ToUpper(method) {
		return nil // nor a method in small letters
	}
	path := "/" + strings.Trim(u.Path, "/")
	template := d.match(path)
	op, ok := d.paths[template][strings.ToLower(method)]
	if !ok {
		if r.Status < 400 && method != http.MethodOptions {
			return fmt.Errorf("the document knows no %s %s", method, path)
		}
		return nil
	}
	at := "/paths/" + pointer(template) + "/" + strings.ToLower(method)
	if op.RequestBody.Content["application/json"] != nil && sent != "" && r.Status < 300 {
		if err := d.validate(at+"/requestBody/content/application~1json/schema", sent); err != nil {
			return fmt.Errorf("what was sent is not: %w", err)
		}
	}
	at += "/responses/"
	name := strconv.Itoa(r.Status)
	if _, ok := op.Responses[name]; !ok && (r.Status >= 500 || slices.Contains(outside, r.Status)) {
		name = "default"
	}
	a, ok := op.Responses[name]
	if !ok {
		return fmt.Errorf("the status is not in the document")
	}
	at += name
	if a.Ref != "" {
		at = strings.TrimPrefix(a.Ref, "#")
		a = d.refs[a.Ref[strings.LastIndexByte(a.Ref, '/')+1:]]
	}
	for name, h := range a.Headers {
		if h.Required && r.Header.Get(name) == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	if method == http.MethodHead {
		return nil
	}
	if len(a.Content) == 0 {
		if r.Body != "" {
			return errors.New("the document knows no body")
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if _, ok := a.Content[media]; !ok {
		return fmt.Errorf("the document knows no body of type %q", media)
	}
	if media != "application/json" {
		return nil
	}
	return d.validate(at+"/content/"+pointer(media)+"/schema", r.Body)
}

// match returns the path of the document that a URL's path is one of: the one with fewer arguments if there are two.
func (d *described) match(path string) (best string) {
	have := strings.Split(path, "/")
	for template := range d.paths {
		want := strings.Split(template, "/")
		fits := slices.EqualFunc(want, have, func(w, h string) bool { return w == h || strings.HasPrefix(w, "{") && h != "" })
		if fits && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	return best
}

func pointer(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
}

func (d *described) validate(at, body string) error {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.schemas[at]
	if s == nil {
		if s, err = d.compiler.Compile(documentURL + "#" + at); err != nil {
			return err
		}
		d.schemas[at] = s
	}
	return s.Validate(v)
}
