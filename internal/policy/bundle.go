package policy

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// bundleRule is a rule as Horizon ships what services' releases say of their own rules
// (openstack_dashboard/management/commands/dump_default_policies.py).
type bundleRule struct {
	Name        string            `yaml:"name"`
	Check       string            `yaml:"check_str"`
	Description string            `yaml:"description"`
	ScopeTypes  []string          `yaml:"scope_types"`
	Operations  []bundleOperation `yaml:"operations"`
	Deprecated  *struct {
		Name  string `yaml:"name"`
		Check string `yaml:"check_str"`
		Since string `yaml:"deprecated_since"`
	} `yaml:"deprecated_rule"`
}

type bundleOperation struct {
	Method texts `yaml:"method"`
	Path   texts `yaml:"path"`
}

// texts is one text, or a list of some.
type texts []string

func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*t = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(t))
}

// isList tells a bundle from a policy file by its first line that says something.
func isList(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.HasPrefix(line, []byte("---")) {
			return line[0] == '-' || line[0] == '['
		}
	}
	return false
}

// parseBundle reads the rules of a bundle. The error is a *Problem.
func parseBundle(path string, data []byte) (rules []Default, err error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		pos, text := yamlError(err, data)
		return nil, &Problem{Path: path, Line: pos.line, Column: pos.column, Text: text, Err: err}
	}
	problem := func(n *yaml.Node, rule, format string, args ...any) error {
		return &Problem{Path: path, Line: n.Line, Column: n.Column, Rule: rule, Text: fmt.Sprintf(format, args...)}
	}
	check := func(n *yaml.Node, rule, text string) error {
		_, faults, err := parseText(text)
		if err != nil {
			return problem(n, rule, "%s", err)
		}
		for _, fault := range faults {
			pos := within(n, text, fault.offset)
			return &Problem{Path: path, Line: pos.line, Column: pos.column, Rule: rule, Text: fault.text}
		}
		return nil
	}
	for _, n := range doc.Content[0].Content {
		var r bundleRule
		if err := n.Decode(&r); err != nil {
			return nil, problem(n, "", "it is no rule with name and check_str: %s", strings.ReplaceAll(err.Error(), "\n", " "))
		}
		if r.Name == "" {
			return nil, problem(n, "", "a rule has no name")
		}
		d := Default{Name: r.Name, Check: r.Check, Description: strings.TrimSpace(r.Description), ScopeTypes: r.ScopeTypes}
		for _, o := range r.Operations {
			for _, method := range o.Method {
				for _, p := range o.Path {
					if method != "" && p != "" {
						d.Operations = append(d.Operations, Operation{method, p})
					}
				}
			}
		}
		if r.Deprecated != nil {
			d.Deprecated = &Deprecated{Name: r.Deprecated.Name, Check: r.Deprecated.Check, Since: r.Deprecated.Since}
			if err := check(valueOf(valueOf(n, "deprecated_rule"), "check_str"), r.Name, r.Deprecated.Check); err != nil {
				return nil, err
			}
		}
		if err := check(valueOf(n, "check_str"), r.Name, r.Check); err != nil {
			return nil, err
		}
		rules = append(rules, d)
	}
	return rules, nil
}

// valueOf is the value of a key of a mapping, or the mapping.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return n
}

var (
	sampleRule       = regexp.MustCompile(`^#"(.+?)": "(.*)"$`)
	sampleOperation  = regexp.MustCompile(`^([A-Z]{3,7})  (/\S*)$`)
	sampleScopes     = regexp.MustCompile(`^Intended scope\(s\): (.+)$`)
	sampleDeprecated = regexp.MustCompile(`^"(.+?)":\s*"(.*?)" has been deprecated since (\S+) in favor of "`)
)

// parseSample reads the rules that stand as comments in what oslopolicy-sample-generator writes; none if data is no such file.
func parseSample(data []byte) (rules []Default) {
	var said []string // the comment above
	var d Default
	reset := func() { said, d = nil, Default{} }
	for line := range strings.Lines(string(data) + "\n") {
		line = strings.TrimRight(line, "\r\n")
		text, comment := strings.CutPrefix(line, "# ")
		switch rule := sampleRule.FindStringSubmatch(line); {
		case rule != nil:
			d.Name, d.Check, d.Description = rule[1], rule[2], strings.Join(said, " ")
			rules = append(rules, d)
			reset()
		case !comment && strings.TrimLeft(line, "#") == "": // the end of a paragraph
			if len(rules) > 0 && len(said) > 0 && said[0] == "DEPRECATED" {
				last := &rules[len(rules)-1]
				if old := sampleDeprecated.FindStringSubmatch(strings.Join(said[1:], " ")); old != nil && last.Deprecated == nil {
					last.Deprecated = &Deprecated{Name: old[1], Check: old[2], Since: old[3]}
				}
			}
			if line == "" {
				reset()
			}
		case comment:
			if op := sampleOperation.FindStringSubmatch(text); op != nil {
				d.Operations = append(d.Operations, Operation{op[1], op[2]})
			} else if scopes := sampleScopes.FindStringSubmatch(text); scopes != nil {
				d.ScopeTypes = strings.Split(scopes[1], ", ")
			} else {
				said = append(said, text)
			}
		default:
			reset()
		}
	}
	return rules
}
