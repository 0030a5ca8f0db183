package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Which of the repositories that a configuration names a command is about.
type repositories func(*config.Config) []token.Repository

func tokenKeys(cfg *config.Config) []token.Repository {
	r, _, _ := server.Repositories(cfg)
	return []token.Repository{r}
}

func receiptKeys(cfg *config.Config) []token.Repository {
	_, r, _ := server.Repositories(cfg)
	return []token.Repository{r}
}

// fernetKeys are those of tokens and those of receipts. Where both are one, the options of tokens hold.
func fernetKeys(cfg *config.Config) []token.Repository {
	tokens, receipts, _ := server.Repositories(cfg)
	if filepath.Clean(tokens.Dir) == filepath.Clean(receipts.Dir) {
		return []token.Repository{tokens}
	}
	return []token.Repository{tokens, receipts}
}

func credentialKeys(cfg *config.Config) []token.Repository {
	_, _, r := server.Repositories(cfg)
	return []token.Repository{r}
}

// ownerFlags are --keystone-user and --keystone-group: who is to own new keys.
type ownerFlags struct{ user, group string }

// Root must name both, or the server could not read the keys.
func (f *ownerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.user, "keystone-user", "", "user (name or number) who is to own the keys")
	cmd.Flags().StringVar(&f.group, "keystone-group", "", "group (name or number) that is to own the keys")
	if os.Geteuid() == 0 {
		needs(cmd, "keystone-user", "keystone-group")
	}
}

// owner looks the flags up. It takes both to give keys away.
func (f *ownerFlags) owner() (*token.Owner, error) {
	var u *user.User
	var g *user.Group
	var err error
	if f.user != "" {
		if u, err = user.Lookup(f.user); err != nil {
			if u, err = user.LookupId(f.user); err != nil {
				return nil, fmt.Errorf("Unknown user '%s' in --keystone-user", f.user)
			}
		}
	}
	if f.group != "" {
		if g, err = user.LookupGroup(f.group); err != nil {
			if g, err = user.LookupGroupId(f.group); err != nil {
				return nil, fmt.Errorf("Unknown group '%s' in --keystone-group", f.group)
			}
		}
	}
	switch {
	case u == nil && g == nil:
		return nil, nil
	case u == nil || g == nil:
		say("warning: keys are given away only where both --keystone-user and --keystone-group name somebody")
		return nil, nil
	}
	uid, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(g.Gid)
	return &token.Owner{UID: uid, GID: gid}, errors.Join(errU, errG)
}

func keyCommand(flags *configFlags, name, short string, of repositories, do func(token.Repository) error) *cobra.Command {
	var owner ownerFlags
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			to, err := owner.owner()
			if err != nil {
				return err
			}
			for _, repo := range of(cfg) {
				repo.Owner = to
				if err := do(repo); err != nil {
					return err
				}
			}
			return nil
		},
	}
	owner.add(cmd)
	return cmd
}

func credentialRotateCommand(flags *configFlags) *cobra.Command {
	var owner ownerFlags
	cmd := &cobra.Command{
		Use:   "credential_rotate",
		Short: "Make a new primary key for credentials",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			to, err := owner.owner()
			if err != nil {
				return err
			}
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				repo := credentialKeys(cfg)[0]
				repo.Owner = to
				return credential.Rotate(cmd.Context(), db, repo)
			})
		},
	}
	owner.add(cmd)
	return cmd
}

func credentialMigrateCommand(flags *configFlags) *cobra.Command {
	var owner ownerFlags
	cmd := &cobra.Command{
		Use:   "credential_migrate",
		Short: "Encrypt all credentials with the primary key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				_, err := credential.Migrate(cmd.Context(), db, credentialKeys(cfg)[0], func(done int) {
					if done%1000 == 0 {
						fmt.Fprintf(os.Stderr, "%d credentials encrypted anew\n", done)
					}
				})
				return err
			})
		},
	}
	owner.add(cmd) // upstream takes them and has no use for them either
	return cmd
}

func jwsKeyPairCommand(flags *configFlags) *cobra.Command {
	var (
		owner ownerFlags
		force bool
	)
	cmd := &cobra.Command{
		Use:   "create_jws_keypair",
		Short: "Create a key pair for JWS tokens: private.pem and public.pem in the current folder",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			to, err := owner.owner()
			if err != nil {
				return err
			}
			here, err := os.Getwd()
			if err != nil {
				return err
			}
			private, public := filepath.Join(here, "private.pem"), filepath.Join(here, "public.pem")
			if !force {
				for name, path := range map[string]string{"Private": private, "Public": public} {
					if _, err := os.Lstat(path); err == nil {
						return fmt.Errorf("%s key %s already exists", name, path)
					}
				}
			}
			privatePEM, publicPEM, err := token.NewJWSKeyPair(cfg.JWTTokens.JWSAlgorithm)
			if err != nil {
				return err
			}
			return errors.Join(writeKey(private, privatePEM, 0o600, to), writeKey(public, publicPEM, 0o644, to))
		},
	}
	owner.add(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "overwrite keys that are there")
	return cmd
}

// writeKey puts a new file into the place of the one at path, if any, so that its mode and owner are those given.
func writeKey(path string, data []byte, mode os.FileMode, owner *token.Owner) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".lintel-key-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there once it is renamed
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode)); err == nil && owner != nil {
		err = f.Chown(owner.UID, owner.GID)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
