package config

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/python"
)

// option is one field of Config, as its tags describe it.
type option struct {
	group, name   string
	field         []int // of Config, for reflect
	kind          reflect.Type
	fallback      string // the default as a file would say it
	hasDefault    bool
	min, max      *int64
	unit          time.Duration // what the number in the file counts; 0: nothing
	fraction      bool          // a duration that may have one
	choices, only []string
	multi, secret bool
	uri           bool
	maxLength     int
	old           []struct{ group, name string }
	removal       string
}

// table holds every option, in the order of Config.
var table = buildTable()

var byName = func() map[[2]string]*option {
	m := make(map[[2]string]*option, len(table))
	for _, o := range table {
		m[[2]string{o.group, o.name}] = o
	}
	return m
}()

// find returns the option of that name; old counts from 1 if the name is a former one.
func find(group, name string) (o *option, old int) {
	if o := byName[[2]string{group, name}]; o != nil {
		return o, 0
	}
	for _, o := range table {
		for i, former := range o.old {
			if former.group == group && former.name == name {
				return o, i + 1
			}
		}
	}
	return nil, 0
}

func buildTable() []*option {
	var all []*option
	for g := range reflect.TypeFor[Config]().Fields() {
		group, ok := g.Tag.Lookup("group")
		if !ok {
			continue
		}
		for f := range g.Type.Fields() {
			all = append(all, newOption(group, append(slices.Clone(g.Index), f.Index...), f))
		}
	}
	return all
}

func newOption(group string, field []int, f reflect.StructField) *option {
	o := &option{group: group, field: field, kind: f.Type, name: f.Tag.Get("opt"), removal: f.Tag.Get("removal")}
	o.fallback, o.hasDefault = f.Tag.Lookup("default")
	bound := func(tag string) *int64 {
		s, ok := f.Tag.Lookup(tag)
		if !ok {
			return nil
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic("config: " + f.Name + ": " + err.Error())
		}
		return &n
	}
	o.min, o.max = bound("min"), bound("max")
	o.unit = map[string]time.Duration{"s": time.Second, "m": time.Minute, "d": 24 * time.Hour}[f.Tag.Get("unit")]
	list := func(tag string) []string {
		if s := f.Tag.Get(tag); s != "" {
			return strings.Split(s, "|")
		}
		return nil
	}
	o.choices, o.only = list("choices"), list("only")
	flag := func(tag string) bool { _, ok := f.Tag.Lookup(tag); return ok }
	o.multi, o.secret, o.uri, o.fraction = flag("multi"), flag("secret"), flag("uri"), flag("float")
	o.maxLength, _ = strconv.Atoi(f.Tag.Get("uri"))
	for _, name := range list("old") {
		g := group
		if before, after, dotted := strings.Cut(name, "."); dotted {
			g, name = before, after
		}
		o.old = append(o.old, struct{ group, name string }{g, name})
	}
	return o
}

// defaults returns the texts that set takes for the default; nil: unset.
func (o *option) defaults() []string {
	switch {
	case !o.hasDefault:
		return nil
	case o.multi:
		return strings.Split(o.fallback, ",")
	}
	return []string{o.fallback}
}

// errEmpty says that an empty text stood where a number without an unset state should be; upstream would run into it
// later (oslo_config/types.py, Number).
var errEmpty = errors.New("empty")

// set gives o's field in c the value that the texts of a file stand for: one, or any number if o is multi.
func (o *option) set(c *Config, texts []string) error {
	field := reflect.ValueOf(c).Elem().FieldByIndex(o.field)
	if o.multi {
		field.Set(reflect.ValueOf(texts))
		return nil
	}
	if len(texts) == 0 {
		field.SetZero()
		return nil
	}
	text := texts[0]
	pointer := field.Kind() == reflect.Pointer
	v, err := o.parse(text)
	switch {
	case errors.Is(err, errEmpty) && pointer:
		field.SetZero()
		return nil
	case err != nil:
		return err
	case pointer:
		p := reflect.New(field.Type().Elem())
		p.Elem().Set(reflect.ValueOf(v))
		field.Set(p)
	default:
		field.Set(reflect.ValueOf(v))
	}
	return nil
}

// parse converts text to the type of o's field, or what that points to.
func (o *option) parse(text string) (any, error) {
	kind := o.kind
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch kind {
	case reflect.TypeFor[string]():
		return text, o.checkString(text)
	case reflect.TypeFor[bool]():
		return parseBool(text)
	case reflect.TypeFor[int]():
		n, err := o.integer(text)
		return int(n), err
	case reflect.TypeFor[time.Duration]():
		return o.duration(text)
	case reflect.TypeFor[[]string]():
		items := splitList(text)
		for _, item := range items {
			if err := o.checkString(item); err != nil {
				return nil, err
			}
		}
		return items, nil
	case reflect.TypeFor[map[string][]string]():
		return parseLists(text)
	}
	panic("config: no such type of option: " + kind.String())
}

func (o *option) checkString(s string) error {
	switch {
	case o.choices != nil && !slices.Contains(o.choices, s):
		return fmt.Errorf("%q is not one of %s", s, strings.Join(o.choices, ", "))
	case o.only != nil && !slices.Contains(o.only, s) && (s != "" || o.hasDefault):
		return fmt.Errorf("there is no %q here, only %s", s, strings.Join(o.only, ", "))
	case o.uri:
		u, err := url.Parse(s)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return fmt.Errorf("%q is not a URL with a scheme and a host", s)
		}
		if o.maxLength > 0 && len(s) > o.maxLength {
			return fmt.Errorf("is longer than %d characters", o.maxLength)
		}
	}
	return nil
}

// parseBool takes oslo's words, in any case. Anything else is an error, never true.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a boolean (true, false, yes, no, on, off, 1 or 0)", s)
}

func (o *option) integer(text string) (int64, error) {
	text = python.Strip(text)
	if text == "" {
		return 0, errEmpty
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%s is out of range", text)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not an integer", text)
	}
	return n, o.checkRange(float64(n))
}

func (o *option) checkRange(n float64) error {
	switch {
	case o.min != nil && n < float64(*o.min):
		return fmt.Errorf("%v is less than %d", n, *o.min)
	case o.max != nil && n > float64(*o.max):
		return fmt.Errorf("%v is more than %d", n, *o.max)
	}
	return nil
}

func (o *option) duration(text string) (time.Duration, error) {
	if !o.fraction {
		n, err := o.integer(text)
		if err != nil {
			return 0, err
		}
		if limit := int64(math.MaxInt64 / o.unit); n > limit || n < -limit {
			return 0, fmt.Errorf("%d is out of range: at most %d", n, limit)
		}
		return time.Duration(n) * o.unit, nil
	}
	text = python.Strip(text)
	if text == "" {
		return 0, errEmpty
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.Abs(x) > float64(math.MaxInt64/o.unit) {
		return 0, fmt.Errorf("%q is not a number in range", text)
	}
	return time.Duration(x * float64(o.unit)), o.checkRange(x)
}

// splitList splits at commas and trims the items. Trailing commas do not count; an empty text is an empty list.
func splitList(s string) []string {
	return splitItems(strings.TrimRight(python.Strip(s), ","))
}

func splitItems(s string) []string {
	if s == "" {
		return nil
	}
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = python.Strip(items[i])
	}
	return items
}

// parseLists reads "a:[x,y],b:[z]". A comma belongs to a list as long as that has not found its bracket.
func parseLists(s string) (map[string][]string, error) {
	m := map[string][]string{}
	if s = python.Strip(s); s == "" {
		return m, nil
	}
	pair := ""
	rest := strings.Split(s, ",")
	for i, part := range rest {
		pair += part
		key, list, ok := strings.Cut(pair, ":")
		key, list = python.Strip(key), strings.TrimRight(python.Strip(list), ",")
		if !ok || len(list) < 2 || list[0] != '[' || list[len(list)-1] != ']' {
			if i == len(rest)-1 {
				return nil, fmt.Errorf("%q is not name:[item,...]", python.Strip(pair))
			}
			pair += ","
			continue
		}
		if key == "" {
			return nil, errors.New("a list has no name before its colon")
		}
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("%q is there twice", key)
		}
		m[key] = splitItems(list[1 : len(list)-1])
		pair = ""
	}
	return m, nil
}

// get returns o's value in c as set takes it; nil if it is unset.
func (o *option) get(c *Config) []string {
	field := reflect.ValueOf(c).Elem().FieldByIndex(o.field)
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return nil
		}
		field = field.Elem()
	}
	switch v := field.Interface().(type) {
	case string:
		if v == "" && !o.hasDefault {
			return nil
		}
		return []string{v}
	case bool:
		return []string{strconv.FormatBool(v)}
	case int:
		return []string{strconv.Itoa(v)}
	case time.Duration:
		return []string{strconv.FormatFloat(float64(v)/float64(o.unit), 'f', -1, 64)}
	case []string:
		if o.multi {
			return v
		}
		return []string{strings.Join(v, ",")}
	case map[string][]string:
		if v == nil {
			return nil
		}
		var pairs []string
		for name, items := range v {
			pairs = append(pairs, name+":["+strings.Join(items, ",")+"]")
		}
		slices.Sort(pairs)
		return []string{strings.Join(pairs, ",")}
	}
	panic("config: no such type of option: " + field.Type().String())
}
