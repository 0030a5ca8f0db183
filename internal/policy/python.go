package policy

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/python"
)

// The language leans on Python: values are compared as str() prints them, names as lower() folds them, and the message of an
// exception is what the checker prints. This file holds those parts of Python.

// An evalError is what Python would have raised while a check ran.
type evalError struct{ text string }

func (e *evalError) Error() string { return e.text }

func evalErrorf(format string, args ...any) error {
	return &evalError{fmt.Sprintf(format, args...)}
}

func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case string:
		return "str"
	case bool:
		return "bool"
	case json.Number:
		if isInteger(v) {
			return "int"
		}
		return "float"
	case []any, []string:
		return "list"
	case map[string]any:
		return "dict"
	}
	switch reflect.ValueOf(v).Kind() {
	case reflect.String:
		return "str"
	case reflect.Float32, reflect.Float64:
		return "float"
	}
	return "int"
}

// subscriptError is what v["key"] raises for a v that is no dict.
func subscriptError(v any) error {
	switch name := typeName(v); name {
	case "str":
		return evalErrorf("string indices must be integers, not 'str'")
	case "list":
		return evalErrorf("list indices must be integers or slices, not str")
	default:
		return evalErrorf("'%s' object is not subscriptable", name)
	}
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case json.Number:
		f, err := v.Float64()
		return err != nil || f != 0
	case []any:
		return len(v) > 0
	case []string:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return !reflect.ValueOf(v).IsZero()
}

// pyStr is Python's str(v). A dict prints in the order of its keys, since maps have no other.
func pyStr(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.String {
		if n, ok := v.(json.Number); ok {
			return numberStr(n)
		}
		return rv.String()
	}
	return pyRepr(v)
}

// pyRepr is Python's repr(v).
func pyRepr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return python.Quote(v)
	case json.Number:
		return numberStr(v)
	case float64:
		return floatRepr(v)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = pyRepr(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case []string:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = python.Quote(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, key := range sortedKeys(v) {
			items = append(items, python.Quote(key)+": "+pyRepr(v[key]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.String:
		return python.Quote(rv.String())
	case reflect.Float32:
		return floatRepr(rv.Float())
	}
	return fmt.Sprint(v)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func isInteger(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

func numberStr(n json.Number) string {
	if isInteger(n) {
		if n == "-0" {
			return "0"
		}
		return string(n)
	}
	f, _ := n.Float64() // out of range is infinite, as in Python
	return floatRepr(f)
}

func floatRepr(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	exponent, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	if exponent < -4 || exponent >= 16 {
		return s
	}
	s = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// sameLower tells whether a.lower() == b.lower().
func sameLower(a, b string) bool {
	if !isASCII(a) || !isASCII(b) {
		return pyLower(a) == pyLower(b)
	}
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// pyLower is Python's str.lower(), which maps each character to its full lower case and knows the sigma that ends a word.
func pyLower(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'Σ' && endsWord(runes, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// endsWord tells whether a cased letter comes before runes[i] and none after it; marks and the like between do not count.
func endsWord(runes []rune, i int) bool {
	before := i - 1
	for before >= 0 && caseIgnorable(runes[before]) {
		before--
	}
	after := i + 1
	for after < len(runes) && caseIgnorable(runes[after]) {
		after++
	}
	return before >= 0 && cased(runes[before]) && (after == len(runes) || !cased(runes[after]))
}

func cased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) || unicode.Is(unicode.Other_Lowercase, r) || unicode.Is(unicode.Other_Uppercase, r)
}

func caseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) || strings.ContainsRune("'.:·՚״’‘․‧︓﹒﹕＇．：", r)
}
