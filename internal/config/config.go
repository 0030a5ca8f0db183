// Package config reads Keystone's configuration files, as oslo.config does, into one struct.
//
// An operator's keystone.conf is taken as it is. Options that Lintel does not know, or that have no meaning in it, are
// warned about and never refused, since files serve a Keystone beside it. A value that cannot be right stops the start,
// and one error lists all of them. Upstream: oslo_config/cfg.py, oslo_config/types.py, keystone/conf.
//
// Only the command and the server import this package; each other package takes its own few values.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Place is where in the files something stands. Line 0 is the whole file, an empty File the program's own setting.
type Place struct {
	File          string
	Line          int
	Group, Option string
}

func (p Place) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			b.WriteString(":" + strconv.Itoa(p.Line))
		}
	}
	if p.Group != "" {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString("[" + p.Group + "]")
		if p.Option != "" {
			b.WriteString(" " + p.Option)
		}
	}
	return b.String()
}

// Warning is something in the files that does not do what its writer may think.
type Warning struct {
	Place
	Text string
}

func (w Warning) String() string { return w.Place.String() + ": " + w.Text }

// Fault is a value or a file that cannot be used.
type Fault struct {
	Place
	Text string
}

func (f Fault) Error() string { return f.Place.String() + ": " + f.Text }

// Faults is the error of Load: everything that is wrong, in the order of the files.
type Faults []Fault

func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Default returns the configuration of an empty file.
func Default() *Config {
	c := new(Config)
	for _, o := range table {
		if err := o.set(c, o.defaults()); err != nil {
			panic("config: default of " + o.group + "." + o.name + ": " + err.Error())
		}
	}
	return c
}

// Load reads the files in order, then the *.conf files of each directory in the order of their names. A later value
// replaces an earlier one; of options that may repeat, the values add up. Each base changes the defaults before any
// file is read.
//
// The error is of type Faults. Messages never show the value of a secret option.
func Load(files, dirs []string, base ...func(*Config)) (*Config, []Warning, error) {
	c := Default()
	for _, b := range base {
		b(c)
	}
	l := &loader{c: c, done: map[*option]bool{}, busy: map[*option]bool{}}
	c.files = slices.Clone(files)
	for _, dir := range dirs {
		names, err := confFiles(dir)
		if err != nil {
			l.faults = append(l.faults, Fault{Place{File: dir}, "cannot read the configuration directory: " + err.Error()})
		}
		c.files = append(c.files, names...)
	}
	for rank, path := range c.files {
		as, faults := readFile(path)
		l.faults = append(l.faults, faults...)
		for _, a := range as {
			l.add(rank, a)
		}
	}
	for _, o := range table {
		l.resolve(o)
	}
	if len(l.faults) > 0 {
		rank := func(p Place) int { return slices.Index(c.files, p.File) }
		slices.SortStableFunc(l.faults, func(a, b Fault) int {
			return cmp.Or(rank(a.Place)-rank(b.Place), a.Line-b.Line)
		})
		return nil, l.warnings, l.faults
	}
	return c, l.warnings, nil
}

func confFiles(dir string) ([]string, error) {
	if _, err := os.ReadDir(dir); err != nil {
		if pe, ok := errors.AsType[*os.PathError](err); ok {
			err = pe.Err
		}
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.conf"))
	// Glob, as the shell and Python's glob, leaves out hidden files.
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(filepath.Base(n), ".") })
	slices.Sort(names)
	return names, err
}

// value is what the files say about one option under one of its names.
type value struct {
	text string
	at   Place
	rank int // which file, counted from the first
	old  int // 0: its own name; 1, 2 ...: the former names in order
}

type loader struct {
	c        *Config
	values   map[*option][]value
	done     map[*option]bool
	busy     map[*option]bool // being resolved: met again, it refers to itself
	warnings []Warning
	faults   Faults
}

func (l *loader) warn(at Place, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{at, fmt.Sprintf(format, args...)})
}

func (l *loader) fail(at Place, format string, args ...any) {
	l.faults = append(l.faults, Fault{at, fmt.Sprintf(format, args...)})
}

// add files one assignment under its option, or warns that there is none.
func (l *loader) add(rank int, a assignment) {
	group := a.group
	if group != "DEFAULT" {
		group = strings.ToLower(group)
	}
	at := Place{a.file, a.line, group, a.key}
	o, old := find(group, a.key)
	if o == nil {
		if l.named(group, a) {
			return
		}
		if why, ok := withoutEffect(group, a.key); ok {
			l.warn(at, "has no effect in Lintel: %s", why)
		} else if !knownGroup(group) {
			l.warn(at, "unknown group")
		} else {
			l.warn(at, "unknown option")
		}
		return
	}
	if old > 0 {
		l.warn(at, "is the former name of [%s] %s", o.group, o.name)
	}
	if o.removal != "" {
		l.warn(at, "is deprecated for removal since %s", o.removal)
	}
	if l.values == nil {
		l.values = map[*option][]value{}
	}
	l.values[o] = append(l.values[o], value{a.value, at, rank, old})
}

// named keeps an option whose group or name is that of a protocol or method, which no table can know.
func (l *loader) named(group string, a assignment) bool {
	switch {
	case a.key == "remote_id_attribute":
		if l.c.RemoteIDAttributes == nil {
			l.c.RemoteIDAttributes = map[string]string{}
		}
		l.c.RemoteIDAttributes[group] = a.value
		return true
	case group != "auth":
		return false
	case slices.Contains([]string{"mapped", "keystone.auth.plugins.mapped.Mapped"}, a.value):
		l.c.MappedMethods = append(l.c.MappedMethods, a.key)
		return true
	}
	return a.value == "default" && slices.Contains([]string{"saml2", "openid", "x509"}, a.key) // which they are anyway
}

// resolve sets o from the files, resolving first what it refers to. It reports whether o can be referred to.
func (l *loader) resolve(o *option) bool {
	if ok, seen := l.done[o]; seen {
		return ok
	}
	vs := l.values[o]
	if len(vs) == 0 {
		l.done[o] = true
		return true
	}
	if !o.multi {
		vs = []value{winner(vs)}
	}
	l.busy[o] = true
	defer delete(l.busy, o)
	ok := true
	texts := make([]string, 0, len(vs))
	for _, v := range vs {
		text, err := l.substitute(v.text, o)
		if err != nil {
			if !errors.Is(err, errReported) {
				l.fail(v.at, "%v", err)
			}
			ok = false
			continue
		}
		texts = append(texts, text)
	}
	if ok {
		switch err := o.set(l.c, texts); {
		case errors.Is(err, errEmpty):
			l.warn(vs[0].at, "is empty; %s is used", strings.Join(o.get(l.c), ","))
		case err != nil:
			l.fail(vs[0].at, "%v", err)
			ok = false
		}
	}
	l.done[o] = ok
	return ok
}

// winner picks the value that counts: of the last file that has one, the newest name, and of that the last line.
func winner(vs []value) value {
	return slices.MaxFunc(vs, func(a, b value) int {
		return cmp.Or(a.rank-b.rank, b.old-a.old, a.at.Line-b.at.Line)
	})
}

// Dirs are the directories where a file named in the configuration, such as the policy, is looked for: beside the
// configuration files, the last first, and then where Keystone's files live (oslo_config/cfg.py, find_file).
func (c *Config) Dirs() (dirs []string) {
	for _, f := range slices.Backward(c.files) {
		dirs = append(dirs, filepath.Dir(f))
	}
	return append(dirs, searchDirs(os.Getenv("HOME"))...)
}

// Paths completes the files and directories named on a command line with those that upstream would read besides:
// without files, the ones in OS_KEYSTONE_CONFIG_FILES and OS_KEYSTONE_CONFIG_DIR, or else the first keystone.conf in
// ~/.keystone, ~, /etc/keystone and /etc; without directories, the first keystone.conf.d in the same places, which then
// counts less than the files named. getenv is os.Getenv.
func Paths(files, dirs []string, getenv func(string) string) (allFiles, allDirs []string) {
	search := searchDirs(getenv("HOME"))
	first := func(name string) []string {
		for _, dir := range search {
			if p := filepath.Join(dir, name); exists(p) {
				return []string{p}
			}
		}
		return nil
	}
	named := len(files) > 0
	if !named {
		files = environmentFiles(getenv)
	}
	if len(files) == 0 {
		files = first("keystone.conf")
	}
	if len(dirs) > 0 {
		return files, dirs
	}
	dirs = first("keystone.conf.d")
	if !named || len(dirs) == 0 {
		return files, dirs
	}
	early, err := confFiles(dirs[0])
	if err != nil {
		return files, dirs // Load says what is wrong with it
	}
	return append(early, files...), nil
}

// environmentFiles follows keystone/server/flask/core.py, _get_config_files.
func environmentFiles(getenv func(string) string) []string {
	var files []string
	for f := range strings.SplitSeq(getenv("OS_KEYSTONE_CONFIG_FILES"), ";") {
		if f = strings.TrimSpace(f); f != "" {
			files = append(files, f)
		}
	}
	dir := strings.TrimSpace(getenv("OS_KEYSTONE_CONFIG_DIR"))
	if dir == "" {
		return files
	}
	if len(files) == 0 {
		files = []string{"keystone.conf"}
	}
	for i, f := range files {
		if !filepath.IsAbs(f) {
			files[i] = filepath.Join(dir, f)
		}
	}
	return files
}

func searchDirs(home string) []string {
	dirs := []string{"/etc/keystone", "/etc"}
	if home != "" {
		dirs = append([]string{filepath.Join(home, ".keystone"), home}, dirs...)
	}
	return dirs
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// withoutEffect tells options of Keystone that mean nothing here from options that nobody knows.
func withoutEffect(group, name string) (why string, ok bool) {
	for _, g := range foreign {
		if g.group == group && (g.options == nil || slices.Contains(g.options, name)) {
			return g.why, true
		}
	}
	return "", false
}

func knownGroup(group string) bool {
	return groups[group] || slices.ContainsFunc(foreign, func(f foreignOptions) bool { return f.group == group })
}

var groups = maps.Collect(func(yield func(string, bool) bool) {
	for _, o := range table {
		if !yield(o.group, true) {
			return
		}
	}
})
