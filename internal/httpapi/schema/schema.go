// Package schema checks what a client sends, as Keystone does: request bodies and query strings against the JSON
// schemas of keystone/*/schema.py, with the messages of keystone/api/validation and keystone/common/validation.
//
// The messages quote the input the way Python prints it, and stop at the first error in the order in which the schema
// is written, so the values here keep the order of their keys and the schemas theirs. The evaluator knows the keywords
// that Keystone's request schemas use, not all of JSON Schema.
//
// A handler reads the body with Body, checks it with the route's schema, and takes the members with Object.Get and
// Field:
//
//	body, err := schema.Body(r.Header.Get("Content-Type"), data)
//	if err != nil {
//		return err
//	}
//	if err := schema.GroupCreate.Validate(body); err != nil {
//		return err
//	}
//	group := body.Object("group")
//	name := schema.Field[string](group, "name")
//
// In Keystone a schema in the Request style is checked before the caller is, and even before it is known that there is
// one; a schema in the Inline style is checked by the handler, after authorization. The schemas' comments name their
// routes.
package schema

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/identity"
)

// Style is how a failure is worded.
type Style int

const (
	// Request is the wording of keystone/api/validation: the last name of the path, the value, the reason.
	Request Style = iota
	// Inline is the wording of keystone/common/validation: the whole path, the reason, the part of the schema that
	// failed and the value, over several lines.
	Inline
)

// Schema is a JSON schema that requests are checked against.
type Schema struct {
	Style Style
	rules *Object
}

// Validate checks v, which is a decoded body, a part of one, or a query. The error is an *identity.Error.
func (s *Schema) Validate(v any) error {
	if f := check(s.rules, v); f != nil {
		return invalid(f.text(s.Style))
	}
	return nil
}

// invalid is Keystone's SchemaValidationError.
func invalid(message string) error {
	return &identity.Error{Kind: identity.BadRequest, Message: message}
}

// failure is the first error found, a ValidationError of Python's jsonschema.
type failure struct {
	message    string
	keyword    string
	instance   any
	schema     *Object
	path       []any // to the instance: member names and indexes
	schemaPath []any // to the schema
}

func (f *failure) text(style Style) string {
	if style == Request {
		if len(f.path) == 0 {
			return f.message
		}
		return fmt.Sprintf("Invalid input for field/attribute %s. Value: %s. %s",
			str(f.path[len(f.path)-1]), str(f.instance), f.message)
	}
	text := fmt.Sprintf("%s\n\nFailed validating %s in schema%s:\n    %s\n\nOn instance%s:\n    %s",
		f.message, repr(f.keyword), subscripts(f.schemaPath), pretty(f.schema), subscripts(f.path), pretty(f.instance))
	if len(f.path) == 0 {
		return text
	}
	var names []string
	for _, p := range f.path {
		names = append(names, str(p))
	}
	return fmt.Sprintf("Invalid input for field '%s': %s", strings.Join(names, "/"), text)
}

func subscripts(path []any) string {
	var b strings.Builder
	for _, p := range path {
		b.WriteString("[" + repr(p) + "]")
	}
	return b.String()
}

// under says that f was found below the instance's member or element step, and in the schema below schemaSteps.
func (f *failure) under(step any, schemaSteps ...any) *failure {
	if f != nil {
		if step != nil {
			f.path = append([]any{step}, f.path...)
		}
		f.schemaPath = append(schemaSteps, f.schemaPath...)
	}
	return f
}

// check returns the first way in which v fails schema, keywords taken in the order they are written.
func check(schema *Object, v any) *failure {
	for keyword, arg := range schema.All() {
		message, f := checkKeyword(schema, keyword, arg, v)
		if message != "" {
			f = &failure{message: message, keyword: keyword, instance: v, schema: schema}
		}
		if f != nil {
			return f
		}
	}
	return nil
}

// checkKeyword checks one keyword. It returns a message if v itself fails it, a failure if a part or a subschema does.
// Keywords that speak of another type than v's hold.
func checkKeyword(schema *Object, keyword string, arg, v any) (string, *failure) {
	switch keyword {
	case "type":
		types := listOf(arg)
		if slices.ContainsFunc(types, func(t any) bool { return isType(v, t.(string)) }) {
			return "", nil
		}
		return repr(v) + " is not of type " + reprs(types), nil
	case "enum":
		if slices.ContainsFunc(arg.([]any), func(e any) bool { return equal(e, v) }) {
			return "", nil
		}
		return repr(v) + " is not one of " + repr(arg), nil
	case "const":
		if equal(arg, v) {
			return "", nil
		}
		return repr(arg) + " was expected", nil
	case "minimum", "maximum":
		n, ok := v.(json.Number)
		if !ok {
			return "", nil
		}
		return checkRange(keyword, arg.(json.Number), n), nil
	case "oneOf":
		return oneOf(arg.([]any), v), nil
	case "allOf":
		for i, sub := range arg.([]any) {
			if f := check(sub.(*Object), v); f != nil {
				return "", f.under(nil, keyword, i)
			}
		}
		return "", nil
	case "not":
		if check(arg.(*Object), v) != nil {
			return "", nil
		}
		return repr(v) + " should not be valid under " + repr(arg), nil
	case "if":
		then, _ := schema.Get("then")
		if check(arg.(*Object), v) != nil {
			return "", nil
		}
		return "", check(then.(*Object), v).under(nil, "then")
	case "then":
		return "", nil // part of "if"
	}
	switch v := v.(type) {
	case string:
		return checkString(keyword, arg, v), nil
	case []any:
		return checkArray(keyword, arg, v)
	case *Object:
		return checkObject(schema, keyword, arg, v)
	}
	return "", nil
}

func checkString(keyword string, arg any, s string) string {
	switch keyword {
	case "minLength", "maxLength":
		return checkSize(keyword, arg, utf8.RuneCountInString(s), s)
	case "pattern":
		if !patterns[arg.(string)].MatchString(s) {
			return repr(s) + " does not match " + repr(arg)
		}
	case "format":
		if !formats[arg.(string)](s) {
			return repr(s) + " is not a " + repr(arg)
		}
	}
	return ""
}

func checkArray(keyword string, arg any, list []any) (string, *failure) {
	switch keyword {
	case "items":
		for i, e := range list {
			if f := check(arg.(*Object), e); f != nil {
				return "", f.under(i, keyword)
			}
		}
	case "minItems", "maxItems":
		return checkSize(keyword, arg, len(list), list), nil
	case "uniqueItems":
		seen := make(map[string]bool, len(list))
		for _, e := range list {
			seen[repr(e)] = true
		}
		if len(seen) < len(list) {
			return repr(list) + " has non-unique elements", nil
		}
	}
	return "", nil
}

func checkObject(schema *Object, keyword string, arg any, o *Object) (string, *failure) {
	switch keyword {
	case "properties":
		for name, sub := range arg.(*Object).All() {
			if member, ok := o.Get(name); ok {
				if f := check(sub.(*Object), member); f != nil {
					return "", f.under(name, keyword, name)
				}
			}
		}
	case "additionalProperties":
		if arg == false {
			return checkExtra(schema, o), nil
		}
	case "required":
		for _, name := range arg.([]any) {
			if !o.Has(name.(string)) {
				return repr(name) + " is a required property", nil
			}
		}
	case "dependentRequired":
		for name, others := range arg.(*Object).All() {
			for _, other := range others.([]any) {
				if o.Has(name) && !o.Has(other.(string)) {
					return repr(other) + " is a dependency of " + repr(name), nil
				}
			}
		}
	case "minProperties", "maxProperties":
		return checkSize(keyword, arg, o.Len(), o), nil
	}
	return "", nil
}

func checkExtra(schema, o *Object) string {
	known := new(Object)
	if p, ok := schema.Get("properties"); ok {
		known = p.(*Object)
	}
	var extra []any
	for _, name := range slices.Sorted(slices.Values(o.keys)) {
		if !known.Has(name) {
			extra = append(extra, name)
		}
	}
	verb := "were"
	switch len(extra) {
	case 0:
		return ""
	case 1:
		verb = "was"
	}
	return fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", reprs(extra), verb)
}

// checkSize checks the keywords about length. Keystone's minimums are 0 or 1 and its maximums positive, which decides
// the words.
func checkSize(keyword string, arg any, size int, v any) string {
	limit, _ := strconv.Atoi(string(arg.(json.Number)))
	switch {
	case strings.HasPrefix(keyword, "min"):
		if size < limit {
			return repr(v) + " should be non-empty"
		}
	case size <= limit:
	case keyword == "maxProperties":
		return repr(v) + " has too many properties"
	default:
		return repr(v) + " is too long"
	}
	return ""
}

// checkRange compares integers. Keystone cuts a float to an integer before it compares and prints it.
func checkRange(keyword string, limit, n json.Number) string {
	have, ok := integer(n)
	want, _ := integer(limit)
	switch {
	case !ok:
		return ""
	case keyword == "minimum" && have.Cmp(want) < 0:
		return fmt.Sprintf("%s is less than the minimum of %s", have, limit)
	case keyword == "maximum" && have.Cmp(want) > 0:
		return fmt.Sprintf("%s is greater than the maximum of %s", have, limit)
	}
	return ""
}

func oneOf(subs []any, v any) string {
	i := slices.IndexFunc(subs, func(sub any) bool { return check(sub.(*Object), v) == nil })
	if i < 0 {
		return repr(v) + " is not valid under any of the given schemas"
	}
	var also []any
	for _, sub := range subs[i+1:] {
		if check(sub.(*Object), v) == nil {
			also = append(also, sub)
		}
	}
	if also == nil {
		return ""
	}
	return repr(v) + " is valid under each of " + reprs(append(also, subs[i]))
}

func isType(v any, name string) bool {
	var ok bool
	switch name {
	case "null":
		ok = v == nil
	case "boolean":
		_, ok = v.(bool)
	case "integer":
		if n, number := v.(json.Number); number {
			_, ok = integer(n)
		}
	case "string":
		_, ok = v.(string)
	case "array":
		_, ok = v.([]any)
	case "object":
		_, ok = v.(*Object)
	}
	return ok
}

// equal compares v with a value of a schema, which is never a number, an array or an object.
func equal(want, v any) bool {
	switch v.(type) {
	case nil, bool, string:
		return v == want
	}
	return false
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func reprs(list []any) string {
	var all []string
	for _, v := range list {
		all = append(all, repr(v))
	}
	return strings.Join(all, ", ")
}

// patterns are the regular expressions of the schemas and what Python's re.search makes of them: \S leaves out what
// Unicode calls white space, and $ also matches before a line end at the end.
var patterns = map[string]*regexp.Regexp{
	`[\S]+`:               regexp.MustCompile(`[^\s\v\x1c-\x1f\x{85}\p{Z}]`),
	`^[a-zA-Z0-9-]+$`:     regexp.MustCompile(`^[a-zA-Z0-9-]+\n?\z`),
	`^[a-zA-Z0-9+.-]+:.+`: regexp.MustCompile(`^[a-zA-Z0-9+.-]+:.`),
	`^[^,/]*$`:            regexp.MustCompile(`^[^,/]*\z`),
	`^/\.*`:               regexp.MustCompile(`^/`),
}

var formats = map[string]func(string) bool{"uuid": isUUID}

var hex32 = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// isUUID is oslo_utils.uuidutils.is_uuid_like: hexadecimal digits, with or without hyphens, braces and a URN prefix.
func isUUID(s string) bool {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "urn:", ""), "uuid:", "")
	return hex32.MatchString(strings.ReplaceAll(strings.Trim(s, "{}"), "-", ""))
}
