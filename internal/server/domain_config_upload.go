package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// DomainConfigUpload moves the files of domains into the database (keystone-manage domain_config_upload). What stands in the way
// of a file is told on Out, in upstream's words, and the file is left out.
type DomainConfigUpload struct {
	Config *config.Config
	DB     *store.DB
	Out    io.Writer
	Log    io.Writer
}

const domainFileHead, domainFileTail = "keystone.", ".conf"

// Domain uploads the file of a domain. It tells whether that could be done.
func (u DomainConfigUpload) Domain(ctx context.Context, name string) (bool, error) {
	if err := u.findDir(); err != nil {
		return false, err
	}
	return u.file(ctx, filepath.Join(u.dir(), domainFileHead+name+domainFileTail), name)
}

// All uploads the files of all domains, in folders of the folder too. It tells whether no file was left out.
func (u DomainConfigUpload) All(ctx context.Context) (bool, error) {
	if err := u.findDir(); err != nil {
		return false, err
	}
	done, failed := 0, 0
	err := filepath.WalkDir(u.dir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, hasHead := strings.CutPrefix(entry.Name(), domainFileHead)
		name, hasTail := strings.CutSuffix(name, domainFileTail)
		if !hasHead || !hasTail {
			fmt.Fprintf(u.Log, "Ignoring file (%s) while scanning domain config directory\n", entry.Name())
			return nil
		}
		ok, err := u.file(ctx, path, name)
		if ok {
			done++
			fmt.Fprintf(u.Log, "Successfully uploaded domain config '%s'\n", path)
		} else {
			failed++
		}
		return err
	})
	if err == nil && done == 0 {
		fmt.Fprintf(u.Log, "No domain configs uploaded from '%s'\n", u.dir())
	}
	return failed == 0, err
}

func (u DomainConfigUpload) dir() string { return u.Config.Identity.DomainConfigDir }

func (u DomainConfigUpload) findDir() error {
	if _, err := os.Stat(u.dir()); err != nil {
		return fmt.Errorf("Unable to locate domain config directory: %s", u.dir())
	}
	return nil
}

func (u DomainConfigUpload) file(ctx context.Context, path, name string) (bool, error) {
	values, unreadable := config.ReadDomainFile(path)
	var obstacle string
	err := u.DB.Update(ctx, func(tx *store.Tx) error {
		obstacle = ""
		domain, err := tx.DomainByName(ctx, name)
		if errors.Is(err, identity.NotFound) {
			obstacle = fmt.Sprintf("Invalid domain name: %s found in config file name: %s - ignoring this file.", name, path)
			return nil
		} else if err != nil {
			return err
		}
		there, err := tx.DomainOptions(ctx, domain.ID, "", "")
		switch {
		case err != nil:
			return err
		case len(there) > 0:
			obstacle = fmt.Sprintf("Domain: %s already has a configuration defined - ignoring file: %s.", name, path)
			return nil
		case unreadable != nil:
			obstacle = fmt.Sprintf("Error parsing configuration file for domain: %s, file: %s.\n%v", name, path, unreadable)
			return nil //nolint:nilerr // the obstacle says it
		}
		known := domainConfig(u.Config)
		options, err := known.Read(values)
		if e, ok := errors.AsType[*identity.Error](err); ok {
			obstacle = fmt.Sprintf("Error processing config file for domain: %s, file: %s, error: %s", name, path, e.Message)
			return nil
		} else if err != nil {
			return err
		}
		return tx.PutDomainOptions(ctx, domain.ID, options)
	})
	if err == nil && obstacle != "" {
		fmt.Fprintln(u.Out, obstacle)
	}
	return err == nil && obstacle == "", err
}
