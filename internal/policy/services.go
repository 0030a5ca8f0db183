package policy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Service is what a service of the cloud lets people do, by its own rules. It is never changed once it is in use.
type Service struct {
	Name     string
	Enforcer *Enforcer
	Rules    []Default // those that permit something, in their order
	Flags
	Files    []string // that it was read from
	Loaded   time.Time
	Warnings []*Problem

	// Problem says why what the files hold now is not in force, if so: what was read before is. A *Problem tells the place.
	Problem error

	defaults []Default
	over     []*File
	contents []content
}

// ServiceOf is a service of which the enforcer of its rules is at hand.
func ServiceOf(name string, e *Enforcer) *Service {
	s := &Service{Name: name, Enforcer: e, Flags: Flags{EnforceScope: !e.options.AnyScope, EnforceNewDefaults: e.options.EnforceNewDefaults}}
	for _, d := range e.defaults {
		s.defaults = append(s.defaults, d.Default)
		if len(d.Operations) > 0 {
			s.Rules = append(s.Rules, d.Default)
		}
	}
	return s
}

// Flags are how a service is set up beside its files.
type Flags struct {
	Release            string // that its rules are of, as the operator says; empty when nobody said
	EnforceScope       bool
	EnforceNewDefaults bool
	Operators          string // of an object store without rules: the roles that may use it, by commas
	Reseller           string // and the one that may use everybody's
}

// settingsFile says the flags of the services of a folder: a map of their names to release, enforce_scope, enforce_new_defaults; or,
// of Swift and the like, which have no rules but roles in their configuration, to operator_roles and reseller_admin_role.
const settingsFile = "services.yaml"

// Services are the services of a cloud whose rules are known. The zero value, and nil, are none of them.
type Services struct {
	dir  string
	own  *Service
	now  func() time.Time
	last atomic.Pointer[known]
}

// known is what was read at one time.
type known struct {
	contents []content
	services []*Service
	err      error // with the folder as a whole
	counted  *memo
}

// OpenServices reads a folder: of each service a bundle as Horizon ships them, or what oslopolicy-sample-generator writes, or a
// plain policy file, NAME.yaml or NAME.json; over it, as the service itself reads them, NAME/policy.yaml or NAME/policy.json and
// NAME/policy.d/*; and services.yaml with their flags. A service that cannot be read is there with its Problem; a folder that
// cannot is an error. own is a service that is known without the folder, unless that has one of its name; it may be nil, and
// otherwise dir may be empty.
func OpenServices(dir string, own *Service, now func() time.Time) (*Services, error) {
	s := &Services{dir: dir, own: own, now: now}
	if own != nil {
		own.Loaded = now()
	}
	if dir == "" && own != nil {
		s.last.Store(&known{services: []*Service{own}, counted: new(memo)})
		return s, nil
	}
	contents, err := readFolder(dir)
	if err != nil {
		return nil, err
	}
	s.use(contents)
	if k := s.last.Load(); k.err != nil {
		return nil, k.err
	}
	return s, nil
}

// Follow reads the folder again, until ctx ends, when what it holds has changed, as [Enforcer.Follow] does. It calls report with
// each problem that is new.
func (s *Services) Follow(ctx context.Context, interval time.Duration, report func(error)) {
	if s.dir == "" {
		return
	}
	read := func() ([]content, error) { return readFolder(s.dir) }
	followFiles(ctx, interval, read, s.last.Load().contents, func(contents []content, err error) {
		told := s.Problems()
		if err != nil {
			k := *s.last.Load()
			k.err = err
			s.last.Store(&k)
		} else {
			s.use(contents)
		}
		for _, err := range s.Problems() {
			if !slices.ContainsFunc(told, func(old error) bool { return old.Error() == err.Error() }) {
				report(err)
			}
		}
	})
}

// Reload reads the folder now. As Follow does, it keeps of each service what was read before if its files are no good.
func (s *Services) Reload() error {
	if s.dir == "" {
		return nil
	}
	contents, err := readFolder(s.dir)
	if err == nil {
		s.use(contents)
	}
	return err
}

// List returns the services by name.
func (s *Services) List() []*Service { return s.known().services }

// Problems tells why what the folder holds now is not all in force.
func (s *Services) Problems() (all []error) {
	k := s.known()
	if k.err != nil {
		all = append(all, k.err)
	}
	for _, one := range k.services {
		if one.Problem != nil {
			all = append(all, one.Problem)
		}
	}
	return all
}

func (s *Services) known() *known {
	if s != nil {
		if k := s.last.Load(); k != nil {
			return k
		}
	}
	return &known{counted: new(memo)}
}

// use puts contents in the place of what was known, service by service: one that did not change stays, and so does one whose
// files are no good now.
func (s *Services) use(contents []content) {
	next := &known{contents: contents, counted: new(memo)}
	flags := map[string]Flags{}
	base, of := map[string]int{}, map[string][]content{}
	for _, c := range contents {
		name, _ := filepath.Rel(s.dir, c.path)
		if name == settingsFile {
			var err error
			if flags, err = parseFlags(c); err != nil {
				next.err = err
			}
			continue
		}
		if service, _, over := strings.Cut(name, string(filepath.Separator)); over {
			of[service] = append(of[service], c)
			continue
		}
		name = strings.TrimSuffix(name, filepath.Ext(name))
		of[name] = slices.Insert(of[name], base[name], c)
		base[name]++
	}
	for name, f := range flags {
		if f.Operators != "" && of[name] == nil {
			of[name] = []content{}
		}
	}
	before := s.known().services
	for _, name := range sortedKeys(of) {
		f, said := flags[name]
		if !said {
			f = Flags{EnforceScope: true, EnforceNewDefaults: true}
		}
		var old *Service
		if i := slices.IndexFunc(before, func(one *Service) bool { return one.Name == name && one != s.own }); i >= 0 {
			old = before[i]
			if next.err != nil {
				f = old.Flags
			}
		}
		if old != nil && old.Problem == nil && old.Flags == f && sameContents(old.contents, of[name]) {
			next.services = append(next.services, old)
			continue
		}
		one, err := readService(name, of[name], f)
		if base[name] > 1 {
			err = &Problem{Path: of[name][1].path, Text: fmt.Sprintf("%s says what the rules of %s are already: remove one of them", of[name][0].path, name)}
		}
		if err != nil {
			one = &Service{Name: name, Flags: f}
			if old != nil {
				*one = *old
			}
			one.Problem = err
		} else {
			one.Loaded = s.now()
		}
		next.services = append(next.services, one)
	}
	if s.own != nil && of[s.own.Name] == nil {
		next.services = append(next.services, s.own)
		slices.SortFunc(next.services, func(a, b *Service) int { return cmp.Compare(a.Name, b.Name) })
	}
	s.last.Store(next)
}

func parseFlags(c content) (map[string]Flags, error) {
	var said map[string]struct {
		Release            string `yaml:"release"`
		EnforceScope       *bool  `yaml:"enforce_scope"`
		EnforceNewDefaults *bool  `yaml:"enforce_new_defaults"`

		OperatorRoles []string `yaml:"operator_roles"`
		ResellerRole  string   `yaml:"reseller_admin_role"`
	}
	d := yaml.NewDecoder(bytes.NewReader(c.data))
	d.KnownFields(true)
	if err := d.Decode(&said); err != nil && len(bytes.TrimSpace(c.data)) > 0 {
		pos, text := yamlError(err, c.data)
		return nil, &Problem{Path: c.path, Line: pos.line, Column: pos.column, Text: text, Err: err}
	}
	flags := map[string]Flags{}
	on := true
	for name, f := range said {
		flags[name] = Flags{
			f.Release, *cmp.Or(f.EnforceScope, &on), *cmp.Or(f.EnforceNewDefaults, &on), strings.Join(f.OperatorRoles, ","), f.ResellerRole,
		}
	}
	return flags, nil
}

// readFolder reads all files of a folder of services.
func readFolder(dir string) (all []content, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		ending := filepath.Ext(path)
		switch {
		case strings.HasPrefix(entry.Name(), "."), errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, unreadable(path, err)
		case info.IsDir():
			files := Files{File: "policy.yaml", Dirs: []string{"policy.d"}, Search: []string{path}}
			if found, err := files.find(files.File); found == "" && err == nil {
				files.File = "policy.json" // which oslo.policy falls back to
			}
			more, err := files.read()
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		case ending == ".yaml" || ending == ".json":
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, unreadable(path, err)
			}
			all = append(all, content{path, data})
		}
	}
	if len(all) == 0 {
		return nil, &Problem{Path: dir, Text: "no file ends in .yaml or .json"}
	}
	return all, nil
}

// readService makes a service of its files, the one with its defaults first if there is any.
func readService(name string, contents []content, flags Flags) (*Service, error) {
	s := &Service{Name: name, Flags: flags, contents: contents}
	if len(contents) == 0 {
		s.Files, s.defaults = []string{settingsFile}, objectStore(flags)
	}
	var err error
	for i, c := range contents {
		s.Files = append(s.Files, c.path)
		if i == 0 && isList(c.data) {
			if s.defaults, err = parseBundle(c.path, c.data); err != nil {
				return nil, err
			}
			continue
		}
		f, err := ParseFile(c.path, c.data)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			s.defaults = parseSample(c.data)
		}
		s.over = append(s.over, f)
	}
	return s.open()
}

// open makes the enforcer of the defaults and what stands over them.
func (s *Service) open() (*Service, error) {
	var err error
	options := Options{EnforceNewDefaults: s.EnforceNewDefaults, AnyScope: !s.EnforceScope, DefaultRule: "default"}
	if s.Enforcer, err = NewEnforcer(s.defaults, options); err != nil {
		return nil, &Problem{Path: s.Files[0], Text: err.Error(), Err: err}
	}
	if s.Warnings, err = s.Enforcer.Use(s.over...); err != nil {
		return nil, err
	}
	s.Rules = nil
	for _, d := range s.defaults {
		if len(d.Operations) > 0 {
			s.Rules = append(s.Rules, d)
		}
	}
	if len(s.defaults) > 0 {
		return s, nil
	}
	for _, f := range s.over { // old services had no defaults: their file names all that they ask for
		for _, name := range f.Names() {
			if strings.Contains(name, ":") && !slices.ContainsFunc(s.Rules, func(d Default) bool { return d.Name == name }) {
				s.Rules = append(s.Rules, Default{Name: name})
			}
		}
	}
	return s, nil
}

// A Permission is one of a service's rules that permit something, with what it says to somebody.
type Permission struct {
	Default
	Prospect
}

// Weigh tells of each permission whether somebody has it.
func (s *Service) Weigh(somebody Supposition) (all []Permission) {
	for _, d := range s.Rules {
		all = append(all, Permission{d, s.Enforcer.Suppose(d.Name, somebody)})
	}
	return all
}

// With is the service as it would be with the rules of one more file.
func (s *Service) With(f *File) (*Service, error) {
	with := *s
	with.over = append(slices.Clip(s.over), f)
	if s.contents == nil && s.Enforcer != nil { // its enforcer may have been given others
		if loaded := s.Enforcer.loaded(); loaded != nil {
			with.over = nil
			for _, c := range loaded {
				old, err := ParseFile(c.path, c.data)
				if err != nil {
					return nil, err
				}
				with.over = append(with.over, old)
			}
			with.over = append(with.over, f)
		}
	}
	return with.open()
}

// Strict is the service as it would be without deprecated rules.
func (s *Service) Strict() (*Service, error) {
	strict := *s
	strict.EnforceNewDefaults = true
	return strict.open()
}

// Alone is a service whose rules are those of one file, and no others.
func Alone(f *File) (*Service, error) {
	s := &Service{Name: f.Path, Flags: Flags{EnforceScope: true, EnforceNewDefaults: true}, Files: []string{f.Path}, over: []*File{f}}
	return s.open()
}

// ReadServices reads what OpenServices does, or one file of it. The first service that cannot be read is an error. With legacy,
// all services count deprecated rules.
func ReadServices(path string, legacy bool) ([]*Service, error) {
	var services []*Service
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		all, err := OpenServices(path, nil, time.Now)
		if err != nil {
			return nil, err
		}
		if problems := all.Problems(); len(problems) > 0 {
			return nil, problems[0]
		}
		services = all.List()
	} else {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		one, err := readService(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), []content{{path, data}}, Flags{EnforceScope: true, EnforceNewDefaults: true})
		if err != nil {
			return nil, err
		}
		services = []*Service{one}
	}
	if legacy {
		for i, s := range services {
			old := *s
			old.EnforceNewDefaults = false
			var err error
			if services[i], err = old.open(); err != nil {
				return nil, err
			}
		}
	}
	return services, nil
}
