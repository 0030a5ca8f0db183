package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/token"
)

// Which of the repositories that a configuration names a command is about.
type repository func(*config.Config) token.Repository

func tokenKeys(cfg *config.Config) token.Repository {
	r, _, _ := server.Repositories(cfg)
	return r
}

func receiptKeys(cfg *config.Config) token.Repository {
	_, r, _ := server.Repositories(cfg)
	return r
}

func credentialKeys(cfg *config.Config) token.Repository {
	_, _, r := server.Repositories(cfg)
	return r
}

// ownerFlags are --keystone-user and --keystone-group: who is to own new keys.
type ownerFlags struct{ user, group string }

func (f *ownerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.user, "keystone-user", "", "user (name or number) who is to own the keys")
	cmd.Flags().StringVar(&f.group, "keystone-group", "", "group (name or number) that is to own the keys")
}

// owner looks the flags up. Root must name both, or the server could not read the keys.
func (f *ownerFlags) owner() (*token.Owner, error) {
	switch {
	case f.user == "" && f.group == "" && os.Geteuid() != 0:
		return nil, nil
	case f.user == "" || f.group == "":
		return nil, errors.New("as root, name the user and group that the server runs as with --keystone-user and --keystone-group")
	}
	u, err := user.Lookup(f.user)
	if err != nil {
		if u, err = user.LookupId(f.user); err != nil {
			return nil, fmt.Errorf("there is no user %q", f.user)
		}
	}
	g, err := user.LookupGroup(f.group)
	if err != nil {
		if g, err = user.LookupGroupId(f.group); err != nil {
			return nil, fmt.Errorf("there is no group %q", f.group)
		}
	}
	uid, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(g.Gid)
	return &token.Owner{UID: uid, GID: gid}, errors.Join(errU, errG)
}

func keyCommand(flags *configFlags, name, short string, of repository, do func(token.Repository) error) *cobra.Command {
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
			repo := of(cfg)
			if repo.Owner, err = owner.owner(); err != nil {
				return err
			}
			return do(repo)
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
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			repo := credentialKeys(cfg)
			if repo.Owner, err = owner.owner(); err != nil {
				return err
			}
			db, err := server.OpenDatabase(cmd.Context(), cfg, server.Options{})
			if err != nil {
				return err
			}
			defer db.Close()
			return credential.Rotate(cmd.Context(), db, repo)
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
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			db, err := server.OpenDatabase(cmd.Context(), cfg, server.Options{})
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = credential.Migrate(cmd.Context(), db, credentialKeys(cfg), func(done int) {
				if done%1000 == 0 {
					fmt.Fprintf(os.Stderr, "%d credentials encrypted anew\n", done)
				}
			})
			return err
		},
	}
	owner.add(cmd) // upstream takes them and has no use for them either
	return cmd
}
