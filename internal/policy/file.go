package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A File is a policy file: rules by name, in the order of the file. Of two rules with one name the last counts.
type File struct {
	Path string
	// Faults are rules, or parts of some, that oslo.policy takes as "!" because it cannot parse them.
	Faults []*Problem
	// Warnings are what an operator should know of: above all the values that allow everybody though they look as if they did not.
	Warnings []*Problem

	entries []*entry
	byName  map[string]*entry
	odd     *Problem // the first rule whose name is not a text
	text    string
	anchors map[string]position
}

// An entry is one rule of a file.
type entry struct {
	name   string
	source string // as written, or in the text notation if that was a list
	check  node
	pos    position
}

type position struct{ line, column int } // from 1, in characters

// A Problem is a place in a policy file and what is wrong with it.
type Problem struct {
	Path         string
	Line, Column int    // from 1, in characters; 0 if the problem is not with the text
	Rule         string // name of the rule, if it is with one
	Text         string // what is wrong and, where it can be told, the cure
	Err          error  // underlying, if any
}

func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Path)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", p.Rule)
	}
	b.WriteString(p.Text)
	return b.String()
}

func (p *Problem) Unwrap() error { return p.Err }

// Names lists the rules of the file.
func (f *File) Names() []string {
	names := make([]string, len(f.entries))
	for i, e := range f.entries {
		names[i] = e.name
	}
	return names
}

// ReadFile reads a policy file, YAML or JSON. The error is a *Problem.
func ReadFile(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return ParseFile(path, data)
}

func unreadable(path string, err error) *Problem {
	text := err.Error()
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		text = pathErr.Err.Error()
	}
	return &Problem{Path: path, Text: text, Err: err}
}

// ParseFile reads the content of a policy file as PyYAML does, which takes JSON for YAML 1.1. Path is only for messages. The error
// is a *Problem: the file cannot be read at all, or holds a value that is no rule. Like upstream it accepts rules that do not
// parse; see [File.Faults].
func ParseFile(path string, data []byte) (*File, error) {
	f := &File{Path: path, text: string(data), byName: map[string]*entry{}, anchors: map[string]position{}}
	findings := scan(string(data))
	for _, found := range findings {
		if found.refused {
			return nil, f.problem(found.pos, "", "%s", found.text)
		}
	}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(withoutDirectives(data)))
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return f, nil
	}
	if err == nil {
		var second yaml.Node
		if err = decoder.Decode(&second); err == nil {
			return nil, f.problem(at(&second), "", "the file holds more than one YAML document: remove the --- before this")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil && len(findings) > 0 {
		return nil, f.problem(findings[0].pos, "", "%s", findings[0].text)
	} else if err != nil {
		pos, text := yamlError(err, data)
		return nil, f.problem(pos, "", "%s", text)
	}
	if err := f.construct(doc.Content[0], map[*yaml.Node]bool{}); err != nil {
		return nil, err
	}
	if err := f.load(doc.Content[0]); err != nil {
		return nil, err
	}
	return f, nil
}

// construct refuses what PyYAML cannot make an object of, wherever it stands.
func (f *File) construct(n *yaml.Node, done map[*yaml.Node]bool) error {
	n = resolveAlias(n)
	if done[n] {
		return nil
	}
	done[n] = true
	if n.Anchor != "" {
		if first, ok := f.anchors[n.Anchor]; ok {
			return f.problem(at(n), "", "the anchor &%s is in line %d already", n.Anchor, first.line)
		}
		f.anchors[n.Anchor] = at(n)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		if _, err := resolveScalar(n); err != nil {
			return f.problem(at(n), "", "%s", err)
		}
	case yaml.SequenceNode:
		if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!seq" && n.Tag != "!" {
			return f.problem(at(n), "", "a rule may not have the tag %s", n.Tag)
		}
		for _, item := range n.Content {
			if err := f.construct(item, done); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!map" && n.Tag != "!" {
			return f.problem(at(n), "", "a rule may not have the tag %s", n.Tag)
		}
		pairs, err := f.pairs(n, 0)
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			if pair.key.Kind != yaml.ScalarNode {
				return f.problem(at(pair.key), "", "the name of a rule must be a text")
			}
			if pair.key.Style != 0 || pair.key.Value != "=" {
				if err := f.construct(pair.key, done); err != nil {
					return err
				}
			}
			if err := f.construct(pair.value, done); err != nil {
				return err
			}
		}
	}
	return nil
}

var directive1x = regexp.MustCompile(`^%(?:YAML\s+1\.\d+|[A-Z]+)\s*$`)

// withoutDirectives makes comments of the directives at the head of a file that PyYAML reads past and our parser refuses: any
// version 1 of YAML, and unknown ones.
func withoutDirectives(data []byte) []byte {
	if len(data) == 0 || data[0] != '%' {
		return data
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	for i, line := range lines {
		if bytes.HasPrefix(line, []byte("---")) {
			return bytes.Join(lines, nil)
		}
		if directive1x.Match(line) {
			lines[i] = append([]byte("#"), line[1:]...)
		}
	}
	return data
}

func (f *File) problem(pos position, rule, format string, args ...any) *Problem {
	return &Problem{Path: f.Path, Line: pos.line, Column: pos.column, Rule: rule, Text: fmt.Sprintf(format, args...)}
}

var (
	yamlLine    = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)
	parserError = regexp.MustCompile(`^did not find expected (?:<|node content|'-' indicator|key|',')`)
)

// yamlError takes the place from the library's message, which knows the line only.
func yamlError(err error, data []byte) (position, string) {
	m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if m == nil {
		return position{1, 1}, err.Error()
	}
	pos := position{1, 1}
	if _, err := fmt.Sscan(m[1], &pos.line); err != nil {
		return pos, m[2]
	}
	if parserError.MatchString(m[2]) { // counted from 0
		pos.line++
	}
	lines := strings.Split(string(data), "\n")
	if pos.line > len(lines) {
		pos.line = len(lines)
	}
	line := lines[pos.line-1]
	pos.column = len(line) - len(strings.TrimLeft(line, " ")) + 1
	return pos, m[2]
}

func (f *File) load(root *yaml.Node) error {
	root = resolveAlias(root)
	if root.Kind == yaml.ScalarNode {
		if v, _ := resolveScalar(root); v.empty() {
			return nil
		}
	}
	if root.Kind == yaml.SequenceNode && len(root.Content) == 0 {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		return f.problem(at(root), "", "the file is not a map of rule names to rules")
	}
	pairs, err := f.pairs(root, 0)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		if err := f.add(pair.key, pair.value); err != nil {
			return err
		}
	}
	return nil
}

type pair struct{ key, value *yaml.Node }

// pairs lists the items of a mapping, those of the mappings it merges (<<) first, so that its own win.
func (f *File) pairs(m *yaml.Node, depth int) ([]pair, error) {
	if depth > 100 {
		return nil, f.problem(at(m), "", "merges (<<) nest too deeply")
	}
	var merged, own []pair
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := resolveAlias(m.Content[i]), resolveAlias(m.Content[i+1])
		if key.Kind != yaml.ScalarNode || key.Style != 0 || key.Value != "<<" {
			own = append(own, pair{key, value})
			continue
		}
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, source := range sources { // the last wins, in PyYAML 6.0.4
			source = resolveAlias(source)
			if source.Kind != yaml.MappingNode {
				return nil, f.problem(at(source), "", "<< merges maps only")
			}
			more, err := f.pairs(source, depth+1)
			if err != nil {
				return nil, err
			}
			merged = append(merged, more...)
		}
	}
	return append(merged, own...), nil
}

func (f *File) add(key, value *yaml.Node) error {
	name, _ := resolveScalar(key)
	if key.Style == 0 && key.Value == "=" {
		name = scalar{isText: true, text: "="}
	}
	if !name.isText {
		problem := f.problem(at(key), "", "the name %s is not a text in YAML, so the rule is never used: quote it", key.Value)
		f.Warnings = append(f.Warnings, problem)
		if f.odd == nil {
			f.odd = problem
		}
		return f.compile(&entry{pos: at(value)}, value) // upstream refuses the file if it is no rule
	}
	e := &entry{name: name.text, pos: at(value)}
	if err := f.compile(e, value); err != nil {
		return err
	}
	if old := f.byName[e.name]; old != nil {
		f.Warnings = append(f.Warnings, f.problem(old.pos, e.name, "the same name comes again in line %d, which counts", e.pos.line))
		*old = *e
		return nil
	}
	f.byName[e.name] = e
	f.entries = append(f.entries, e)
	return nil
}

// compile fills the check of e from a value of the file, which construct has seen.
func (f *File) compile(e *entry, value *yaml.Node) error {
	if value.Kind != yaml.ScalarNode {
		return f.compileList(e, value)
	}
	v, _ := resolveScalar(value)
	switch {
	case v.empty():
		e.check = constant(true)
		if !v.isText {
			f.Warnings = append(f.Warnings, f.problem(e.pos, e.name, "%s allows everybody: write \"!\" in quotes to allow nobody, \"@\" to allow everybody", f.shown(value)))
		} else {
			f.Warnings = append(f.Warnings, f.problem(e.pos, e.name, "an empty text allows everybody"))
		}
		return nil
	case !v.isText:
		return f.problem(e.pos, e.name, "%s is no rule but %s: write it in quotes", value.Value, v.kind)
	}
	e.source = v.text
	check, faults, err := parseText(v.text)
	if err != nil {
		return f.problem(e.pos, e.name, "%s", err)
	}
	e.check = check
	for _, fault := range faults {
		f.Faults = append(f.Faults, f.problem(within(value, v.text, fault.offset), e.name, "%s", fault.text))
	}
	return nil
}

// within finds the place of a character of a scalar, or the scalar's own if that is written over several lines or with escapes.
func within(n *yaml.Node, text string, offset int) position {
	pos := at(n)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || strings.ContainsAny(text, "\n\\'\"") {
		return pos
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		pos.column++
	}
	pos.column += offset
	return pos
}

// compileList reads the notation of lists. Python takes the keys of a map for its items.
func (f *File) compileList(e *entry, value *yaml.Node) error {
	alternatives, err := f.items(value)
	if err != nil {
		return err
	}
	if len(alternatives) == 0 {
		e.check = constant(true)
		f.Warnings = append(f.Warnings, f.problem(e.pos, e.name, "an empty list allows everybody"))
		return nil
	}
	var either or
	for _, alternative := range alternatives {
		var all and
		terms, item := []pair{alternative}, alternative.key
		if item.Kind != yaml.ScalarNode {
			if terms, err = f.items(item); err != nil {
				return err
			}
			if len(terms) == 0 {
				continue
			}
		} else {
			v, _ := resolveScalar(item)
			if v.empty() {
				continue
			}
			if !v.isText {
				return f.problem(at(item), e.name, "%s is no check but %s: write it in quotes", item.Value, v.kind)
			}
		}
		for _, term := range terms {
			all = append(all, f.term(e, term))
		}
		if len(all) == 1 {
			either = append(either, all[0])
		} else {
			either = append(either, all)
		}
	}
	switch len(either) {
	case 0:
		e.check = constant(false)
	case 1:
		e.check = either[0]
	default:
		e.check = either
	}
	e.source = e.check.String()
	return nil
}

// term compiles an item of an inner list, of whatever kind.
func (f *File) term(e *entry, item pair) node {
	n := item.key
	if n.Kind == yaml.ScalarNode {
		if v, _ := resolveScalar(n); v.isText {
			check, fault := parseCheck(v.text)
			if fault != nil && item.value != nil && item.value.Kind == yaml.ScalarNode {
				fault.text = fmt.Sprintf("a map is no check: write %q as one text", v.text+":"+item.value.Value)
			}
			if fault != nil {
				f.Faults = append(f.Faults, f.problem(at(n), e.name, "%s", fault.text))
			}
			return check
		}
	}
	f.Faults = append(f.Faults, f.problem(at(n), e.name, "%s is no check", f.shown(n)))
	return constant(false)
}

// items lists those of a list, without values, or of a map.
func (f *File) items(n *yaml.Node) ([]pair, error) {
	if n.Kind == yaml.MappingNode {
		return f.pairs(n, 0)
	}
	var items []pair
	for _, item := range n.Content {
		items = append(items, pair{key: resolveAlias(item)})
	}
	return items, nil
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func at(n *yaml.Node) position { return position{n.Line, n.Column} }

// begins tells whether the file has prefix at pos.
func (f *File) begins(pos position, prefix string) bool {
	lines := strings.Split(f.text, "\n")
	if pos.line > len(lines) {
		return false
	}
	line := []rune(lines[pos.line-1])
	return pos.column <= len(line) && strings.HasPrefix(string(line[pos.column-1:]), prefix)
}

func (f *File) shown(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Value == "" && f.begins(at(n), "!"): // YAML reads it as a tag of nothing
		return "an unquoted !"
	case n.Value == "":
		return "a missing value"
	}
	return "an unquoted " + n.Value
}

// A scalar is what YAML 1.1 makes of one: a text, or something else of which only matters whether Python finds it false.
type scalar struct {
	isText bool
	text   string
	falsy  bool
	kind   string // with its article, if it is no text
}

// empty tells whether Python takes the value for false.
func (s scalar) empty() bool { return s.isText && s.text == "" || !s.isText && s.falsy }

// The plain forms that YAML 1.1 does not take for text, as PyYAML's resolver has them.
var (
	yamlNull  = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	yamlTrue  = regexp.MustCompile(`^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$`)
	yamlFalse = regexp.MustCompile(`^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$`)
	yamlInt   = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	yamlFloat = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	yamlTime  = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$`)
	exponent  = regexp.MustCompile(`[eE][-+][0-9]+$`)
)

func resolveScalar(n *yaml.Node) (scalar, error) {
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.Tag
	}
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch tag {
	case "!!bool", "!!int", "!!float":
		s, err := resolvePlain(n.Value)
		if err == nil && s.isText {
			err = fmt.Errorf("%s is no value of the tag %s", n.Value, tag)
		}
		return s, err
	}
	switch {
	case tag == "!!str" || tag == "" && !plain:
		return scalar{isText: true, text: n.Value}, nil
	case tag == "!!null":
		return scalar{falsy: true, kind: "nothing"}, nil
	case tag != "" && tag != "!":
		return scalar{}, fmt.Errorf("a rule may not have the tag %s", tag)
	}
	return resolvePlain(n.Value)
}

func resolvePlain(v string) (scalar, error) {
	switch {
	case v == "=" || v == "<<":
		return scalar{}, fmt.Errorf("%s has a meaning of its own: write it in quotes", v)
	case yamlNull.MatchString(v):
		return scalar{falsy: true, kind: "nothing"}, nil
	case yamlTrue.MatchString(v):
		return scalar{kind: "a boolean"}, nil
	case yamlFalse.MatchString(v):
		return scalar{falsy: true, kind: "a boolean"}, nil
	case yamlInt.MatchString(v):
		zero := strings.Trim(strings.TrimLeft(v, "+-"), "0_xb") == ""
		return scalar{falsy: zero, kind: "an integer"}, nil
	case yamlFloat.MatchString(v):
		zero := strings.Trim(exponent.ReplaceAllString(v, ""), "+-0_.:") == ""
		return scalar{falsy: zero, kind: "a number"}, nil
	case yamlTime.MatchString(v):
		return scalar{kind: "a date"}, nil
	}
	return scalar{isText: true, text: v}, nil
}
