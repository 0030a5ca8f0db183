package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

// grantRule is a rule of who may grant what, as the service tells of it.
type grantRule struct {
	ID          string         `json:"id"`
	DomainID    *string        `json:"domain_id"`
	Holder      map[string]any `json:"holder_role"`
	HolderScope string         `json:"holder_scope"`
	Target      map[string]any `json:"target_role"`
	TargetScope string         `json:"target_scope"`
	Grant       bool           `json:"may_grant"`
	Revoke      bool           `json:"may_revoke"`
	Invite      bool           `json:"may_invite"`
	MaxDays     *int           `json:"max_days"`
	Approval    bool           `json:"needs_approval"`
	StepUp      bool           `json:"needs_step_up"`
}

func (g grantRule) is(holder, target string) bool {
	return (g.Holder["name"] == holder || g.Holder["id"] == holder) && (g.Target["name"] == target || g.Target["id"] == target)
}

// may says in words what the holder may do with the target.
func (g grantRule) may() string {
	var may []string
	for _, m := range []struct {
		does bool
		word string
	}{{g.Grant, "grant"}, {g.Revoke, "revoke"}, {g.Invite, "invite"}} {
		if m.does {
			may = append(may, m.word)
		}
	}
	if len(may) == 0 {
		return "nothing"
	}
	return strings.Join(may, ", ")
}

// asks says in words what the holder must do for it.
func (g grantRule) asks() string {
	var asks []string
	if g.MaxDays != nil {
		asks = append(asks, fmt.Sprintf("at most %d days", *g.MaxDays))
	}
	if g.Approval {
		asks = append(asks, "somebody else agrees")
	}
	if g.StepUp {
		asks = append(asks, "prove who you are")
	}
	return strings.Join(asks, ", ")
}

var ruleHead = row{"Who holds", "On a", "May", "The role", "On a", "If"}

func (g grantRule) row() row {
	return row{fmt.Sprint(g.Holder["name"]), g.HolderScope, g.may(), fmt.Sprint(g.Target["name"]), g.TargetScope, g.asks()}
}

// ruleCalls are the calls about the rules of the whole cloud, or of a domain.
type ruleCalls struct {
	far
	domain string // by name or id

	unreachable []unreachable // by list
}

func (r *ruleCalls) flags(cmd *cobra.Command) {
	r.far.flags(cmd)
	cmd.Flags().StringVar(&r.domain, "domain", "", "`DOMAIN` whose rules are meant, by name or id: they narrow those of the whole cloud")
}

// enter logs in and finds the id of the domain; nil for the whole cloud.
func (r *ruleCalls) enter(ctx context.Context) (c *client.Client, domain any, err error) {
	if c, err = r.open(ctx); err != nil || r.domain == "" {
		return c, nil, err
	}
	var found struct {
		Domains []struct {
			ID string `json:"id"`
		} `json:"domains"`
	}
	if err := c.Do(ctx, http.MethodGet, "/domains?name="+url.QueryEscape(r.domain), nil, &found); err != nil {
		return nil, nil, err
	}
	if len(found.Domains) == 0 {
		return c, r.domain, nil
	}
	return c, found.Domains[0].ID, nil
}

// list returns the rules, and the client for what is to be done with them.
func (r *ruleCalls) list(ctx context.Context) (*client.Client, []grantRule, error) {
	c, domain, err := r.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		Rules       []grantRule   `json:"grant_rules"`
		Unreachable []unreachable `json:"unreachable_roles"`
	}
	if err := c.Do(ctx, http.MethodGet, "/lintel/grant_rules", nil, &answer); err != nil {
		return nil, nil, err
	}
	r.unreachable = answer.Unreachable
	some := []grantRule{}
	for _, g := range answer.Rules {
		if domain == nil && g.DomainID == nil || g.DomainID != nil && domain == *g.DomainID {
			some = append(some, g)
		}
	}
	return c, some, nil
}

// set replaces the rules, or tells what that would change.
func (r *ruleCalls) set(cmd *cobra.Command, body map[string]any) error {
	c, domain, err := r.enter(cmd.Context())
	if err != nil {
		return err
	}
	body["domain_id"] = domain
	var answer struct {
		Rules   []grantRule `json:"grant_rules"`
		Changes struct {
			Added   []grantRule      `json:"added"`
			Changed []grantRule      `json:"changed"`
			Removed []grantRule      `json:"removed"`
			Missing []string         `json:"missing_roles"`
			High    []map[string]any `json:"high_impact_roles"`

			Unreachable []unreachable `json:"unreachable_roles"`
		} `json:"changes"`
	}
	if err := c.Do(cmd.Context(), http.MethodPut, "/lintel/grant_rules", map[string]any{"grant_rules": body}, &answer); err != nil {
		return err
	}
	var rows []row
	for _, of := range []struct {
		word string
		some []grantRule
	}{{"added", answer.Changes.Added}, {"changed", answer.Changes.Changed}, {"removed", answer.Changes.Removed}} {
		for _, g := range of.some {
			rows = append(rows, append(row{of.word}, g.row()...))
		}
	}
	w := cmd.OutOrStdout()
	if err := r.print(w, answer, append(row{"Rule"}, ruleHead...), rows); err != nil || r.format != "table" {
		return err
	}
	for _, name := range answer.Changes.Missing {
		fmt.Fprintf(w, "There is no role %s: rules about it were left out.\n", name)
	}
	for _, role := range answer.Changes.High {
		fmt.Fprintf(w, "The role %v is of high impact: whoever may grant it can have what it permits.\n", role["name"])
	}
	warnUnreachable(w, answer.Changes.Unreachable)
	return nil
}

// unreachable is a role that rules are about and that nobody can come to have.
type unreachable struct {
	DomainID *string        `json:"domain_id"`
	Role     map[string]any `json:"role"`
}

func warnUnreachable(w io.Writer, all []unreachable) {
	for _, u := range all {
		if u.DomainID == nil {
			fmt.Fprintf(w, "Nobody can come to have %v: nobody holds it, and nobody but those who may grant every role can grant it.\n", u.Role["name"])
		} else {
			fmt.Fprintf(w, "In the domain %s nobody can grant %v: its rules close what those of the cloud open.\n", *u.DomainID, u.Role["name"])
		}
	}
}

func grantsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grants",
		Short: "Say who may grant which roles, beside what the policy says",
		Long: `Say who may grant which roles, beside what the policy says.

A rule lets those who hold one role on a project, a domain or the system grant another one there, take it back, or invite people to
it. Whatever rules say, nobody reaches above themselves. Rules of a domain open nothing: they narrow those of the whole cloud.`,
	}
	cmd.AddCommand(grantsListCommand(), grantsPresetCommand(), grantsReplaceCommand(), grantsAllowCommand(), grantsDenyCommand(), grantsAskCommand())
	return cmd
}

func grantsListCommand() *cobra.Command {
	var r ruleCalls
	cmd := &cobra.Command{
		Use: "list", Short: "List the rules", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, rules, err := r.list(cmd.Context())
			if err != nil {
				return err
			}
			var rows []row
			for _, g := range rules {
				rows = append(rows, g.row())
			}
			if err := r.print(cmd.OutOrStdout(), rules, ruleHead, rows); err != nil || r.format != "table" {
				return err
			}
			warnUnreachable(cmd.OutOrStdout(), r.unreachable)
			return nil
		},
	}
	r.flags(cmd)
	return cmd
}

func grantsPresetCommand() *cobra.Command {
	var r ruleCalls
	var file string
	var rehearse bool
	cmd := &cobra.Command{
		Use:   "preset NAME",
		Short: "Replace all rules by a set that is known by a name",
		Long: `Replace all rules by a set that is known by a name:

  keystone-default  no rules: the policy alone decides
  catalyst          who holds project_admin looks after all people of their project, who holds project_mod after all but administrators
  adjutant          as the role_mapping of an Adjutant says, whose configuration is given with --file`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"preset": args[0], "rehearse": rehearse}
			if file != "" {
				text, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				body["role_mapping"] = string(text)
			}
			return r.set(cmd, body)
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&file, "file", "", "`FILE` with the configuration of an Adjutant")
	cmd.Flags().BoolVar(&rehearse, "rehearse", false, "tell what would change, and change nothing")
	return cmd
}

func grantsReplaceCommand() *cobra.Command {
	var r ruleCalls
	var rehearse bool
	cmd := &cobra.Command{
		Use:   "replace FILE",
		Short: "Replace all rules by those of a file, as `list -f json` writes it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			rules := []map[string]any{}
			if err := json.Unmarshal(text, &rules); err != nil {
				return fmt.Errorf("%s is no list of rules: %w", args[0], err)
			}
			for _, g := range rules {
				delete(g, "id")
				delete(g, "domain_id")
				for _, key := range []string{"holder_role", "target_role"} {
					if role, _ := g[key].(map[string]any); role["id"] != nil {
						g[key] = map[string]any{"id": role["id"]}
					}
				}
			}
			return r.set(cmd, map[string]any{"rules": rules, "rehearse": rehearse})
		},
	}
	r.flags(cmd)
	cmd.Flags().BoolVar(&rehearse, "rehearse", false, "tell what would change, and change nothing")
	return cmd
}

func grantsAllowCommand() *cobra.Command {
	var r ruleCalls
	var on, what, only string
	var days int
	var approval, stepUp bool
	cmd := &cobra.Command{
		Use:   "allow HOLDER ROLE",
		Short: "Let those who hold one role grant another, take it back, and invite people to it",
		Long: `Let those who hold one role grant another, take it back, and invite people to it. A rule that there is about the two is replaced. To let
them do only some of that, list what with --only.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			rule := map[string]any{
				"holder_role": map[string]any{"name": args[0]}, "holder_scope": on, "target_role": map[string]any{"name": args[1]}, "target_scope": what,
				"needs_approval": approval, "needs_step_up": stepUp,
			}
			for word := range strings.SplitSeq(only, ",") {
				switch word = strings.TrimSpace(word); word {
				case "grant", "revoke", "invite":
					rule["may_"+word] = true
				case "none":
				default:
					return fmt.Errorf("--only is a list of grant, revoke and invite, or none, not %q", only)
				}
			}
			if cmd.Flags().Changed("max-days") {
				rule["max_days"] = days
			}
			c, domain, err := r.enter(cmd.Context())
			if err != nil {
				return err
			}
			rule["domain_id"] = domain
			var answer struct {
				Rule grantRule `json:"grant_rule"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/grant_rules", map[string]any{"grant_rule": rule}, &answer); err != nil {
				return err
			}
			return r.print(cmd.OutOrStdout(), answer.Rule, ruleHead, []row{answer.Rule.row()})
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&on, "on", "project", "`KIND` of place where HOLDER is held: project, domain or system")
	cmd.Flags().StringVar(&what, "to", "project", "`KIND` of place where ROLE is granted: project, domain, or group for what groups confer")
	cmd.Flags().StringVar(&only, "only", "grant,revoke,invite", "`LIST` of what they may do; none in a domain, to close it there")
	cmd.Flags().IntVar(&days, "max-days", 0, "a grant ends after `N` days at most")
	cmd.Flags().BoolVar(&approval, "needs-approval", false, "somebody else who may do it must agree")
	cmd.Flags().BoolVar(&stepUp, "needs-step-up", false, "they must have proved just now who they are")
	return cmd
}

func grantsDenyCommand() *cobra.Command {
	var r ruleCalls
	var on, what string
	cmd := &cobra.Command{
		Use:   "deny HOLDER ROLE",
		Short: "Delete the rule that lets those who hold one role do something with another",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, rules, err := r.list(cmd.Context())
			if err != nil {
				return err
			}
			for _, g := range rules {
				if g.is(args[0], args[1]) && g.HolderScope == on && g.TargetScope == what {
					return c.Do(cmd.Context(), http.MethodDelete, "/lintel/grant_rules/"+url.PathEscape(g.ID), nil, nil)
				}
			}
			return errors.New("there is no rule of what " + strconv.Quote(args[0]) + " on a " + on + " may do with " + strconv.Quote(args[1]) + " on a " + what)
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&on, "on", "project", "`KIND` of place where HOLDER is held: project, domain or system")
	cmd.Flags().StringVar(&what, "to", "project", "`KIND` of place where ROLE is granted: project, domain or group")
	return cmd
}

func grantsAskCommand() *cobra.Command {
	var f far
	var as, asUser, domain, project, act, role, at string
	var system bool
	cmd := &cobra.Command{
		Use:   "ask [USER]",
		Short: "Suppose that somebody would do something to USER: whether they may, and which rule decides",
		Long: `Suppose that somebody would do something to USER: whether they may, and which rule decides. Nothing is changed.

Who asks is somebody who holds the role of --as, or the user of --as-user. They act on --project, on --domain or on the --system.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			q := url.Values{"act": {act}}
			look := func(key, kind, name, in string) {
				if name == "" || err != nil {
					return
				}
				var id string
				if id, err = find(cmd.Context(), c, kind, name, in); err == nil {
					q.Set(key, id)
				}
			}
			look("as_role_id", "role", as, "")
			look("as_user_id", "user", asUser, domain)
			look("as_project_id", "project", project, domain)
			look("role_id", "role", role, "")
			look("project_id", "project", at, domain)
			if len(args) > 0 {
				look("user_id", "user", args[0], domain)
			}
			if err != nil {
				return err
			}
			if system {
				q.Set("as_system", "true")
			} else if project == "" && domain != "" {
				calls := ruleCalls{far: f, domain: domain}
				_, id, err := calls.enter(cmd.Context())
				if err != nil {
					return err
				}
				q.Set("as_domain_id", fmt.Sprint(id))
			}
			var answer struct {
				Decision struct {
					Allowed bool           `json:"allowed"`
					By      string         `json:"decided_by"`
					Reason  *string        `json:"reason"`
					Policy  map[string]any `json:"policy"`
					Rule    *grantRule     `json:"grant_rule"`
					Role    map[string]any `json:"role"`
					On      map[string]any `json:"on"`
					Absent  bool           `json:"nothing_to_revoke"`
				} `json:"grant_decision"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/grant_rules/decision?"+q.Encode(), nil, &answer); err != nil {
				return err
			}
			d := answer.Decision
			rows := []row{{"Allowed", strconv.FormatBool(d.Allowed)}, {"Decided by", d.By}}
			if d.Policy != nil {
				rows = append(rows, row{"Policy", fmt.Sprintf("%v: %v", d.Policy["rule"], d.Policy["check"])})
			}
			if d.Rule != nil {
				rows = append(rows, row{"Rule", strings.TrimSuffix(strings.Join(d.Rule.row(), ", "), ", ")})
			}
			if d.Role != nil {
				rows = append(rows, row{"In the way", fmt.Sprintf("%v on %v", d.Role["name"], d.On["name"])})
			}
			if d.Absent {
				rows = append(rows, row{"Note", "there is nothing to take back"})
			}
			if d.Reason != nil {
				rows = append(rows, row{"They are told", *d.Reason})
			}
			return f.print(cmd.OutOrStdout(), d, row{"Field", "Value"}, rows)
		},
	}
	f.flags(cmd)
	fl := cmd.Flags()
	fl.StringVar(&as, "as", "", "`ROLE` that who asks holds where they act")
	fl.StringVar(&asUser, "as-user", "", "`USER` who asks, by name or id")
	fl.StringVar(&domain, "domain", "", "`DOMAIN` of all these names, by name or id; where they act if on no project")
	fl.StringVar(&project, "project", "", "`PROJECT` on which they act")
	fl.BoolVar(&system, "system", false, "they act on the system")
	fl.StringVar(&act, "act", "grant", "`ACT`: grant, revoke, invite, account or factor")
	fl.StringVar(&role, "role", "", "`ROLE` that it is about")
	fl.StringVar(&at, "at", "", "`PROJECT` that it is done on, if not where they act")
	cmd.MarkFlagsMutuallyExclusive("as", "as-user")
	cmd.MarkFlagsOneRequired("as", "as-user")
	return cmd
}
