package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

func profileCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "Look after what one says of oneself, and how one likes the portal"}
	var f far
	open := func(ctx context.Context) (c *client.Client, profile map[string]any, err error) {
		if c, err = f.open(ctx); err != nil {
			return nil, nil, err
		}
		var answer struct {
			Profile map[string]any `json:"profile"`
		}
		err = c.Do(ctx, http.MethodGet, "/lintel/profile", nil, &answer)
		return c, answer.Profile, err
	}
	show := &cobra.Command{Use: "show", Short: "Show one’s own profile", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		_, profile, err := open(cmd.Context())
		if err != nil {
			return err
		}
		delete(profile, "links")
		return f.print(cmd.OutOrStdout(), profile, row{"Field", "Value"}, fields(profile))
	}}
	keys := map[string]string{"display-name": "display_name", "description": "description", "default-project-id": "default_project_id", "language": "language", "zone": "zone", "theme": "theme"}
	values := map[string]*string{}
	set := &cobra.Command{Use: "set", Short: "Change one’s own profile; an empty value takes away what there was", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		body := map[string]any{}
		for flag, key := range keys {
			if cmd.Flags().Changed(flag) {
				body[key] = *values[flag]
			}
		}
		c, err := f.open(cmd.Context())
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodPatch, "/lintel/profile", map[string]any{"profile": body}, nil)
	}}
	for flag, about := range map[string]string{
		"display-name": "`NAME` that stands beside the user name", "description": "`TEXT` about oneself", "default-project-id": "`ID` of the project that a login is for when it names none", "language": "`LANGUAGE`, such as de",
		"zone": "`ZONE` of time, such as Europe/Berlin", "theme": "`LOOK` of the portal, light or dark",
	} {
		values[flag] = set.Flags().String(flag, "", about)
	}
	set.MarkFlagsOneRequired("display-name", "description", "default-project-id", "language", "zone", "theme")
	address := &cobra.Command{Use: "address EMAIL", Short: "Ask for another address of one’s own, which is proved by a mail to it", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		c, err := f.open(cmd.Context())
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodPost, "/lintel/profile/address", map[string]any{"address": map[string]any{"email": args[0]}}, nil)
	}}
	// Searches of the audit trail are kept as a list, of which one is put in or taken out.
	searches := func(use, short string, n int, change func(kept []any, args []string) ([]any, error)) *cobra.Command {
		return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(n), RunE: func(cmd *cobra.Command, args []string) error {
			c, profile, err := open(cmd.Context())
			if err != nil {
				return err
			}
			kept, _ := profile["searches"].([]any)
			if kept, err = change(kept, args); err != nil {
				return err
			}
			return c.Do(cmd.Context(), http.MethodPatch, "/lintel/profile", map[string]any{"profile": map[string]any{"searches": kept}}, nil)
		}}
	}
	keep := searches("keep-search NAME ADDRESS", "Keep a search of the audit trail by its address in the portal, such as /cloud/audit?class=access", 2, func(kept []any, args []string) ([]any, error) {
		return append(kept, map[string]any{"name": args[0], "address": args[1]}), nil
	})
	drop := searches("drop-search NAME", "Forget a search of the audit trail", 1, func(kept []any, args []string) ([]any, error) {
		left := []any{}
		for _, one := range kept {
			if s, _ := one.(map[string]any); s["name"] != args[0] {
				left = append(left, one)
			}
		}
		if len(left) == len(kept) {
			return nil, fmt.Errorf("there is no search %s", args[0])
		}
		return left, nil
	})
	for _, c := range []*cobra.Command{show, set, address, keep, drop} {
		f.flags(c)
		cmd.AddCommand(c)
	}
	return cmd
}
