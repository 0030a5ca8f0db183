package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
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

// beginOf is when something begins that counts from a day on, in UTC, or from a time.
func beginOf(text string) (string, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Format(time.RFC3339), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", fmt.Errorf("the beginning is a day as 2030-12-31 or a time as 2030-12-31T12:00:00Z, not %q", text)
	}
	return t.UTC().Format(time.RFC3339Nano), nil
}

// onPlace are the flags that say whose roles are meant, and where.
type onPlace struct {
	far
	project, domain, userDomain string
	on                          string // a domain in place of a project
	group, inherited            bool
	reason                      string
}

func (o *onPlace) flags(cmd *cobra.Command) {
	o.far.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.project, "project", "", "`PROJECT` of the role, by name or id")
	f.StringVar(&o.domain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: one's own)")
	f.StringVar(&o.userDomain, "user-domain", "", "`DOMAIN` of the user or group, by name or id (default: one's own)")
	f.StringVar(&o.on, "domain", "", "`DOMAIN` of the role, by name or id, in place of a project")
	f.BoolVar(&o.group, "group", false, "NAME is a group")
	f.BoolVar(&o.inherited, "inherited", false, "not there, but on all projects below")
	f.StringVar(&o.reason, "reason", "", "`WHY`, for whoever must agree")
	cmd.MarkFlagsOneRequired("project", "domain")
	cmd.MarkFlagsMutuallyExclusive("project", "domain")
}

// who is what NAME names.
func (o *onPlace) who() string {
	if o.group {
		return "group"
	}
	return "user"
}

// grant asks for grants, with a reason for whoever must agree if there is one, and tells what was made or waits.
func (f *far) grant(ctx context.Context, grants map[string]any, reason string) (c *client.Client, made map[string]any, err error) {
	if reason != "" {
		grants["reason"] = reason
	}
	if c, err = f.open(ctx); err != nil {
		return nil, nil, err
	}
	var answer struct {
		Grants map[string]any `json:"grants"`
	}
	err = c.Do(ctx, http.MethodPost, "/lintel/grants", map[string]any{"grants": grants}, &answer)
	return c, answer.Grants, err
}

// withDomain is a name with the domain that was taken for it: the one that was said, or the caller's own.
func withDomain(c *client.Client, name, domain string) string {
	if domain = cmp.Or(domain, c.Home); domain != "" {
		name += "@" + domain
	}
	return name
}

func accessJoinCommand() *cobra.Command {
	var f far
	var userDomain, groupDomain, reason string
	cmd := &cobra.Command{
		Use: "join USER GROUP", Short: "Add a user to a group, or ask for it with --reason where a grant rule wants somebody else to agree", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			grants := map[string]any{"user": named(args[0], userDomain), "group": named(args[1], groupDomain)}
			c, made, err := f.grant(cmd.Context(), grants, reason)
			if err != nil {
				return err
			}
			user, group := withDomain(c, args[0], userDomain), withDomain(c, args[1], groupDomain)
			if id := made["request_id"]; id != nil {
				return f.print(cmd.OutOrStdout(), made, row{"Request", "User", "Group"}, []row{{fmt.Sprint(id), user, group}})
			}
			return f.print(cmd.OutOrStdout(), made, row{"User", "Group"}, []row{{user, group}})
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&userDomain, "user-domain", "", "`DOMAIN` of the user, by name or id (default: one's own)")
	cmd.Flags().StringVar(&groupDomain, "group-domain", "", "`DOMAIN` of the group, by name or id (default: one's own)")
	cmd.Flags().StringVar(&reason, "reason", "", "`WHY`, for whoever must agree")
	return cmd
}

func accessLeaveCommand() *cobra.Command {
	var f far
	var userDomain, groupDomain string
	cmd := &cobra.Command{
		Use: "leave USER GROUP", Short: "Take a user out of a group", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			q := url.Values{"user": {args[0]}, "group": {args[1]}}
			for key, value := range map[string]string{"user_domain": userDomain, "group_domain": groupDomain} {
				if value != "" {
					q.Set(key, value)
				}
			}
			return c.Do(cmd.Context(), http.MethodDelete, "/lintel/grants?"+q.Encode(), nil, nil)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&userDomain, "user-domain", "", "`DOMAIN` of the user, by name or id (default: one's own)")
	cmd.Flags().StringVar(&groupDomain, "group-domain", "", "`DOMAIN` of the group, by name or id (default: one's own)")
	return cmd
}

func accessGrantCommand() *cobra.Command {
	var o onPlace
	var until string
	var once bool
	var meanwhile []string
	cmd := &cobra.Command{
		Use:   "grant NAME ROLE...",
		Short: "Grant roles on a project or a domain to a user or a group, for good or until a day",
		Long: `Grant roles on a project or a domain to a user or a group, for good or until a day, all of them or none. A role that is granted already
gets the end that is said here, or none. Where a grant rule wants somebody else to agree, the roles are asked for, with --reason.

With --once-mfa the roles wait until the user has turned on a second factor, and take effect then by the rights that you hold by
then; those of --meanwhile are granted at once. Roles to which somebody else must agree wait for that first.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			grants := map[string]any{o.who(): named(args[0], o.userDomain), "roles": roleRefs(args[1:])}
			if o.on != "" {
				grants["domain"] = map[string]any{"name": o.on}
			} else {
				grants["project"] = named(o.project, o.domain)
			}
			if o.inherited {
				grants["inherited"] = true
			}
			if until != "" {
				end, err := endOf(until)
				if err != nil {
					return err
				}
				grants["expires_at"] = end
			}
			if once {
				grants["once_second_factor"], grants["meanwhile"] = true, roleRefs(meanwhile)
			} else if len(meanwhile) > 0 {
				return errors.New("--meanwhile says what is granted while the other roles wait: it goes with --once-mfa")
			}
			c, made, err := o.grant(cmd.Context(), grants, o.reason)
			if err != nil {
				return err
			}
			who, place := withDomain(c, args[0], o.userDomain), o.on
			if place == "" {
				place = withDomain(c, o.project, o.domain)
			}
			end := "never"
			if at, ok := made["expires_at"].(string); ok {
				end = at
			}
			if id := made["request_id"]; id != nil {
				return o.print(cmd.OutOrStdout(), made, row{"Request", "For", "On", "Roles", "Ends"},
					[]row{{fmt.Sprint(id), who, place, strings.Join(args[1:], ", "), end}})
			}
			if waiting, _ := made["waiting_role_ids"].([]any); len(waiting) > 0 {
				return o.print(cmd.OutOrStdout(), made, row{"For", "On", "Granted", "Once there is a second factor", "Ends"},
					[]row{{who, place, strings.Join(meanwhile, ", "), strings.Join(args[1:], ", "), end}})
			}
			return o.print(cmd.OutOrStdout(), made, row{"For", "On", "Roles", "Ends"}, []row{{who, place, strings.Join(slices.Concat(args[1:], meanwhile), ", "), end}})
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&until, "until", "", "last `DAY` of the roles, as 2030-12-31 in UTC, or a time (default: they stay)")
	cmd.Flags().BoolVar(&once, "once-mfa", false, "the roles take effect when the user has turned on a second factor")
	cmd.Flags().StringArrayVar(&meanwhile, "meanwhile", nil, "`ROLE` that is granted at once, with --once-mfa; may be repeated")
	return cmd
}

// grantRequest is a request for grants, as the service tells of it.
type grantRequest struct {
	ID        string         `json:"id"`
	Project   *string        `json:"project_id"`
	Domain    *string        `json:"domain_id"`
	Inherited bool           `json:"inherited"`
	Revoke    bool           `json:"revoke"`
	Once      bool           `json:"once_second_factor"`
	User      map[string]any `json:"user"`
	Group     map[string]any `json:"group"`
	Address   *string        `json:"address"`
	Requester map[string]any `json:"requester"`
	Roles     []string       `json:"roles"`
	Reason    string         `json:"reason"`
	Ends      *string        `json:"access_expires_at"`
	State     string         `json:"state"`
	Created   string         `json:"created_at"`
	Until     string         `json:"expires_at"`
	Decider   map[string]any `json:"decider"`
	Answer    *string        `json:"answer"`
}

var requestHead = row{"Request", "For", "Roles", "Ends", "Asked by", "Why", "State"}

func (g grantRequest) row() row {
	end := "never"
	if g.Ends != nil {
		end = *g.Ends
	}
	who, what := "", strings.Join(g.Roles, ", ")
	switch {
	case g.Address != nil:
		who = *g.Address
	case g.User != nil:
		who = fmt.Sprint(g.User["name"])
	case g.Group != nil:
		who = fmt.Sprint(g.Group["name"])
	}
	if g.User != nil && g.Group != nil {
		what = fmt.Sprint("the group ", g.Group["name"])
	}
	if g.Revoke {
		what = "to lose " + what
	}
	if g.Once {
		what += ", once there is a second factor"
	}
	return row{g.ID, who, what, end, fmt.Sprint(g.Requester["name"]), g.Reason, g.State}
}

func accessRequestsCommand() *cobra.Command {
	var f far
	var project, domain, on string
	cmd := &cobra.Command{
		Use: "requests", Short: "List the requests on a project, or on a domain and in it, to which somebody else must agree", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			q := url.Values{}
			for key, value := range map[string]string{"project": project, "domain": cmp.Or(on, domain)} {
				if value != "" {
					q.Set(key, value)
				}
			}
			var answer struct {
				Requests []grantRequest `json:"grant_requests"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/grant_requests?"+q.Encode(), nil, &answer); err != nil {
				return err
			}
			var rows []row
			for _, g := range answer.Requests {
				rows = append(rows, g.row())
			}
			return f.print(cmd.OutOrStdout(), answer.Requests, requestHead, rows)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&project, "project", "", "`PROJECT` of the requests, by name or id")
	cmd.Flags().StringVar(&domain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: one's own)")
	cmd.Flags().StringVar(&on, "domain", "", "`DOMAIN` of the requests, by name or id, in place of a project")
	cmd.MarkFlagsOneRequired("project", "domain")
	cmd.MarkFlagsMutuallyExclusive("project", "domain")
	return cmd
}

// answerRequest is a command that answers a request for roles.
func answerRequest(use, short, path string, body func() any) *cobra.Command {
	var f far
	cmd := &cobra.Command{
		Use: use + " REQUEST", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			var answer struct {
				Request grantRequest `json:"grant_request"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/grant_requests/"+url.PathEscape(args[0])+path, body(), &answer); err != nil {
				return err
			}
			return f.print(cmd.OutOrStdout(), answer.Request, requestHead, []row{answer.Request.row()})
		},
	}
	f.flags(cmd)
	return cmd
}

func accessApproveCommand() *cobra.Command {
	return answerRequest("approve", "Agree to a request, which does what it asks for", "/approval", func() any { return nil })
}

func accessRefuseCommand() *cobra.Command {
	var reason string
	cmd := answerRequest("refuse", "Refuse a request", "/refusal", func() any {
		return map[string]any{"refusal": map[string]any{"reason": reason}}
	})
	cmd.Flags().StringVar(&reason, "reason", "", "`WHY`, for whoever asked")
	required(cmd, "reason")
	return cmd
}

func accessWithdrawCommand() *cobra.Command {
	var f far
	cmd := &cobra.Command{
		Use: "withdraw REQUEST", Short: "Take a request back", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			return c.Do(cmd.Context(), http.MethodDelete, "/lintel/grant_requests/"+url.PathEscape(args[0]), nil, nil)
		},
	}
	f.flags(cmd)
	return cmd
}

// departure prints what it would mean to take all roles on a project from a user.
func (o *onPlace) departure(cmd *cobra.Command, c *client.Client, user string) error {
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	var answer struct {
		Departure struct {
			User    json.RawMessage `json:"user"`
			Project string          `json:"project_id"`
			Loses   []named         `json:"loses"`
			Asked   []named         `json:"asked"`
			Keeps   []struct {
				named
				Group *named `json:"group,omitempty"`
				From  *named `json:"inherited_from,omitempty"`
				By    *named `json:"implied_by,omitempty"`
			} `json:"keeps"`
			Ends struct {
				Tokens      bool `json:"tokens"`
				Credentials *int `json:"application_credentials"`
				Keys        *int `json:"ec2_credentials"`
				Trusts      *int `json:"trusts"`
			} `json:"ends"`
		} `json:"departure"`
	}
	q := url.Values{"user": {user}, "project": {o.project}}
	for key, value := range map[string]string{"user_domain": o.userDomain, "project_domain": o.domain} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/departure?"+q.Encode(), nil, &answer); err != nil {
		return err
	}
	d := answer.Departure
	var rows []row
	for _, r := range d.Loses {
		rows = append(rows, row{"loses", r.Name, ""})
	}
	for _, r := range d.Asked {
		rows = append(rows, row{"loses", r.Name, "if somebody else agrees"})
	}
	for _, r := range d.Keeps {
		var through []string
		for _, way := range []struct {
			words string
			of    *named
		}{{"by the group ", r.Group}, {"inherited from ", r.From}, {"implied by ", r.By}} {
			if way.of != nil {
				through = append(through, way.words+way.of.Name)
			}
		}
		rows = append(rows, row{"keeps", r.Name, strings.Join(through, ", ")})
	}
	if d.Ends.Tokens {
		rows = append(rows, row{"ends", "all tokens for the project", ""})
	}
	for _, of := range []struct {
		what string
		n    *int
	}{{"application credentials", d.Ends.Credentials}, {"EC2 keys", d.Ends.Keys}, {"trusts", d.Ends.Trusts}} {
		if of.n != nil && *of.n > 0 {
			rows = append(rows, row{"ends", fmt.Sprintf("%d %s", *of.n, of.what), ""})
		}
	}
	return o.print(cmd.OutOrStdout(), d, row{"", "What", "Through"}, rows)
}

func accessRevokeCommand() *cobra.Command {
	var o onPlace
	var all, dry bool
	cmd := &cobra.Command{
		Use:   "revoke NAME [ROLE]",
		Short: "Take a role on a project or a domain back from a user or a group, or ask for it with --reason where a grant rule wants somebody else to agree",
		Long: `Take a role on a project or a domain back from a user or a group, or ask for it with --reason where a grant rule wants somebody else to agree.

With --all, all roles that were granted to a user on a project are taken back that you may take, and those are asked for to which
somebody else must agree. With --dry-run nothing is: it is told what would remain, and what would work no more.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 2) {
				return errors.New("name a role, or say --all")
			}
			if dry && (!all || o.group || o.on != "") {
				return errors.New("--dry-run is for --all roles of a user on a project")
			}
			c, err := o.open(cmd.Context())
			if err != nil {
				return err
			}
			if dry {
				return o.departure(cmd, c, args[0])
			}
			q := url.Values{o.who(): {args[0]}}
			what := "all for which somebody must agree"
			if all {
				q.Set("all", "true")
			} else {
				q.Set("role", args[1])
				what = args[1]
			}
			if o.inherited {
				q.Set("inherited", "true")
			}
			for key, value := range map[string]string{"user_domain": o.userDomain, "project": o.project, "project_domain": o.domain, "domain": o.on, "reason": o.reason} {
				if value != "" {
					q.Set(key, value)
				}
			}
			var answer struct {
				Grants map[string]any `json:"grants"`
			}
			err = c.Do(cmd.Context(), http.MethodDelete, "/lintel/grants?"+q.Encode(), nil, &answer)
			if err != nil || answer.Grants == nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), answer.Grants, row{"Request", "For", "On", "Roles"}, []row{{fmt.Sprint(answer.Grants["request_id"]), args[0], cmp.Or(o.on, o.project), "to lose " + what}})
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all roles that were granted to the user on the project")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only tell what it would mean")
	return cmd
}
