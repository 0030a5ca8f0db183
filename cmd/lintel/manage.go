package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
	addIdleFlags(cmd)
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
	version := cmd.Flags().Bool("version", false, "print the release of Keystone whose commands these are")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if *version {
			return nil
		}
		if len(args) > 0 {
			return usageError{fmt.Errorf("argument command: invalid choice: '%s'", args[0])}
		}
		return usageError{errors.New("the following arguments are required: command")}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { // only called for --version
		_, err := fmt.Fprintln(cmd.OutOrStdout(), keystoneRelease)
		return err
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	for _, sub := range cmd.Commands() {
		check := sub.Args
		sub.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
		abbreviate(sub)
	}
	return cmd
}

// keystoneRelease is the release of Keystone that this program follows.
const keystoneRelease = "30.0.0"

// addIdleFlags adds the flags of oslo.log. Scripts set them, but there is nothing to choose: what a command has to tell goes to the
// standard error.
func addIdleFlags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.BoolP("debug", "d", false, "changes nothing; kept for old scripts")
	for _, name := range []string{
		"nodebug", "use-journal", "nouse-journal", "use-json", "nouse-json", "use-syslog", "nouse-syslog",
	} {
		f.Bool(name, false, "changes nothing; kept for old scripts")
	}
	for _, name := range []string{
		"log-config-append", "log-config", "log_config", "log-date-format", "log-dir", "logdir", "log-file", "logfile", "syslog-log-facility",
	} {
		f.String(name, "", "changes nothing; kept for old scripts")
	}
	f.VisitAll(func(flag *pflag.Flag) { flag.Hidden = strings.HasPrefix(flag.Usage, "changes nothing") })
}

// abbreviate lets a command's own flags be given by the beginning of their names, as argparse does.
func abbreviate(cmd *cobra.Command) {
	var names []string
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, given string) pflag.NormalizedName {
		found := given
		for _, name := range names {
			switch {
			case name == given:
				return pflag.NormalizedName(given)
			case !strings.HasPrefix(name, given):
			case found != given:
				return pflag.NormalizedName(given) // of two, so of none
			default:
				found = name
			}
		}
		return pflag.NormalizedName(found)
	})
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
			if b.Password == "" {
				fmt.Println("ERROR: Either --bootstrap-password argument or OS_BOOTSTRAP_PASSWORD must be set.")
				return exitCode(1)
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
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n := len(slices.DeleteFunc([]bool{expand, migrate, contract, check}, func(set bool) bool { return !set })); n > 1 {
				return usageError{errors.New("only one of --expand, --migrate, --contract and --check is allowed")}
			}
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				switch {
				case check:
					return dbCheck(cmd, db)
				case expand:
					return db.Expand(cmd.Context())
				case migrate: // there is nothing to do between the two; old scripts still ask
					fmt.Println("Data migrations are no longer supported with alembic. This is now a no-op.")
					return nil
				case contract:
					return db.Contract(cmd.Context())
				case len(args) > 0:
					return errors.New("Specifying a version is no longer supported")
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
	return cmd
}

func dbCheck(cmd *cobra.Command, db *store.DB) error {
	v, err := db.Versions(cmd.Context())
	if err != nil {
		return err
	}
	pending := v.Pending()
	switch pending {
	case store.ExpandNeeded:
		fmt.Println("Your database is not up to date. Your first step is to run `keystone-manage db_sync --expand`.")
	case store.ContractNeeded:
		fmt.Println("Expand version is ahead of contract. Your next step is to run `keystone-manage db_sync --contract`.")
	case store.UpToDate:
		fmt.Println("All db_sync commands are upgraded to the same version and up-to-date.")
	}
	fmt.Printf("Current repository versions:\nExpand: %s (head: %s)\nContract: %s (head: %s)\n",
		cmp.Or(v.Expand, "None"), v.ExpandHead, cmp.Or(v.Contract, "None"), v.ContractHead)
	if pending != store.UpToDate {
		return exitCode(pending)
	}
	return nil
}

func dbVersionCommand(flags *configFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "db_version",
		Short: "Print the revision of the database's schema",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				v, err := db.Versions(cmd.Context())
				if err == nil {
					fmt.Println(cmp.Or(v.Expand, "None"))
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
			if cmd.Flags().Changed("date") {
				var err error
				if before, err = time.Parse("2-1-2006", date); err != nil {
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
