package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/pattern"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// symptom is something that is likely to be wrong with a deployment.
type symptom struct {
	name   string
	advice string
	found  func(context.Context, *config.Config) bool
}

// The symptoms are those of upstream's doctor (keystone/cmd/doctor) that can trouble Lintel: it has no use for a cache beside it,
// serves from SQLite, and signs without xmlsec1. The state of the database and of the JWS keys is our own.
var symptoms = []symptom{
	{
		"unique key repositories",
		`[credential] key_repository and [fernet_tokens] key_repository are one folder.

    Whoever sees tokens would see texts of the keys that protect credentials, and a rotation for tokens would
    delete keys that credentials still need.`,
		func(_ context.Context, cfg *config.Config) bool {
			return filepath.Clean(cfg.Credential.KeyRepository) == filepath.Clean(cfg.FernetTokens.KeyRepository)
		},
	},
	{
		"usability of credential fernet key repository",
		`The folder [credential] key_repository cannot be used.

    It must be there and readable by the server, and must not be open to everyone.`,
		func(_ context.Context, cfg *config.Config) bool {
			_, _, keys := Repositories(cfg)
			return unusable(keys)
		},
	},
	{
		"keys in credential fernet key repository",
		`There are no keys in [credential] key_repository.

    Make them with credential_setup, and change them from time to time with credential_rotate and
    credential_migrate. Without keys, credentials are stored as good as in the clear.`,
		func(_ context.Context, cfg *config.Config) bool {
			_, _, keys := Repositories(cfg)
			return empty(keys)
		},
	},
	{
		"database that is not ready",
		`The database cannot be reached, or its schema is not up to date.

    Check [database] connection, and run db_sync.`,
		func(ctx context.Context, cfg *config.Config) bool {
			db, err := OpenDatabase(ctx, cfg, Options{})
			if err != nil {
				return true
			}
			defer db.Close()
			v, err := db.Versions(ctx)
			return err != nil || v.Pending() != store.UpToDate
		},
	},
	{
		"passkeys that do not fit the portal's address",
		`People have passkeys that are bound to another domain than the one of [lintel] passkey_rp_id or portal_url.

    Set them back to where these passkeys were made, or let those people make new ones: until then they get
    in with a recovery code or another factor only.`,
		func(ctx context.Context, cfg *config.Config) bool {
			party, err := passkeys(cfg)
			if err != nil {
				return true
			}
			db, err := OpenDatabase(ctx, cfg, Options{})
			if err != nil {
				return false // which another symptom tells of
			}
			defer db.Close()
			domain := ""
			if party != nil {
				domain = party.ID
			}
			n, err := db.StrandedPasskeys(ctx, domain)
			return err == nil && n > 0
		},
	},
	{
		"EC2 keys and trusts that a Keystone would take",
		`People set a second factor up, and have EC2 keys or gave trusts that may not be used beside it.

    A Keystone on this database would take them: have them deleted before you go back to one.`,
		func(ctx context.Context, cfg *config.Config) bool {
			db, err := OpenDatabase(ctx, cfg, Options{})
			if err != nil {
				return false // which another symptom tells of
			}
			defer db.Close()
			n, err := db.SuspendedRobots(ctx)
			return err == nil && n > 0 && cfg.Lintel.MFARobots == identity.RobotsMinted
		},
	},
	{
		"projects that ask for a second factor",
		`Projects ask for a second factor, which a Keystone knows nothing of.

    A Keystone on this database would let people work in them by one proof alone.`,
		func(ctx context.Context, cfg *config.Config) bool {
			db, err := OpenDatabase(ctx, cfg, Options{})
			if err != nil {
				return false
			}
			defer db.Close()
			n, err := db.FactorProjects(ctx)
			return err == nil && n > 0
		},
	},
	{
		"debug mode is enabled",
		`[DEFAULT] debug is on.

    It helps to find a fault, and tells more than the logs of a running cloud should.`,
		func(_ context.Context, cfg *config.Config) bool { return cfg.Default.Debug },
	},
	{
		"LDAP user enabled emulation dn ignored",
		`[ldap] user_enabled_emulation_dn has no effect.

    It is asked only if [ldap] user_enabled_emulation is on.`,
		func(_ context.Context, cfg *config.Config) bool {
			return !cfg.LDAP.UserEnabledEmulation && cfg.LDAP.UserEnabledEmulationDN != ""
		},
	},
	{
		"LDAP user enabled emulation use group config ignored",
		`[ldap] user_enabled_emulation_use_group_config has no effect.

    It is asked only if [ldap] user_enabled_emulation is on.`,
		func(_ context.Context, cfg *config.Config) bool {
			return !cfg.LDAP.UserEnabledEmulation && cfg.LDAP.UserEnabledEmulationUseGroupConfig
		},
	},
	{
		"LDAP group members are ids disabled",
		`[ldap] group_members_are_ids is off, though [ldap] group_objectclass is posixGroup.

    The members of such groups are ids of users, not names of entries.`,
		func(_ context.Context, cfg *config.Config) bool {
			return cfg.LDAP.GroupObjectClass == "posixGroup" && !cfg.LDAP.GroupMembersAreIDs
		},
	},
	{
		"LDAP file based domain specific configs",
		`[identity] domain_config_dir is no folder, or holds files that are none of a domain.

    With [identity] domain_specific_drivers_enabled, and without domain_configurations_from_database, a domain is
    configured by the file keystone.DOMAIN.conf there.`,
		func(_ context.Context, cfg *config.Config) bool {
			if !domainFiles(cfg) {
				return false
			}
			entries, err := os.ReadDir(cfg.Identity.DomainConfigDir)
			for _, e := range entries {
				if !isDomainFile(e.Name()) {
					return true
				}
			}
			return err != nil
		},
	},
	{
		"LDAP file based domain specific configs formatted correctly",
		`A file keystone.DOMAIN.conf in [identity] domain_config_dir cannot be read.

    It is written as keystone.conf is: groups in brackets, below them lines of NAME = VALUE.`,
		func(_ context.Context, cfg *config.Config) bool {
			if !domainFiles(cfg) {
				return false
			}
			entries, _ := os.ReadDir(cfg.Identity.DomainConfigDir) // a missing folder is the symptom before
			for _, e := range entries {
				if !isDomainFile(e.Name()) {
					continue
				}
				if _, err := config.ReadDomainFile(filepath.Join(cfg.Identity.DomainConfigDir, e.Name())); err != nil {
					return true
				}
			}
			return false
		},
	},
	{
		"invalid password regular expression",
		`[security_compliance] password_regex is no regular expression.

    The server does not start with it.`,
		func(_ context.Context, cfg *config.Config) bool {
			_, err := pattern.CompileStart(cfg.SecurityCompliance.PasswordRegex)
			return err != nil
		},
	},
	{
		"minimum password age greater than expires days",
		`[security_compliance] minimum_password_age is not less than password_expires_days.

    Passwords would expire before their users may change them.`,
		func(_ context.Context, cfg *config.Config) bool {
			age, life := cfg.SecurityCompliance.MinimumPasswordAge, cfg.SecurityCompliance.PasswordExpiresDays
			return age > 0 && life != nil && age >= *life
		},
	},
	{
		"password regular expression description not set",
		`[security_compliance] password_regex_description is not set, though password_regex is.

    Who chooses a password that does not match is not told what is asked.`,
		func(_ context.Context, cfg *config.Config) bool {
			return cfg.SecurityCompliance.PasswordRegex != "" && cfg.SecurityCompliance.PasswordRegexDescription == ""
		},
	},
	{
		"unreasonable max token size",
		`[DEFAULT] max_token_size is greater than 255.

    Fernet tokens are shorter, but for users of a directory server whose ids are long.`,
		func(_ context.Context, cfg *config.Config) bool {
			return cfg.Token.Provider == "fernet" && cfg.Default.MaxTokenSize > 255
		},
	},
	{
		"usability of Fernet key repository",
		`The folder [fernet_tokens] key_repository cannot be used.

    It must be there and readable by the server, and must not be open to everyone.`,
		func(_ context.Context, cfg *config.Config) bool {
			keys, _, _ := Repositories(cfg)
			return cfg.Token.Provider == "fernet" && unusable(keys)
		},
	},
	{
		"keys in Fernet key repository",
		`There are no keys in [fernet_tokens] key_repository.

    Make them with fernet_setup, and change them from time to time with fernet_rotate.`,
		func(_ context.Context, cfg *config.Config) bool {
			keys, _, _ := Repositories(cfg)
			return cfg.Token.Provider == "fernet" && empty(keys)
		},
	},
	{
		"usability of JWS key repositories",
		`The folders [jwt_tokens] jws_private_key_repository and jws_public_key_repository do not hold the keys to sign and check
tokens.

    Make a pair with create_jws_keypair, and put both files into their folders.`,
		func(_ context.Context, cfg *config.Config) bool {
			if cfg.Token.Provider != "jws" {
				return false
			}
			_, err := jws(cfg, Options{})
			return err != nil
		},
	},
}

// Diagnose looks for symptoms and writes what to do about each. It reports whether there was one
// (keystone-manage doctor).
func Diagnose(ctx context.Context, cfg *config.Config, out io.Writer) (found bool) {
	for _, s := range symptoms {
		if cfg.Default.Debug {
			fmt.Fprintf(out, "Checking for %s...\n", s.name)
		}
		if s.found(ctx, cfg) {
			found = true
			fmt.Fprintf(out, "\nWARNING: %s\n", s.advice)
		}
	}
	return found
}

// unusable tells whether the server would not take the repository as it is.
func unusable(keys token.Repository) bool {
	findings, err := keys.Check("")
	for _, f := range findings {
		if f.Severe {
			return true
		}
	}
	return err != nil
}

func empty(keys token.Repository) bool {
	_, _, err := keys.Load()
	return errors.Is(err, token.ErrNoKeys) || errors.Is(err, os.ErrNotExist)
}

// domainFiles tells whether domains are configured by files.
func domainFiles(cfg *config.Config) bool {
	return cfg.Identity.DomainSpecificDriversEnabled && !cfg.Identity.DomainConfigurationsFromDatabase
}

func isDomainFile(name string) bool {
	return strings.HasPrefix(name, domainFileHead) && strings.HasSuffix(name, domainFileTail) && len(name) >= len(domainFileHead+domainFileTail)
}
