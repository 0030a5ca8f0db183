package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func projectCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "project", Short: "Look after projects of a running service"}
	var f far
	var domain string
	var yes bool
	remove := &cobra.Command{
		Use: "delete PROJECT", Short: "Delete a project, after a look at what may remain of it at the services", Args: cobra.ExactArgs(1),
		Long: `Delete a project, after a look at what may remain of it at the services: what was made in it there is unknown to this one.

Unless --yes is given, it asks for the project's name first.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			id, err := find(cmd.Context(), c, "project", args[0], domain)
			if err != nil {
				return err
			}
			var remains struct {
				Services []struct {
					ID   string  `json:"id"`
					Type string  `json:"type"`
					Name *string `json:"name"`
				} `json:"services"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/projects/"+url.PathEscape(id)+"/services", nil, &remains); err != nil {
				return err
			}
			w := cmd.ErrOrStderr()
			if len(remains.Services) > 0 {
				fmt.Fprintln(w, "What was made in it at these services is unknown here, may remain, and costs money:")
			}
			for _, s := range remains.Services {
				name := ""
				if s.Name != nil {
					name = *s.Name
				}
				fmt.Fprintln(w, strings.TrimSpace("  "+s.Type+" "+name))
			}
			if !yes {
				fmt.Fprintf(w, "Type %s to delete it: ", args[0])
				typed, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
				if strings.TrimSpace(typed) != args[0] {
					return errors.New("nothing was deleted")
				}
			}
			return c.Do(cmd.Context(), http.MethodDelete, "/projects/"+url.PathEscape(id), nil, nil)
		},
	}
	f.flags(remove)
	remove.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the project, by name or id")
	remove.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.AddCommand(remove)
	return cmd
}
