package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/store"
)

// upDatabase is the name of the database file in a data folder.
const upDatabase = "lintel.db"

// UpDefaults returns what a configuration starts from when everything is kept in one folder. A file can change any of
// it. The folder must be absolute.
func UpDefaults(dir string) func(*config.Config) {
	return func(c *config.Config) {
		c.Database.Connection = "sqlite:///" + filepath.Join(dir, upDatabase)
		c.FernetTokens.KeyRepository = filepath.Join(dir, "fernet-keys")
		c.FernetReceipts.KeyRepository = filepath.Join(dir, "fernet-keys")
		c.Credential.KeyRepository = filepath.Join(dir, "credential-keys")
		c.SAML.CertFile = filepath.Join(dir, "signing_cert.pem")
		c.SAML.KeyFile = filepath.Join(dir, "signing_key.pem")
		c.SAML.IdPMetadataPath = filepath.Join(dir, "saml2_idp_metadata.xml")
		c.OsloPolicy.PolicyFile = filepath.Join(dir, "policy.yaml")
		c.Auth.Methods = append(c.Auth.Methods, "totp") // at the end: tokens know a method by its place
	}
}

// FirstLogin is how the administrator of a new cloud gets in.
type FirstLogin struct {
	Password string // empty when nothing was made up
	Page     string // of the portal, where another can be chosen for a quarter of an hour; empty without a portal
}

// Up readies a data folder: database, keys, the first administrator, files that clients log in with. What is there
// already stays as it is. It returns how the administrator gets in, if the password was made up just now.
func Up(ctx context.Context, cfg *config.Config, dir, url, password string, opt Options) (made FirstLogin, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return made, fmt.Errorf("cannot make the data folder %s: %w; choose another with --data", dir, errors.Unwrap(err))
	}
	tokens, _, credentials := Repositories(cfg)
	for _, repo := range []interface{ Setup() error }{tokens, credentials} {
		if err := repo.Setup(); err != nil {
			return made, fmt.Errorf("cannot make keys: %w; check that %s can be written, or choose another folder with --data", err, dir)
		}
	}
	db, err := OpenDatabase(ctx, cfg, opt)
	if err != nil {
		return made, err
	}
	defer db.Close()
	switch err := db.Sync(ctx); {
	case errors.Is(err, store.ErrTooNew):
		return made, fmt.Errorf("%w; start a newer Lintel, or choose another folder with --data", err)
	case err != nil:
		return made, fmt.Errorf("%w; choose another folder with --data", err)
	}
	if there, err := hasDomain(ctx, db, identity.DomainID(cfg.Identity.DefaultDomainID)); err != nil || there {
		return made, err
	}
	if password == "" {
		password = rand.Text()
		made.Password = password
	}
	b := DefaultBootstrap()
	b.Password, b.Region, b.PublicURL, b.InternalURL, b.AdminURL = password, "RegionOne", url+"/v3", url+"/v3", url+"/v3"
	// The files come first: without them the password would be lost if anything stopped us here, and a next start
	// that finds no domain writes them again.
	if err := writeLogins(dir, url, b); err != nil {
		return made, err
	}
	if err := b.Run(ctx, cfg, db); err != nil || made.Password == "" || !cfg.Lintel.Portal {
		return made, err
	}
	err = db.Update(ctx, func(tx *store.Tx) error {
		made.Page, err = firstLink(ctx, cfg, tx, b.Username)
		return err
	})
	return made, err
}

// firstLink returns the page of the portal where an administrator chooses a password.
func firstLink(ctx context.Context, cfg *config.Config, tx *store.Tx, name string) (page string, err error) {
	u, err := tx.UserByName(ctx, identity.DomainID(cfg.Identity.DefaultDomainID), name)
	if err != nil {
		return "", err
	}
	return (&membership.Service{Directory: &directory.Service{}}).BootstrapLink(ctx, tx, u)
}

func hasDomain(ctx context.Context, db *store.DB, id identity.DomainID) (there bool, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Domain(ctx, id)
		there = err == nil
		if errors.Is(err, identity.NotFound) {
			return nil
		}
		return err
	})
	return there, err
}

// writeLogins writes what the openstack command reads, for nobody else to see.
func writeLogins(dir, url string, b Bootstrap) error {
	rc := fmt.Sprintf(`export OS_AUTH_URL=%s/v3
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=%s
export OS_PASSWORD=%s
export OS_PROJECT_NAME=%s
export OS_USER_DOMAIN_ID=default
export OS_PROJECT_DOMAIN_ID=default
export OS_REGION_NAME=%s
`, url, shellQuote(b.Username), shellQuote(b.Password), shellQuote(b.Project), b.Region)
	clouds := fmt.Sprintf(`clouds:
  lintel:
    auth:
      auth_url: %s/v3
      username: %s
      password: %s
      project_name: %s
      user_domain_id: default
      project_domain_id: default
    region_name: %s
    identity_api_version: 3
`, url, yamlQuote(b.Username), yamlQuote(b.Password), yamlQuote(b.Project), b.Region)
	for name, text := range map[string]string{"admin-openrc.sh": rc, "clouds.yaml": clouds} {
		if err := writePrivate(filepath.Join(dir, name), text); err != nil {
			return err
		}
	}
	return nil
}

// writePrivate replaces a file by one that only its owner can read.
func writePrivate(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func yamlQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// URL is where a listener is reached from this machine.
func URL(cfg *config.Config, l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return scheme(cfg) + l.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme(cfg) + net.JoinHostPort(host, port)
}

func scheme(cfg *config.Config) string {
	if cfg.Lintel.TLSCertFile != "" {
		return "https://"
	}
	return "http://"
}

// Loopback tells whether a listener can be reached from this machine only.
func Loopback(l net.Listener) bool {
	a, ok := l.Addr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}
