package token

import (
	"fmt"
	"os"
	"path/filepath"
)

// Finding is something unsafe about a key repository.
type Finding struct {
	Path    string
	Problem string
	// Severe findings let others read, replace or guess keys; a server should not start with one. The
	// rest only let others see the names of the files.
	Severe bool
}

func (f Finding) String() string { return f.Path + ": " + f.Problem }

// Check looks for what makes the repository unsafe: a folder or key open to every user of the machine,
// the null key, and, if credentialDir is not empty, that it is the credential repository too: a
// token key that leaks must not open credentials.
func (r Repository) Check(credentialDir string) ([]Finding, error) {
	dir, err := os.Stat(r.Dir)
	if err != nil {
		return nil, err
	}
	files, _, err := r.read()
	if err != nil {
		return nil, err
	}
	var found []Finding
	perm := dir.Mode().Perm()
	switch {
	case perm&0o002 != 0:
		found = append(found, Finding{r.Dir, fmt.Sprintf("the folder can be changed by everyone (mode %04o)", perm), true})
	case perm&0o005 != 0:
		found = append(found, Finding{r.Dir, fmt.Sprintf("the folder can be listed by everyone (mode %04o)", perm), false})
	}
	for _, f := range files {
		info, err := os.Stat(f.path)
		if err != nil {
			return nil, err
		}
		if perm := info.Mode().Perm(); perm&0o006 != 0 && dir.Mode().Perm()&0o001 != 0 {
			found = append(found, Finding{f.path, fmt.Sprintf("the key is open to everyone (mode %04o)", perm), true})
		}
		if f.key != nil && f.key.IsNull() {
			found = append(found, Finding{f.path, "the key is all zeros", true})
		}
	}
	if credentialDir != "" && sameDir(r.Dir, dir, credentialDir) {
		found = append(found, Finding{r.Dir, "the folder is also the credential key repository", true})
	}
	return found, nil
}

func sameDir(dir string, info os.FileInfo, other string) bool {
	if filepath.Clean(dir) == filepath.Clean(other) {
		return true
	}
	otherInfo, err := os.Stat(other)
	return err == nil && os.SameFile(info, otherInfo)
}
