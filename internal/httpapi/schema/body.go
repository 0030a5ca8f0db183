package schema

import (
	"errors"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// Body reads a request's body, which is a JSON object, or absent, which counts as {}. Keystone does this before it looks
// at the route, for every method and path but those below /v3/OS-OAUTH2/
// (keystone/server/flask/request_processing/json_body.py). The error is an *identity.Error.
func Body(contentType string, data []byte) (*Object, error) {
	if len(data) == 0 {
		return new(Object), nil
	}
	if contentType != "" && !isJSON(contentType) {
		return nil, missing("application/json", "Content-Type header", nil)
	}
	v, err := Decode(data)
	if err != nil {
		return nil, missing("valid JSON", "request body", err)
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, missing("valid JSON", "request body", errors.New("not an object"))
	}
	return o, nil
}

// isJSON tells whether a media type is application/json or application/*+json, whatever its parameters.
func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	subtype, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(media)), "application/")
	return ok && (subtype == "json" || strings.HasSuffix(subtype, "+json"))
}

// missing is Keystone's ValidationError.
func missing(attribute, target string, err error) error {
	return &identity.Error{
		Kind: identity.BadRequest,
		Message: "Expecting to find " + attribute + " in " + target + ". The server could not comply with the request since " +
			"it is either malformed or otherwise incorrect. The client is assumed to be in error.",
		Err: err,
	}
}

// Field returns the member key as an attribute of a change: absent, null or a value. It is meant for what a schema has
// checked: a value of another type than T counts as absent.
func Field[T any](o *Object, key string) identity.Opt[T] {
	v, ok := o.Get(key)
	if !ok {
		return identity.Opt[T]{}
	}
	if v == nil {
		return identity.Null[T]()
	}
	t, ok := v.(T)
	return identity.Opt[T]{Present: ok, Value: t}
}

// Flag is Field for what Keystone's schemas call a boolean, which may also be one of a few words. (Keystone lets the
// words pass and fails to store them: 500.)
func Flag(o *Object, key string) identity.Opt[bool] {
	word := Field[string](o, key)
	if word.Present && !word.Null {
		return identity.Some(slices.Contains([]string{"true", "1", "y", "on", "yes"}, strings.ToLower(word.Value)))
	}
	return Field[bool](o, key)
}
