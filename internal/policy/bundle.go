package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Bundle is what a service's release says of its own rules: the form in which Horizon ships them
// (openstack_dashboard/management/commands/dump_default_policies.py).
type Bundle struct {
	Service string // the name of the file without its ending
	Rules   []Default
}

// Permissions are the rules that guard a request, with at least one method and path.
func (b *Bundle) Permissions() []Default {
	return slices.DeleteFunc(slices.Clone(b.Rules), func(d Default) bool { return len(d.Operations) == 0 })
}

// ReadBundles reads all bundles of a folder, the files that end in .yaml, by name.
func ReadBundles(dir string) ([]*Bundle, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no file ends in .yaml", dir)
	}
	var all []*Bundle
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		b, err := ParseBundle(file, data)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

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

// ParseBundle reads a bundle; path names it. The error names the place.
func ParseBundle(path string, data []byte) (*Bundle, error) {
	b := &Bundle{Service: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	var rules []bundleRule
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&rules); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: not a list of rules with name and check_str: %w", path, err)
	}
	for _, r := range rules {
		if r.Name == "" {
			return nil, fmt.Errorf("%s: a rule has no name", path)
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
		}
		b.Rules = append(b.Rules, d)
	}
	return b, nil
}
