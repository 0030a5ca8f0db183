package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
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
			c, id, err := openProject(cmd, &f, args[0], domain)
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
			if !yes && !typed(cmd, args[0], "delete it") {
				return errors.New("nothing was deleted")
			}
			return c.Do(cmd.Context(), http.MethodDelete, "/projects/"+url.PathEscape(id), nil, nil)
		},
	}
	f.flags(remove)
	remove.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the project, by name or id")
	remove.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.AddCommand(remove, projectRulesCommand(), projectSetRulesCommand())
	return cmd
}

// openProject logs in and finds a project that is named.
func openProject(cmd *cobra.Command, f *far, name, domain string) (c *client.Client, id string, err error) {
	if c, err = f.open(cmd.Context()); err == nil {
		id, err = find(cmd.Context(), c, "project", name, domain)
	}
	return c, id, err
}

// typed asks for a name before something is done, and tells whether it was given.
func typed(cmd *cobra.Command, name, what string) bool {
	fmt.Fprintf(cmd.ErrOrStderr(), "Type %s to %s: ", name, what)
	line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	return strings.TrimSpace(line) == name
}

// tellShutOut tells what could not work in a project any more if it asked for a second factor.
func tellShutOut(cmd *cobra.Command, c *client.Client, id string) error {
	type named struct {
		Name string `json:"name"`
	}
	var answer struct {
		ShutOut struct {
			People      []named `json:"people"`
			Credentials []struct {
				Kind string `json:"kind"`
				ID   string `json:"id"`
				Name string `json:"name"`
				User named  `json:"user"`
			} `json:"credentials"`
			More bool `json:"more"`
		} `json:"shut_out"`
	}
	if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/projects/"+url.PathEscape(id)+"/shut-out", nil, &answer); err != nil {
		return err
	}
	w, out := cmd.ErrOrStderr(), answer.ShutOut
	fmt.Fprintf(w, "%d people have no second factor, and cannot work in it without one:\n", len(out.People))
	for _, u := range out.People {
		fmt.Fprintln(w, "  "+u.Name)
	}
	fmt.Fprintf(w, "%d credentials stop working, which were not made with a second factor:\n", len(out.Credentials))
	for _, b := range out.Credentials {
		fmt.Fprintf(w, "  %s %s of %s\n", b.Kind, cmp.Or(b.Name, b.ID), b.User.Name)
	}
	if out.More {
		fmt.Fprintln(w, "There are more than could be looked at.")
	}
	return nil
}

// callProjectRules calls for how a project lets people in, and prints it.
func callProjectRules(cmd *cobra.Command, f *far, c *client.Client, id, method string, body any) error {
	var answer struct {
		Rules map[string]any `json:"rules"`
	}
	if err := c.Do(cmd.Context(), method, "/lintel/projects/"+url.PathEscape(id)+"/rules", body, &answer); err != nil {
		return err
	}
	var roles []string
	for _, role := range answer.Rules["invite_roles"].([]any) {
		roles = append(roles, fmt.Sprint(role.(map[string]any)["name"]))
	}
	rows := []row{{"invite_roles", strings.Join(roles, ", ")}}
	for _, name := range []string{"invite_days", "access_days", "second_factor"} {
		n := ""
		if answer.Rules[name] != nil {
			n = fmt.Sprint(answer.Rules[name])
		}
		rows = append(rows, row{name, n})
	}
	return f.print(cmd.OutOrStdout(), answer.Rules, row{"Rule", "This project"}, rows)
}

func projectRulesCommand() *cobra.Command {
	var f far
	var domain string
	cmd := &cobra.Command{
		Use: "rules PROJECT", Short: "Show how a project lets people in", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := openProject(cmd, &f, args[0], domain)
			if err != nil {
				return err
			}
			return callProjectRules(cmd, &f, c, id, http.MethodGet, nil)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the project, by name or id")
	return cmd
}

func projectSetRulesCommand() *cobra.Command {
	var f far
	var domain string
	var roles []string
	var inviteDays, accessDays int
	var factor, yes bool
	cmd := &cobra.Command{
		Use: "set-rules PROJECT", Short: "Change how a project lets people in",
		Long: `Change how a project lets people in; what is not said stays. A project can be stricter than its domain and the cloud, never less. A number of
0 ends a rule, as does an empty --invite-role.

With --second-factor nobody works in the project who has shown one factor alone; before that it is told whom this shuts out, and unless --yes is
given, the project's name is asked for. --second-factor=false ends it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules := map[string]any{}
			if cmd.Flags().Changed("invite-role") {
				rules["invite_roles"] = roleRefs(slices.DeleteFunc(roles, func(r string) bool { return r == "" }))
			}
			if cmd.Flags().Changed("invite-days") {
				rules["invite_days"] = inviteDays
			}
			if cmd.Flags().Changed("access-days") {
				rules["access_days"] = accessDays
			}
			if cmd.Flags().Changed("second-factor") {
				rules["second_factor"] = factor
			}
			if len(rules) == 0 {
				return errors.New("say what to change")
			}
			c, id, err := openProject(cmd, &f, args[0], domain)
			if err != nil {
				return err
			}
			if factor {
				if err := tellShutOut(cmd, c, id); err != nil {
					return err
				}
				if !yes && !typed(cmd, args[0], "require a second factor") {
					return errors.New("nothing was changed")
				}
			}
			return callProjectRules(cmd, &f, c, id, http.MethodPatch, map[string]any{"rules": rules})
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the project, by name or id")
	cmd.Flags().StringArrayVar(&roles, "invite-role", nil, "`ROLE` that an invitation is to when it names none; may be repeated")
	cmd.Flags().IntVar(&inviteDays, "invite-days", 0, "an invitation must be accepted in `N` days")
	cmd.Flags().IntVar(&accessDays, "access-days", 0, "the roles of an invitation last `N` days at most")
	cmd.Flags().BoolVar(&factor, "second-factor", false, "nobody works in it who has shown one factor alone")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
