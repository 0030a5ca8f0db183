package main

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// waitingGrant is a grant that waits for a second factor, as the service tells of it.
type waitingGrant struct {
	ID      string         `json:"id"`
	User    map[string]any `json:"user"`
	Project map[string]any `json:"project"`
	Role    map[string]any `json:"role"`
	Granter map[string]any `json:"granter"`
	Agreed  map[string]any `json:"agreed_by"`
	Created string         `json:"created_at"`
	Ends    *string        `json:"access_expires_at"`
	Reason  *string        `json:"reason"`
}

func (g waitingGrant) row() row {
	end := "never"
	if g.Ends != nil {
		end = *g.Ends
	}
	by := fmt.Sprint(g.Granter["name"])
	if g.Agreed != nil {
		by += fmt.Sprint(", agreed by ", g.Agreed["name"])
	}
	return row{g.ID, fmt.Sprint(g.User["name"]), fmt.Sprint(g.Project["name"]), fmt.Sprint(g.Role["name"]), end, by}
}

func accessWaitingCommand() *cobra.Command {
	var f far
	var project, domain string
	cmd := &cobra.Command{
		Use: "waiting", Short: "List the roles that wait until their user has turned on a second factor",
		Long: "List the roles that wait until their user has turned on a second factor: those on a project, or one's own.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			q := url.Values{}
			for key, value := range map[string]string{"project": project, "domain": domain} {
				if value != "" {
					q.Set(key, value)
				}
			}
			var answer struct {
				Grants []waitingGrant `json:"waiting_grants"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/waiting_grants?"+q.Encode(), nil, &answer); err != nil {
				return err
			}
			var rows []row
			for _, g := range answer.Grants {
				rows = append(rows, g.row())
			}
			return f.print(cmd.OutOrStdout(), answer.Grants, row{"ID", "User", "Project", "Role", "Ends", "Granted by"}, rows)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&project, "project", "", "`PROJECT`, by name or id (default: one's own roles, on all projects)")
	cmd.Flags().StringVar(&domain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: one's own)")
	return cmd
}

func accessCancelCommand() *cobra.Command {
	var f far
	cmd := &cobra.Command{
		Use: "cancel ID", Short: "Take back a role that waits for a second factor", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			return c.Do(cmd.Context(), http.MethodDelete, "/lintel/waiting_grants/"+url.PathEscape(args[0]), nil, nil)
		},
	}
	f.flags(cmd)
	return cmd
}
