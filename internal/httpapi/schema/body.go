package schema

import (
	"encoding/json"
	"errors"
	"math"
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

// Integer is Field for integers, which may be written as 1.0. What an int64 cannot hold becomes the nearest one.
func Integer(o *Object, key string) identity.Opt[int64] {
	n := Field[json.Number](o, key)
	if !n.Present || n.Null {
		return identity.Opt[int64]{Present: n.Present, Null: n.Null}
	}
	i, ok := integer(n.Value)
	switch {
	case !ok:
		return identity.Opt[int64]{}
	case i.IsInt64():
		return identity.Some(i.Int64())
	case i.Sign() < 0:
		return identity.Some[int64](math.MinInt64)
	}
	return identity.Some[int64](math.MaxInt64)
}

// List is Field for arrays whose elements are of type T; others are left out.
func List[T any](o *Object, key string) identity.Opt[[]T] {
	list := Field[[]any](o, key)
	out := identity.Opt[[]T]{Present: list.Present, Null: list.Null}
	for _, e := range list.Value {
		if t, ok := e.(T); ok {
			out.Value = append(out.Value, t)
		}
	}
	return out
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
