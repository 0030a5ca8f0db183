package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

// domainRules are what a domain asks of its people, as the service tells of it.
type domainRules struct {
	ID        string         `json:"domain_id"`
	Own       map[string]any `json:"own"`
	Cloud     map[string]any `json:"cloud"`
	Effective map[string]any `json:"effective"`
}

// rows are the rules with what the domain asks for and what holds.
func (d domainRules) rows() (rows []row) {
	say := func(v any) string {
		demand, ok := v.(map[string]any)
		if !ok {
			return inCell(v)
		}
		all := []any{demand["level"]}
		for _, role := range demand["roles"].([]any) {
			all = append(all, role.(map[string]any)["name"])
		}
		if demand["from"] != nil {
			all = append(all, "from", demand["from"])
		}
		return strings.TrimSpace(fmt.Sprintln(all...))
	}
	all := maps.Clone(d.Cloud)
	maps.Copy(all, d.Own)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		holds, both := d.Effective[name]
		if !both {
			holds = all[name]
		}
		rows = append(rows, row{name, say(d.Own[name]), say(d.Cloud[name]), say(holds)})
	}
	return rows
}

func domainCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "domain", Short: "Look after what a domain asks of its people"}
	cmd.AddCommand(domainRulesCommand(), domainSetRulesCommand())
	return cmd
}

// callRules calls for the rules of a domain that is named, and prints them.
func callRules(cmd *cobra.Command, f *far, name, method string, body any) error {
	c, err := f.open(cmd.Context())
	if err != nil {
		return err
	}
	id, err := domainID(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	var answer struct {
		Rules domainRules `json:"rules"`
	}
	if err := c.Do(cmd.Context(), method, "/lintel/domains/"+url.PathEscape(id)+"/rules", body, &answer); err != nil {
		return err
	}
	return f.print(cmd.OutOrStdout(), answer.Rules, row{"Rule", "This domain", "The cloud", "What holds"}, answer.Rules.rows())
}

// domainID is the id of a domain by name or id. Who may not list all finds their own.
func domainID(ctx context.Context, c *client.Client, name string) (string, error) {
	type thing struct{ ID, Name string }
	for _, path := range []string{"/domains?" + url.Values{"name": {name}}.Encode(), "/auth/domains"} {
		var page struct{ Domains []thing }
		err := c.Do(ctx, http.MethodGet, path, nil, &page)
		if refused, ok := errors.AsType[*client.Error](err); err != nil && (!ok || refused.Status != http.StatusForbidden) {
			return "", err
		}
		for _, d := range page.Domains {
			if d.Name == name || d.ID == name {
				return d.ID, nil
			}
		}
	}
	return name, nil
}

func domainRulesCommand() *cobra.Command {
	var f far
	cmd := &cobra.Command{
		Use: "rules DOMAIN", Short: "Show what a domain asks of its people, what the cloud asks of all, and what holds", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return callRules(cmd, &f, args[0], http.MethodGet, nil) },
	}
	f.flags(cmd)
	return cmd
}

func domainSetRulesCommand() *cobra.Command {
	var f far
	numbers := map[string]*int{}
	var level, from string
	var roles, mail []string
	var firstUse, noInvitations bool
	cmd := &cobra.Command{
		Use: "set-rules DOMAIN", Short: "Change what a domain asks of its people",
		Long: `Change what a domain asks of its people; what is not said stays. A domain can ask for more than the cloud, never for less. A number of 0 ends
a rule, as does an empty --mail-domain.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules := map[string]any{}
			for name, n := range numbers {
				if cmd.Flags().Changed(strings.ReplaceAll(name, "_", "-")) {
					rules[name] = *n
				}
			}
			for name, b := range map[string]*bool{"first_use": &firstUse, "no_invitations": &noInvitations} {
				if cmd.Flags().Changed(strings.ReplaceAll(name, "_", "-")) {
					rules[name] = *b
				}
			}
			if cmd.Flags().Changed("mail-domain") {
				rules["mail_domains"] = slices.DeleteFunc(append([]string{}, mail...), func(d string) bool { return d == "" })
			}
			factor := map[string]any{}
			if level != "" {
				factor["level"] = level
			}
			if len(roles) > 0 {
				factor["roles"] = roleRefs(roles)
			}
			if from != "" {
				at, err := beginOf(from)
				if err != nil {
					return err
				}
				factor["from"] = at
			}
			if len(factor) > 0 {
				rules["second_factor"] = factor
			}
			if len(rules) == 0 {
				return errors.New("say what to change")
			}
			return callRules(cmd, &f, args[0], http.MethodPatch, map[string]any{"rules": rules})
		},
	}
	f.flags(cmd)
	for name, about := range map[string]string{
		"password_length": "`N` characters at least", "password_kinds": "`N` of lower case, upper case, digits and others at least", "password_days": "a password lasts `N` days",
		"password_history": "the last `N` passwords may not come again", "lockout_failures": "`N` wrong passwords in a row lock an account", "lockout_minutes": "a lock lasts `N` minutes",
		"inactive_days": "nobody gets in who has not logged in for `N` days",
	} {
		n := new(int)
		numbers[name] = n
		cmd.Flags().IntVar(n, strings.ReplaceAll(name, "_", "-"), 0, about)
	}
	cmd.Flags().BoolVar(&firstUse, "first-use", false, "a password that somebody else set must be changed at the first login")
	cmd.Flags().BoolVar(&noInvitations, "no-invitations", false, "nobody is invited to the projects of the domain")
	cmd.Flags().StringArrayVar(&mail, "mail-domain", nil, "`DOMAIN` that e-mail addresses may be in, .example.org for all below; may be repeated")
	cmd.Flags().StringVar(&level, "second-factor", "", "`LEVEL` of what is asked about a second factor: off, encourage, roles or all")
	cmd.Flags().StringArrayVar(&roles, "second-factor-role", nil, "`ROLE` of which one is required, for the level roles; may be repeated")
	cmd.Flags().StringVar(&from, "second-factor-from", "", "`DAY` from which on it is required, as 2030-12-31 in UTC, or a time (default: in 14 days)")
	return cmd
}
