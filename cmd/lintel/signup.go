package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

func signUpCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "signup", Short: "Let people in who ask for an account"}
	var f far
	sub := func(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, *client.Client, []string) error) *cobra.Command {
		one := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			return run(cmd, c, args)
		}}
		f.flags(one)
		cmd.AddCommand(one)
		return one
	}
	sub("list", "List who asks for an account and has proved their address", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		var answer struct {
			SignUps []map[string]any `json:"sign_ups"`
		}
		if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/sign_ups", nil, &answer); err != nil {
			return err
		}
		var rows []row
		for _, s := range answer.SignUps {
			var r row
			for _, key := range []string{"id", "address", "name", "project", "reason", "created_at"} {
				r = append(r, fmt.Sprint(s[key]))
			}
			rows = append(rows, r)
		}
		return f.print(cmd.OutOrStdout(), answer.SignUps, row{"ID", "Address", "Name", "Project", "Why", "Since"}, rows)
	})
	as := map[string]*string{"name": new(string), "project": new(string), "role": new(string), "domain_id": new(string), "reason": new(string)}
	approve := sub("approve ID", "Make the account and its project, and send a link to set the first password", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, args []string) error {
		body := map[string]any{}
		for key, value := range as {
			if *value != "" {
				body[key] = *value
			}
		}
		var answer struct {
			User struct {
				User    map[string]any `json:"user"`
				Project map[string]any `json:"project"`
				Waiting []string       `json:"waiting_roles,omitempty"`
				Request string         `json:"request_id,omitempty"`
			} `json:"user"`
		}
		if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/sign_ups/"+url.PathEscape(args[0])+"/approval", map[string]any{"approval": body}, &answer); err != nil {
			return err
		}
		u := answer.User
		return f.print(cmd.OutOrStdout(), u, row{"User", "ID", "Project", "Waits for agreement", "Request"},
			[]row{{fmt.Sprint(u.User["name"]), fmt.Sprint(u.User["id"]), fmt.Sprint(u.Project["name"]), strings.Join(u.Waiting, ", "), u.Request}})
	})
	approve.Flags().StringVar(as["name"], "name", "", "`NAME` of the user (default: as asked for)")
	approve.Flags().StringVar(as["project"], "project", "", "`NAME` of the project (default: as asked for)")
	approve.Flags().StringVar(as["role"], "role", "", "`ROLE` there (default: member)")
	approve.Flags().StringVar(as["domain_id"], "domain-id", "", "`ID` of the domain (default: the default domain)")
	approve.Flags().StringVar(as["reason"], "reason", "", "`WHY`, for whoever must agree to the role, where a grant rule wants that")
	var why string
	refuse := sub("refuse ID", "Give them no account, and tell them", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, args []string) error {
		return c.Do(cmd.Context(), http.MethodPost, "/lintel/sign_ups/"+url.PathEscape(args[0])+"/refusal", map[string]any{"refusal": map[string]any{"reason": why}}, nil)
	})
	refuse.Flags().StringVar(&why, "reason", "", "`WHY`, for whoever asked")
	return cmd
}
