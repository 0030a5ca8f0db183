package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

// onUser is a command about the account of a user.
func onUser(use, short, long string, run func(cmd *cobra.Command, f *far, c *client.Client, path string, user string) error) *cobra.Command {
	var f far
	var domain string
	cmd := &cobra.Command{
		Use: use + " USER", Short: short, Long: long, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			id, err := findUser(cmd.Context(), c, args[0], domain)
			if err != nil {
				return err
			}
			return run(cmd, &f, c, "/lintel/users/"+url.PathEscape(id), args[0])
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the user, by name or id")
	return cmd
}

// findUser is find for a user whom the caller may not be able to look at, and then names by id.
func findUser(ctx context.Context, c *client.Client, name, domain string) (string, error) {
	id, err := find(ctx, c, "user", name, domain)
	if _, several := errors.AsType[ambiguous](err); err != nil && domain == "" && !several {
		return name, nil
	}
	return id, err
}

func userResetMFACommand() *cobra.Command {
	return onUser("reset-mfa", "Take the second factor of somebody away who has lost it",
		`Take the second factor of somebody away who has lost it. They set up another at their next sign-in to the portal. Where it takes two to do
that to an administrator, the first asks for it, and it is done when another does the same within a day.`,
		func(cmd *cobra.Command, f *far, c *client.Client, path, user string) error {
			var answer struct {
				Reset map[string]any `json:"factor_reset"`
			}
			if err := c.Do(cmd.Context(), http.MethodDelete, path+"/factor", nil, &answer); err != nil {
				return err
			}
			out, row1 := map[string]any{"user": user, "state": "reset"}, row{user, "reset"}
			if answer.Reset != nil {
				out["state"], out["factor_reset"] = "asked", answer.Reset
				row1 = row{user, fmt.Sprint("asked for: somebody else must do the same before ", answer.Reset["expires_at"])}
			}
			return f.print(cmd.OutOrStdout(), out, row{"User", "Second factor"}, []row{row1})
		})
}

func userKeepMFACommand() *cobra.Command {
	return onUser("keep-mfa", "Stop the reset of somebody’s second factor to which somebody else has yet to agree", "",
		func(cmd *cobra.Command, _ *far, c *client.Client, path, _ string) error {
			return c.Do(cmd.Context(), http.MethodDelete, path+"/factor_reset", nil, nil)
		})
}
