package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// manageCommand is keystone-manage: the same subcommands, flags and exit statuses.
func manageCommand() *cobra.Command {
	var flags configFlags
	cmd := &cobra.Command{
		Use:   "manage",
		Short: "Keystone's own administration commands (keystone-manage)",
	}
	flags.add(cmd)
	cmd.AddCommand(
		bootstrapCommand(&flags),
		dbSyncCommand(&flags),
		dbVersionCommand(&flags),
		keyCommand(&flags, "fernet_setup", "Create the repositories of token and receipt keys", fernetKeys, token.Repository.Setup),
		keyCommand(&flags, "fernet_rotate", "Make new primary keys for tokens and receipts", fernetKeys, token.Repository.Rotate),
		keyCommand(&flags, "token_setup", "Create the repository of token keys", tokenKeys, token.Repository.Setup),
		keyCommand(&flags, "token_rotate", "Make a new primary key for tokens", tokenKeys, token.Repository.Rotate),
		keyCommand(&flags, "receipt_setup", "Create the repository of receipt keys", receiptKeys, token.Repository.Setup),
		keyCommand(&flags, "receipt_rotate", "Make a new primary key for receipts", receiptKeys, token.Repository.Rotate),
		keyCommand(&flags, "credential_setup", "Create the repository of credential keys", credentialKeys, token.Repository.Setup),
		credentialRotateCommand(&flags),
		credentialMigrateCommand(&flags),
		trustFlushCommand(&flags),
		samlMetadataCommand(&flags),
		mappingEngineCommand(),
		mappingPopulateCommand(&flags),
		mappingPurgeCommand(&flags),
		doctorCommand(&flags),
		projectSetupCommand(&flags),
		userSetupCommand(&flags),
		resetLastActiveCommand(&flags),
		domainConfigUploadCommand(&flags),
		jwsKeyPairCommand(&flags),
	)
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("argument command: invalid choice: '%s'", args[0])}
		}
		return usageError{errors.New("the following arguments are required: command")}
	}
	cmd.RunE = func(*cobra.Command, []string) error { return nil } // else cobra shows its help
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	for _, sub := range cmd.Commands() {
		check := sub.Args
		sub.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	return cmd
}

// needs makes flags compulsory, and says so with argparse's status and words.
func needs(cmd *cobra.Command, flags ...string) {
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		var missing []string
		for _, name := range flags {
			if !cmd.Flags().Changed(name) {
				missing = append(missing, "--"+name)
			}
		}
		if missing != nil {
			return usageError{fmt.Errorf("the following arguments are required: %s", strings.Join(missing, ", "))}
		}
		return nil
	}
}

// withDatabase runs do on the database of the flags' configuration.
func withDatabase(cmd *cobra.Command, flags *configFlags, do func(*config.Config, *store.DB) error) error {
	cfg, err := flags.load()
	if err != nil {
		return err
	}
	db, err := server.OpenDatabase(cmd.Context(), cfg, server.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return do(cfg, db)
}

func bootstrapCommand(flags *configFlags) *cobra.Command {
	b := server.DefaultBootstrap()
	var region string
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Create the first administrator, the roles and the catalog's own entry",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.Region = identity.RegionID(region)
			// Upstream lets the environment win over the flags.
			for name, into := range map[string]*string{
				"USERNAME": &b.Username, "PASSWORD": &b.Password, "PROJECT_NAME": &b.Project, "ROLE_NAME": &b.Role,
				"SERVICE_NAME": &b.Service, "ADMIN_URL": &b.AdminURL, "PUBLIC_URL": &b.PublicURL,
				"INTERNAL_URL": &b.InternalURL, "REGION_ID": (*string)(&b.Region),
			} {
				if v := os.Getenv("OS_BOOTSTRAP_" + name); v != "" {
					*into = v
				}
			}
			b.Done = say
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				return b.Run(cmd.Context(), cfg, db)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.Username, "bootstrap-username", b.Username, "name of the administrator")
	f.StringVar(&b.Password, "bootstrap-password", "", "password of the administrator")
	f.StringVar(&b.Project, "bootstrap-project-name", b.Project, "name of the administrator's project")
	f.StringVar(&b.Role, "bootstrap-role-name", b.Role, "name of the administrator's role")
	f.StringVar(&b.Service, "bootstrap-service-name", b.Service, "name of the identity service")
	f.StringVar(&b.AdminURL, "bootstrap-admin-url", "", "URL of the admin endpoint")
	f.StringVar(&b.PublicURL, "bootstrap-public-url", "", "URL of the public endpoint")
	f.StringVar(&b.InternalURL, "bootstrap-internal-url", "", "URL of the internal endpoint")
	f.StringVar(&region, "bootstrap-region-id", "", "id of the endpoints' region")
	f.Bool("immutable-roles", true, "protect the roles against changes")
	f.BoolVar(&b.MutableRoles, "no-immutable-roles", false, "leave the roles open to change")
	return cmd
}

func dbSyncCommand(flags *configFlags) *cobra.Command {
	var expand, migrate, contract, check bool
	cmd := &cobra.Command{
		Use:   "db_sync",
		Short: "Create or upgrade the database's schema",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return errors.New("a version cannot be chosen: db_sync upgrades to the newest one")
			}
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				switch {
				case check:
					return dbCheck(cmd, db)
				case expand:
					return db.Expand(cmd.Context())
				case migrate:
					return nil // there is nothing to do between the two; old scripts still ask
				case contract:
					return db.Contract(cmd.Context())
				default:
					return db.Sync(cmd.Context())
				}
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&expand, "expand", false, "only add what the new release needs")
	f.BoolVar(&migrate, "migrate", false, "does nothing; kept for old scripts")
	f.BoolVar(&contract, "contract", false, "only remove what the old release needed")
	f.BoolVar(&check, "check", false, "tell what is to be done: exit status 0 nothing, 2 expand, 4 contract")
	cmd.MarkFlagsMutuallyExclusive("expand", "migrate", "contract", "check")
	return cmd
}

func dbCheck(cmd *cobra.Command, db *store.DB) error {
	pending, err := db.Check(cmd.Context())
	if err != nil {
		return err
	}
	switch pending {
	case store.ExpandNeeded:
		fmt.Println("Your database is not up to date. Your first step is to run `keystone-manage db_sync --expand`.")
		return exitCode(2)
	case store.ContractNeeded:
		fmt.Println("Expand version is ahead of contract. Your next step is to run `keystone-manage db_sync --contract`.")
		return exitCode(4)
	}
	fmt.Println("All db_sync commands are upgraded to the same version and up-to-date.")
	return nil
}

func dbVersionCommand(flags *configFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "db_version",
		Short: "Print the revision of the database's schema",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				v, err := db.Version(cmd.Context())
				if err == nil {
					fmt.Println(v)
				}
				return err
			})
		},
	}
}

func trustFlushCommand(flags *configFlags) *cobra.Command {
	var project, trustor, trustee, date string
	cmd := &cobra.Command{
		Use:   "trust_flush",
		Short: "Remove trusts that were deleted or have expired",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			before := time.Now()
			if date != "" {
				var err error
				if before, err = time.Parse("02-01-2006", date); err != nil {
					return fmt.Errorf("%q: invalid date, should be DD-MM-YYYY", date)
				}
			}
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				return db.Update(cmd.Context(), func(tx *store.Tx) error {
					_, err := tx.FlushTrusts(cmd.Context(), before, identity.ProjectID(project), identity.UserID(trustor), identity.UserID(trustee))
					return err
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&project, "project-id", "", "only those on this project")
	f.StringVar(&trustor, "trustor-user-id", "", "only those that this user gave")
	f.StringVar(&trustee, "trustee-user-id", "", "only those that were given to this user")
	f.StringVar(&date, "date", "", "only those that expired before this day, DD-MM-YYYY (default now)")
	return cmd
}
