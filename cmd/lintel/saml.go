package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/server"
)

func samlMetadataCommand(flags *configFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "saml_idp_metadata",
		Short: "Print what other clouds are to know of this one as an identity provider",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			metadata, err := server.SAMLMetadata(cfg)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), string(metadata))
			}
			return err
		},
	}
}
