package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/server"
)

func bootstrapLinkCommand() *cobra.Command {
	var data, listen string
	var flags configFlags
	r := server.Rescue{Done: say}
	cmd := &cobra.Command{
		Use:   "bootstrap-link [--data DIR [--listen ADDR] | --config-file FILE] [--username NAME] [--reset-mfa]",
		Short: "Print a link by which an administrator who is locked out chooses a new password",
		Long: `Print a link to the portal by which an administrator who is locked out chooses a new password. It works once, for a quarter of an
hour, and ends the one that was printed before. A disabled or suspended account is opened again. Nothing is asked but access to the
database: the server may run meanwhile, or be started after this.

--data is the folder of "lintel up", --config-file what "lintel serve" is given.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			load := flags.load
			if data != "" {
				dir, err := filepath.Abs(data)
				if err != nil {
					return err
				}
				here := func(c *config.Config) { c.Default.PublicEndpoint = "http://" + listen }
				load = func(...func(*config.Config)) (*config.Config, error) { return flags.loadUp(dir, here) }
			}
			cfg, err := load()
			if err != nil {
				return err
			}
			db, err := server.OpenDatabase(cmd.Context(), cfg, server.Options{})
			if err != nil {
				return err
			}
			defer db.Close()
			link, err := r.Run(cmd.Context(), cfg, db)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), link)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&data, "data", "", "folder of lintel up")
	f.StringVar(&listen, "listen", "127.0.0.1:5000", "address that lintel up listens on")
	f.StringVar(&r.Username, "username", "admin", "the administrator, of the default domain")
	f.BoolVar(&r.ResetFactor, "reset-mfa", false, "let them set up a new second factor, too, since theirs is lost")
	flags.add(cmd)
	return cmd
}
