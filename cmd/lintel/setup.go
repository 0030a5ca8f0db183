package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/store"
)

func say(message string) { fmt.Fprintln(os.Stderr, message) }

func projectSetupCommand(flags *configFlags) *cobra.Command {
	b := server.Bootstrap{Done: say}
	cmd := &cobra.Command{
		Use:   "project_setup --project-name NAME [--project-id ID]",
		Short: "Create a project in the default domain",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				return told(b.SetUpProject(cmd.Context(), cfg, db))
			})
		},
	}
	cmd.Flags().StringVar(&b.Project, "project-name", "", "name of the project")
	cmd.Flags().StringVar((*string)(&b.ProjectID), "project-id", "", "id of the project, if it is made")
	needs(cmd, "project-name")
	return cmd
}

func userSetupCommand(flags *configFlags) *cobra.Command {
	b := server.Bootstrap{Done: say}
	cmd := &cobra.Command{
		Use:   "user_setup --username NAME --user-password-plain PASSWORD [--user-id ID]",
		Short: "Create a user in the default domain, or enable the one there and set the password",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				return told(b.SetUpUser(cmd.Context(), cfg, db))
			})
		},
	}
	cmd.Flags().StringVar(&b.Username, "username", "", "name of the user")
	cmd.Flags().StringVar(&b.Password, "user-password-plain", "", "password of the user")
	cmd.Flags().StringVar((*string)(&b.UserID), "user-id", "", "id of the user")
	needs(cmd, "username", "user-password-plain")
	return cmd
}

func resetLastActiveCommand(flags *configFlags) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "reset_last_active",
		Short: "Count users who never logged in as active today",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !force {
				fmt.Fprint(cmd.OutOrStdout(), `All users of the database who are not known to have logged in will count as active today. Where
disable_user_account_days_inactive is set, those who never did stay usable for that many days more.
Are you sure you want to continue [y/N]? `)
				line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n') // its end means no
				if answer := strings.ToLower(strings.TrimRight(line, "\r\n")); answer != "y" && answer != "yes" {
					return errors.New("reset_last_active aborted.") //nolint:revive // upstream's words
				}
			}
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				return db.Update(cmd.Context(), func(tx *store.Tx) error {
					_, err := tx.ResetLastActive(cmd.Context())
					return err
				})
			})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "do not ask")
	return cmd
}

func mappingPurgeCommand(flags *configFlags) *cobra.Command {
	var (
		all    bool
		domain string
		which  store.IDMappings
	)
	cmd := &cobra.Command{
		Use:   "mapping_purge",
		Short: "Forget the ids of users and groups of directory servers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			some := false
			for _, name := range []string{"domain-name", "public-id", "local-id", "type"} {
				f := cmd.Flags().Lookup(name)
				some = some || f.Changed
				if f.Changed && f.Value.String() == "" {
					return fmt.Errorf("--%s is empty", name) // it would stand for everything
				}
			}
			switch {
			case !all && !some:
				return errors.New("At least one option must be provided")
			case all && some:
				return errors.New("--all option cannot be mixed with other options")
			case which.Type != "" && which.Type != "user" && which.Type != "group":
				return usageError{fmt.Errorf("argument --type: invalid choice: '%s' (choose from 'user', 'group')", which.Type)}
			}
			return withDatabase(cmd, flags, func(_ *config.Config, db *store.DB) error {
				return db.Update(cmd.Context(), func(tx *store.Tx) error {
					if domain != "" {
						d, err := tx.DomainByName(cmd.Context(), domain)
						if errors.Is(err, identity.NotFound) {
							return fmt.Errorf("Unknown domain '%s' specified by --domain-name", domain)
						} else if err != nil {
							return err
						}
						which.Domain = d.ID
					}
					_, err := tx.PurgeIDMappings(cmd.Context(), which)
					return err
				})
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "forget all")
	f.StringVar(&domain, "domain-name", "", "only those of this domain")
	f.StringVar(&which.PublicID, "public-id", "", "only the one that is this in the API")
	f.StringVar(&which.LocalID, "local-id", "", "only those that are this in the directory server")
	f.StringVar(&which.Type, "type", "", "only those of this type, user or group")
	return cmd
}

func domainConfigUploadCommand(flags *configFlags) *cobra.Command {
	var (
		all    bool
		domain string
	)
	cmd := &cobra.Command{
		Use:   "domain_config_upload (--all | --domain-name NAME)",
		Short: "Move the configuration files of domains into the database",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			named := cmd.Flags().Changed("domain-name")
			out := cmd.OutOrStdout()
			switch {
			case !all && !named:
				fmt.Fprintln(out, "At least one option must be provided, use either --all or --domain-name")
				return exitCode(1)
			case all && named:
				fmt.Fprintln(out, "The --all option cannot be used with the --domain-name option")
				return exitCode(1)
			}
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				u := server.DomainConfigUpload{Config: cfg, DB: db, Out: out, Log: cmd.ErrOrStderr()}
				var ok bool
				var err error
				if named {
					ok, err = u.Domain(cmd.Context(), domain)
				} else {
					ok, err = u.All(cmd.Context())
				}
				if err == nil && !ok {
					return exitCode(1)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all files keystone.DOMAIN.conf of [identity] domain_config_dir")
	cmd.Flags().StringVar(&domain, "domain-name", "", "only the file of this domain")
	return cmd
}

func mappingPopulateCommand(flags *configFlags) *cobra.Command {
	var domain string
	cmd := &cobra.Command{
		Use:   "mapping_populate --domain-name NAME",
		Short: "Give ids to the users of a domain that a directory server has",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, flags, func(cfg *config.Config, db *store.DB) error {
				return db.View(cmd.Context(), func(tx *store.Tx) error {
					d, err := tx.DomainByName(cmd.Context(), domain)
					if errors.Is(err, identity.NotFound) {
						fmt.Fprintf(cmd.OutOrStdout(), "Invalid domain name: %s\n", domain)
						return nil // upstream's status
					} else if err != nil {
						return err
					}
					driver := any(cfg.Identity.Driver)
					own, err := tx.DomainOptions(cmd.Context(), d.ID, "identity", "driver")
					if err != nil {
						return err
					}
					if len(own) > 0 {
						driver = own[0].Value
					}
					if driver != "sql" {
						return fmt.Errorf("the users of domain %s are those of the driver %v, which cannot be listed", domain, driver)
					}
					return nil // users of the database have their ids
				})
			})
		},
	}
	cmd.Flags().StringVar(&domain, "domain-name", "", "the domain")
	needs(cmd, "domain-name")
	return cmd
}

func doctorCommand(flags *configFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look for common mistakes in a deployment",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			if server.Diagnose(cmd.Context(), cfg, cmd.OutOrStdout()) {
				return exitCode(1)
			}
			return nil
		},
	}
}
