package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// endOf is when something ends that lasts until a day, in UTC, or until a time.
func endOf(text string) (string, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Format(time.RFC3339), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", fmt.Errorf("--until is a day as 2030-12-31 or a time as 2030-12-31T12:00:00Z, not %q", text)
	}
	return t.UTC().Format(time.RFC3339Nano), nil
}

// onProject are the flags that name a project and the domains.
type onProject struct {
	far
	project, domain, userDomain string
}

func (o *onProject) flags(cmd *cobra.Command) {
	o.far.flags(cmd)
	cmd.Flags().StringVar(&o.project, "project", "", "`PROJECT` of the role, by name or id")
	cmd.Flags().StringVar(&o.domain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: one's own)")
	cmd.Flags().StringVar(&o.userDomain, "user-domain", "", "`DOMAIN` of the user, by name or id (default: one's own)")
	required(cmd, "project")
}

func accessGrantCommand() *cobra.Command {
	var o onProject
	var until string
	cmd := &cobra.Command{
		Use:   "grant USER ROLE...",
		Short: "Grant roles on a project, for good or until a day",
		Long: `Grant roles on a project, for good or until a day, all of them or none. A role that is granted already gets the end that is said here, or
none.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			grants := map[string]any{"user": named(args[0], o.userDomain), "project": named(o.project, o.domain), "roles": roleRefs(args[1:])}
			if until != "" {
				end, err := endOf(until)
				if err != nil {
					return err
				}
				grants["expires_at"] = end
			}
			c, err := o.open(cmd.Context())
			if err != nil {
				return err
			}
			var answer struct {
				Grants map[string]any `json:"grants"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/grants", map[string]any{"grants": grants}, &answer); err != nil {
				return err
			}
			end := "never"
			if at, ok := answer.Grants["expires_at"].(string); ok {
				end = at
			}
			return o.print(cmd.OutOrStdout(), answer.Grants, row{"User", "Project", "Roles", "Ends"}, []row{{args[0], o.project, strings.Join(args[1:], ", "), end}})
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&until, "until", "", "last `DAY` of the roles, as 2030-12-31 in UTC, or a time (default: they stay)")
	return cmd
}

func accessRevokeCommand() *cobra.Command {
	var o onProject
	cmd := &cobra.Command{
		Use:   "revoke USER ROLE",
		Short: "Take a role on a project back",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.open(cmd.Context())
			if err != nil {
				return err
			}
			q := url.Values{"user": {args[0]}, "role": {args[1]}, "project": {o.project}}
			for key, value := range map[string]string{"user_domain": o.userDomain, "project_domain": o.domain} {
				if value != "" {
					q.Set(key, value)
				}
			}
			return c.Do(cmd.Context(), http.MethodDelete, "/lintel/grants?"+q.Encode(), nil, nil)
		},
	}
	o.flags(cmd)
	return cmd
}
