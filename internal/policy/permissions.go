package policy

import (
	"os"
	"path/filepath"
	"strings"
)

// Permissions are what a service lets people do, as an enforcer decides it.
type Permissions struct {
	Service  string
	Enforcer *Enforcer
	Rules    []Default // those that permit something, in their order
}

// ReadPermissions reads what services permit: a folder of bundles (see [Bundle]), one bundle, or one plain policy file, of
// which each rule with a colon in its name permits something. Options say how deprecated rules count.
func ReadPermissions(path string, options Options) ([]*Permissions, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		bundles, err := ReadBundles(path)
		if err != nil {
			return nil, err
		}
		var all []*Permissions
		for _, b := range bundles {
			p, err := b.open(options)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		return all, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b, err := ParseBundle(path, data); err == nil && len(b.Rules) > 0 {
		p, err := b.open(options)
		return []*Permissions{p}, err
	}
	f, err := ParseFile(path, data)
	if err != nil {
		return nil, err
	}
	p := &Permissions{Service: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	if options.DefaultRule == "" {
		options.DefaultRule = "default"
	}
	if p.Enforcer, err = NewEnforcer(nil, options); err != nil {
		return nil, err
	}
	if _, err := p.Enforcer.Use(f); err != nil {
		return nil, err
	}
	for _, name := range f.Names() {
		if strings.Contains(name, ":") {
			p.Rules = append(p.Rules, Default{Name: name})
		}
	}
	return []*Permissions{p}, nil
}

func (b *Bundle) open(options Options) (*Permissions, error) {
	e, err := NewEnforcer(b.Rules, options)
	return &Permissions{Service: b.Service, Enforcer: e, Rules: b.Permissions()}, err
}
