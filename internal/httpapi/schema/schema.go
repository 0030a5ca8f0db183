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

// Validate checks v, which is a decoded body, a part of one, or a query. The error is an *identity.Error. As upstream's,
// its message quotes what was sent, passwords too: it is for the sender alone, not for a log.
func (s *Schema) Validate(v any) error {
	if f := first(s.rules, v); f != nil {
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

// under says that f was found below the instance's member or element step, and below schemaSteps in the schema.
func (f *failure) under(step any, schemaSteps ...any) *failure {
	if step != nil {
		f.path = append([]any{step}, f.path...)
	}
	f.schemaPath = append(schemaSteps, f.schemaPath...)
	return f
}

// first returns the first way in which v fails schema, or nil.
func first(schema *Object, v any) *failure {
	for _, f := range failures(schema, v, 1) {
		return f
	}
	return nil
}

// failures are the ways in which v fails schema, keywords taken in the order in which they are written, and at most so many of them.
// Nearly all that is checked is right, so what holds leaves nothing behind.
func failures(schema *Object, v any, most int) (found []*failure) {
	for _, rule := range schema.members {
		for _, m := range messages(schema, rule.key, rule.value, v) {
			found = append(found, &failure{message: m, keyword: rule.key, instance: v, schema: schema})
		}
		found = append(found, failuresBelow(schema, rule.key, rule.value, v, most-len(found))...)
		if len(found) >= most {
			return found[:most]
		}
	}
	return found
}

// failuresBelow are those that a keyword finds in parts of v, or in v by a schema of its own.
func failuresBelow(schema *Object, keyword string, arg, v any, most int) (found []*failure) {
	below := func(sub, part any) []*failure {
		if len(found) >= most {
			return nil
		}
		return failures(sub.(*Object), part, most-len(found))
	}
	switch keyword {
	case "allOf":
		for i, sub := range arg.([]any) {
			for _, f := range below(sub, v) {
				found = append(found, f.under(nil, keyword, i))
			}
		}
	case "if":
		if then, ok := schema.Get("then"); ok && first(arg.(*Object), v) == nil {
			for _, f := range below(then, v) {
				found = append(found, f.under(nil, "then"))
			}
		}
	case "items":
		list, _ := v.([]any)
		for i, e := range list {
			for _, f := range below(arg, e) {
				found = append(found, f.under(i, keyword))
			}
		}
	case "properties":
		o, ok := v.(*Object)
		if !ok {
			return nil
		}
		for _, p := range arg.(*Object).members {
			if member, ok := o.Get(p.key); ok {
				for _, f := range below(p.value, member) {
					found = append(found, f.under(p.key, keyword, p.key))
				}
			}
		}
	}
	return found
}

// messages says how v as a whole fails one keyword. Keywords that speak of another type than v's hold.
func messages(schema *Object, keyword string, arg, v any) []string {
	switch keyword {
	case "type":
		if !isOfType(v, arg) {
			return []string{repr(v) + " is not of type " + reprs(listOf(arg))}
		}
	case "enum":
		if !slices.ContainsFunc(arg.([]any), func(e any) bool { return equal(e, v) }) {
			return []string{repr(v) + " is not one of " + repr(arg)}
		}
	case "const":
		if !equal(arg, v) {
			return []string{repr(arg) + " was expected"}
		}
	case "not":
		if first(arg.(*Object), v) == nil {
			return []string{repr(v) + " should not be valid under " + repr(arg)}
		}
	case "oneOf":
		return oneOf(arg.([]any), v)
	case "minimum", "maximum":
		if n, ok := v.(json.Number); ok {
			return rangeMessages(keyword, arg.(json.Number), n)
		}
	default:
		switch v := v.(type) {
		case string:
			return stringMessages(keyword, arg, v)
		case []any:
			return arrayMessages(keyword, arg, v)
		case *Object:
			return objectMessages(schema, keyword, arg, v)
		}
	}
	return nil
}

func stringMessages(keyword string, arg any, s string) []string {
	switch keyword {
	case "minLength", "maxLength":
		return sizeMessages(keyword, arg, utf8.RuneCountInString(s), s)
	case "pattern":
		if !patterns[arg.(string)].MatchString(s) {
			return []string{repr(s) + " does not match " + repr(arg)}
		}
	case "format":
		if !formats[arg.(string)](s) {
			return []string{repr(s) + " is not a " + repr(arg)}
		}
	}
	return nil
}

func arrayMessages(keyword string, arg any, list []any) []string {
	switch keyword {
	case "minItems", "maxItems":
		return sizeMessages(keyword, arg, len(list), list)
	case "uniqueItems":
		seen := make(map[string]bool, len(list))
		for _, e := range list {
			seen[repr(e)] = true
		}
		if len(seen) < len(list) {
			return []string{repr(list) + " has non-unique elements"}
		}
	}
	return nil
}

func objectMessages(schema *Object, keyword string, arg any, o *Object) (found []string) {
	switch keyword {
	case "required":
		for _, name := range arg.([]any) {
			if !o.Has(name.(string)) {
				found = append(found, repr(name)+" is a required property")
			}
		}
	case "dependentRequired":
		for name, others := range arg.(*Object).All() {
			for _, other := range others.([]any) {
				if o.Has(name) && !o.Has(other.(string)) {
					found = append(found, repr(other)+" is a dependency of "+repr(name))
				}
			}
		}
	case "additionalProperties":
		if arg == false {
			return extraMessages(schema, o)
		}
	case "minProperties", "maxProperties":
		return sizeMessages(keyword, arg, o.Len(), o)
	}
	return found
}

func extraMessages(schema, o *Object) []string {
	known := schema.Object("properties")
	var extra []any
	for _, m := range o.members {
		if !known.Has(m.key) {
			extra = append(extra, m.key)
		}
	}
	slices.SortFunc(extra, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	verb := "were"
	switch len(extra) {
	case 0:
		return nil
	case 1:
		verb = "was"
	}
	return []string{fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", reprs(extra), verb)}
}

// sizeMessages is for the keywords about length. Keystone's minimums are 0 or 1 and its maximums positive, which decides
// the words.
func sizeMessages(keyword string, arg any, size int, v any) []string {
	limit, _ := strconv.Atoi(string(arg.(json.Number)))
	switch {
	case strings.HasPrefix(keyword, "min"):
		if size < limit {
			return []string{repr(v) + " should be non-empty"}
		}
	case size <= limit:
	case keyword == "maxProperties":
		return []string{repr(v) + " has too many properties"}
	default:
		return []string{repr(v) + " is too long"}
	}
	return nil
}

// rangeMessages compares integers. Keystone cuts a float to an integer before it compares and prints it.
func rangeMessages(keyword string, limit, n json.Number) []string {
	have, ok := integer(n)
	want, _ := integer(limit)
	switch {
	case !ok:
	case keyword == "minimum" && have.Cmp(want) < 0:
		return []string{fmt.Sprintf("%s is less than the minimum of %s", have, limit)}
	case keyword == "maximum" && have.Cmp(want) > 0:
		return []string{fmt.Sprintf("%s is greater than the maximum of %s", have, limit)}
	}
	return nil
}

func oneOf(subs []any, v any) []string {
	var valid []any
	for _, sub := range subs {
		if first(sub.(*Object), v) == nil {
			valid = append(valid, sub)
		}
	}
	switch len(valid) {
	case 0:
		return []string{repr(v) + " is not valid under any of the given schemas"}
	case 1:
		return nil
	}
	return []string{repr(v) + " is valid under each of " + reprs(append(valid[1:], valid[0]))}
}

// isOfType tells whether v is of a type, or of one of several.
func isOfType(v, types any) bool {
	if list, ok := types.([]any); ok {
		return slices.ContainsFunc(list, func(t any) bool { return isType(v, t.(string)) })
	}
	return isType(v, types.(string))
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
