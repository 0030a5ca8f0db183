package policy

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files says where an operator's policy files are, as [oslo_policy] does.
type Files struct {
	File string   // policy_file
	Dirs []string // policy_dirs: of each, all files but the hidden ones are read, by name, after File
	// Search are the directories in which relative names are looked for, in this order: those of the configuration files first.
	Search []string
}

// find returns the first place where name exists, or "" if it does not.
func (f Files) find(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	places := []string{name}
	if !filepath.IsAbs(name) {
		places = places[:0]
		for _, dir := range f.Search {
			places = append(places, filepath.Join(dir, name))
		}
	}
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", unreadable(place, err)
		}
	}
	return "", nil
}

// content is a file as it was read.
type content struct {
	path string
	data []byte
}

// read reads all files that exist now.
func (f Files) read() ([]content, error) {
	var paths []string
	path, err := f.find(f.File)
	if err != nil {
		return nil, err
	}
	if path != "" {
		paths = append(paths, path)
	}
	for _, name := range f.Dirs {
		dir, err := f.find(name)
		if err != nil {
			return nil, err
		}
		if dir == "" {
			continue
		}
		entries, err := os.ReadDir(dir) // sorted by name
		if err != nil {
			return nil, unreadable(dir, err)
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if strings.HasPrefix(entry.Name(), ".") {
				continue
			}
			if info, err := os.Stat(path); err != nil || info.IsDir() {
				continue // a subdirectory, or gone in between
			}
			paths = append(paths, path)
		}
	}
	contents := make([]content, len(paths))
	for i, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		contents[i] = content{path, data}
	}
	return contents, nil
}

func sameContents(a, b []content) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].path != b[i].path || !bytes.Equal(a[i].data, b[i].data) {
			return false
		}
	}
	return true
}

// Load reads the files and puts their rules over the defaults. No file at all leaves the defaults. If a file cannot be read, is not
// a map of rules or has a rule that does not parse, Load returns a *Problem and changes nothing.
func (e *Enforcer) Load(files Files) (warnings []*Problem, err error) {
	contents, err := files.read()
	if err != nil {
		return nil, err
	}
	return e.use(contents)
}

func (e *Enforcer) use(contents []content) ([]*Problem, error) {
	parsed := make([]*File, len(contents))
	for i, c := range contents {
		var err error
		if parsed[i], err = ParseFile(c.path, c.data); err != nil {
			return nil, err
		}
	}
	warnings, err := e.Use(parsed...)
	if err == nil {
		e.contents.Store(&contents)
	}
	return warnings, err
}

// Follow looks at the files every interval, until ctx ends, and loads them when they have changed. It compares what they
// hold, so it does not matter how a change is made: in place, by rename, or by a symbolic link that turns (as with a ConfigMap of
// Kubernetes). A change counts when two looks in a row find the same, so that no file is used half written.
//
// After each load it calls report with what [Enforcer.Load] returned. While an error lasts, the rules in force are the last good
// ones, and report is called once.
func (e *Enforcer) Follow(ctx context.Context, files Files, interval time.Duration, report func(warnings []*Problem, err error)) {
	followFiles(ctx, interval, files.read, e.loaded(), func(contents []content, err error) {
		if err != nil {
			report(nil, err)
		} else {
			report(e.use(contents))
		}
	})
}

// followFiles is the loop of Follow: look is called with what is new and steady, or with an error once while it lasts. tried is what
// was looked at before.
func followFiles(ctx context.Context, interval time.Duration, read func() ([]content, error), tried []content, look func([]content, error)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var (
		before   []content // of the look before, with its error
		beforeIs string
		reported string // error that lasts
	)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		contents, err := read()
		is := ""
		if err != nil {
			is = err.Error()
		}
		steady := is == beforeIs && sameContents(contents, before)
		before, beforeIs = contents, is
		switch {
		case !steady:
		case err != nil:
			if is != reported {
				reported = is
				look(nil, err)
			}
		case reported != "" || !sameContents(contents, tried):
			reported, tried = "", contents
			look(contents, nil)
		}
	}
}

func (e *Enforcer) loaded() []content {
	if contents := e.contents.Load(); contents != nil {
		return *contents
	}
	return nil
}
