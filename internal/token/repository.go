package token

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// DefaultMaxActive is how many keys a repository keeps unless told otherwise. For credentials
// upstream has no other number.
const DefaultMaxActive = 3

const (
	stagedName = "0"
	tmpName    = "0.tmp"

	maxKeyFile = 256 // bytes; a key has 44
	maxPEMFile = 64 << 10
)

// Repository is a folder of Fernet keys, one to a file, named by numbers: the highest is the
// primary, 0 is staged to become the next one, the rest only open what they once sealed. Files of
// other names are none of our business (keystone/common/fernet_utils.py).
type Repository struct {
	Dir string
	// MaxActive is how many keys Rotate leaves, the staged one among them. Zero means DefaultMaxActive.
	MaxActive int
	// Owner, if set, is given the folder when it is made, and every new key.
	Owner *Owner
}

// Owner is a numeric user and group.
type Owner struct{ UID, GID int }

// keyFile is a file whose name is a number.
type keyFile struct {
	number int
	path   string
	key    *Key // nil if the file holds none
}

// Load reads the keys. Files that cannot be used are skipped, and each is told of in a warning. It
// fails if the folder cannot be read, and with ErrNoKeys if no key is left. A rotation may go on meanwhile.
func (r Repository) Load() (keys KeySet, warnings []error, err error) {
	files, warnings, err := r.read()
	if err != nil {
		return KeySet{}, nil, err
	}
	for _, f := range files {
		if f.key != nil {
			keys.keys = append(keys.keys, f.key)
		}
	}
	if keys.Len() == 0 {
		return KeySet{}, warnings, fmt.Errorf("key repository %s: %w", r.Dir, ErrNoKeys)
	}
	return keys, warnings, nil
}

// Setup makes the folder if need be, and in it a staged and a primary key. Where there is a staged
// key already it changes nothing.
func (r Repository) Setup() error {
	if err := r.makeDir(); err != nil {
		return err
	}
	switch _, err := os.Stat(r.path(stagedName)); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := r.writeTmp(); err != nil {
		return err
	}
	if err := r.rename(tmpName, stagedName); err != nil {
		return err
	}
	return r.Rotate()
}

// Rotate makes the staged key the primary, stages a new one, and deletes the oldest keys above
// MaxActive; files that hold no key neither count nor go. At each moment in between, a reader finds every key that anything may have been sealed
// with, on this node or on one that was given a copy of the folder before.
func (r Repository) Rotate() error {
	files, _, err := r.read()
	if err != nil {
		return err
	}
	staged := slices.IndexFunc(files, func(f keyFile) bool { return f.number == 0 })
	if staged < 0 {
		return fmt.Errorf("key repository %s has no staged key %s; set it up first", r.Dir, stagedName)
	}
	if files[staged].key == nil {
		return fmt.Errorf("staged key %s cannot be used; delete it and set the repository up again", files[staged].path)
	}
	if err := r.writeTmp(); err != nil {
		return err
	}
	// files is sorted from the highest number down.
	primary := strconv.Itoa(files[0].number + 1)
	if err := r.rename(stagedName, primary); err != nil {
		return err
	}
	if err := r.rename(tmpName, stagedName); err != nil {
		return err
	}
	old := []string{r.path(primary)}
	for _, f := range files {
		if f.number != 0 && f.key != nil {
			old = append(old, f.path)
		}
	}
	keep := cmp.Or(max(r.MaxActive, 0), DefaultMaxActive) - 1
	for i := len(old) - 1; i >= keep; i-- {
		if err := os.Remove(old[i]); err != nil {
			return err
		}
	}
	return r.sync()
}

func (r Repository) path(name string) string { return filepath.Join(r.Dir, name) }

func (r Repository) rename(from, to string) error {
	return os.Rename(r.path(from), r.path(to))
}

func (r Repository) makeDir() error {
	if _, err := os.Stat(r.Dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return err
	}
	if r.Owner != nil {
		return os.Chown(r.Dir, r.Owner.UID, r.Owner.GID)
	}
	return nil
}

// writeTmp writes a new key under a name that no reader looks at, so that a full disk leaves no
// half a key behind.
func (r Repository) writeTmp() (err error) {
	path := r.path(tmpName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	if _, err := f.WriteString(GenerateKey()); err != nil {
		return err
	}
	if r.Owner != nil {
		if err := f.Chown(r.Owner.UID, r.Owner.GID); err != nil {
			return err
		}
	}
	return f.Sync()
}

// sync makes the renames last through a crash.
func (r Repository) sync() error {
	d, err := os.Open(r.Dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// read returns the files named by numbers, the highest first.
func (r Repository) read() (files []keyFile, warnings []error, err error) {
	names, err := r.list()
	if err != nil {
		return nil, nil, err
	}
	// A rotation may rename a file after it was listed, and a key would be missed. Read again then.
	for range 10 {
		files, warnings = r.readFiles(names)
		before := names
		if names, err = r.list(); err != nil {
			return nil, nil, err
		}
		if slices.Equal(names, before) {
			return files, warnings, nil
		}
	}
	return nil, nil, fmt.Errorf("key repository %s: the files never stay the same", r.Dir)
}

// list returns the names that are numbers.
func (r Repository) list() ([]string, error) {
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return nil, fmt.Errorf("key repository: %w", err)
	}
	var names []string
	for _, e := range entries {
		if _, ok := keyNumber(e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (r Repository) readFiles(names []string) (files []keyFile, warnings []error) {
	for _, name := range names {
		n, _ := keyNumber(name)
		f := keyFile{number: n, path: r.path(name)}
		text, err := readSmallFile(f.path, maxKeyFile)
		switch {
		case errors.Is(err, errNoFile):
			continue
		case err == nil:
			f.key, err = ParseKey(text)
		}
		if err != nil {
			warnings = append(warnings, fmt.Errorf("key file %s is ignored: %w", f.path, err))
		}
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b keyFile) int { return cmp.Compare(b.number, a.number) })
	return files, append(warnings, dropDuplicates(files)...)
}

// dropDuplicates takes away the key of each file that repeats the number or the key of one before it.
func dropDuplicates(files []keyFile) (warnings []error) {
	for i, f := range files {
		if f.key == nil {
			continue
		}
		for _, g := range files[:i] {
			if g.key != nil && (g.number == f.number || g.key.raw == f.key.raw) {
				warnings = append(warnings, fmt.Errorf("key file %s is ignored: it duplicates %s", f.path, g.path))
				files[i].key = nil
				break
			}
		}
	}
	return warnings
}

// keyNumber reads the name of a key file. Upstream's int() would take a sign, spaces and
// underscores too; nothing writes such names.
func keyNumber(name string) (n int, ok bool) {
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(name)
	return n, err == nil
}

// errNoFile says that a path leads to something that is no file, such as a folder.
var errNoFile = errors.New("not a file")

func readSmallFile(path string, most int64) (string, error) {
	// Follows symbolic links, with which mounted secrets are made, and looks first, as opening a
	// named pipe would hang.
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errNoFile
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", err
	case len(b) == 0:
		return "", errors.New("it is empty")
	case int64(len(b)) > most:
		return "", errors.New("it is too long for a key")
	}
	return string(b), nil
}
