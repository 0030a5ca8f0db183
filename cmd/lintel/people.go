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
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

// wholeList reads the list called name below a path, page by page. id is what names an item.
func wholeList[T any](ctx context.Context, c *client.Client, at, name string, id func(T) string) ([]T, error) {
	all := []T{}
	for q := (url.Values{"limit": {"100"}}); ; {
		var page map[string]json.RawMessage
		if err := c.Do(ctx, http.MethodGet, at+"/"+name+"?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		var some []T
		var links struct {
			Next *string `json:"next"`
		}
		if err := errors.Join(json.Unmarshal(page[name], &some), json.Unmarshal(page["links"], &links)); err != nil {
			return nil, err
		}
		all = append(all, some...)
		if links.Next == nil || len(some) == 0 {
			return all, nil
		}
		q.Set("marker", id(some[len(some)-1]))
	}
}

// ambiguous says of a name that more than one has it, and how to choose.
type ambiguous struct {
	kind, name string
	each       []string // an id, and its domain
	cure       string
}

func (a ambiguous) Error() string {
	return fmt.Sprintf("more than one %s is called %s: %s: %s", a.kind, a.name, cmp.Or(a.cure, "say one of these ids"), strings.Join(a.each, ", "))
}

// find returns the id of the one project, user, role or domain that has a name, or an id. Where a domain is said, by name or id, it is one
// of that domain's. What is no name of a domain goes on as its id, for there are more who may name a domain than who may look it up.
func find(ctx context.Context, c *client.Client, kind, name, domain string) (string, error) {
	type thing struct {
		ID, Name string
		Domain   string `json:"domain_id"`
	}
	list := func(path string) ([]thing, error) {
		var page struct{ Projects, Users, Roles, Domains []thing }
		err := c.Do(ctx, http.MethodGet, path+"?"+url.Values{"name": {name}}.Encode(), nil, &page)
		return slices.DeleteFunc(slices.Concat(page.Projects, page.Users, page.Roles, page.Domains), func(t thing) bool { return t.Name != name }), err
	}
	all, err := list("/" + kind + "s")
	if refused, ok := errors.AsType[*client.Error](err); ok && refused.Status == http.StatusForbidden {
		err = nil // whoever may not list all sees their own
		if kind == "project" {
			all, err = list("/auth/projects")
		}
	}
	if err != nil {
		return "", err
	}
	domainName := func(id string) string {
		var d struct{ Domain thing }
		if c.Do(ctx, http.MethodGet, "/domains/"+url.PathEscape(id), nil, &d) != nil {
			return ""
		}
		return d.Domain.Name
	}
	all = slices.DeleteFunc(all, func(t thing) bool {
		return domain != "" && t.Domain != domain && domainName(t.Domain) != domain
	})
	switch len(all) {
	case 1:
		return all[0].ID, nil
	case 0:
		if kind == "domain" || c.Do(ctx, http.MethodGet, "/"+kind+"s/"+url.PathEscape(name), nil, nil) == nil {
			return name, nil
		}
		return "", fmt.Errorf("there is no %s %s that you may see", kind, name)
	}
	var each []string
	for _, t := range all {
		in := "of the whole cloud" // as a role may be
		if t.Domain != "" {
			in = "in the domain " + cmp.Or(domainName(t.Domain), t.Domain)
		}
		each = append(each, t.ID+" "+in)
	}
	return "", ambiguous{kind: kind, name: name, each: each}
}

// ofProject are the commands about things of a project. All of them call below the path of the project.
type ofProject struct {
	far
	project, domain string
}

func (o *ofProject) command(use, short string, args cobra.PositionalArgs, run func(cmd *cobra.Command, c *client.Client, at string, args []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		c, err := o.open(cmd.Context())
		if err != nil {
			return err
		}
		id, err := find(cmd.Context(), c, "project", o.project, o.domain)
		if err != nil {
			return err
		}
		return run(cmd, c, "/lintel/projects/"+url.PathEscape(id), args)
	}}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.project, "project", "", "`PROJECT`, by name or id")
	cmd.Flags().StringVar(&o.domain, "project-domain", "", "`DOMAIN` of the project, by name or id")
	required(cmd, "project")
	return cmd
}

// passwords are the flags of a command that sets a password. Without any of them the service makes one.
type passwords struct {
	password string
	prompt   bool
}

func (p *passwords) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.password, "password", "", "`PASSWORD` (default: one is made, and printed)")
	cmd.Flags().BoolVar(&p.prompt, "password-prompt", false, "ask for the password")
	cmd.MarkFlagsMutuallyExclusive("password", "password-prompt")
}

// into puts the password into a body, if one was given.
func (p *passwords) into(cmd *cobra.Command, body map[string]any) (err error) {
	if p.prompt {
		p.password, err = askPassword(cmd)
	}
	if p.password != "" {
		body["password"] = p.password
	}
	return err
}

// told is an account as it is printed: with its password if the service made it.
func (p *passwords) told(account map[string]any) map[string]any {
	if p.password != "" {
		delete(account, "password")
	}
	return account
}

// tellAPIUser calls for an API user and prints it.
func tellAPIUser(cmd *cobra.Command, f *far, c *client.Client, method, path string, body any) error {
	var answer struct {
		User map[string]any `json:"api_user"`
	}
	if err := c.Do(cmd.Context(), method, path, body, &answer); err != nil {
		return err
	}
	delete(answer.User, "links")
	if f.format == "table" {
		var names []string
		roles, _ := answer.User["roles"].([]any)
		for _, r := range roles {
			role, _ := r.(map[string]any)
			names = append(names, fmt.Sprint(role["name"]))
		}
		answer.User["roles"] = names
	}
	return f.print(cmd.OutOrStdout(), answer.User, row{"Field", "Value"}, fields(answer.User))
}

func apiUserCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "api-user", Short: "Look after the accounts of programs in a project"}
	var o ofProject
	var pw passwords
	type apiUser struct {
		ID          string           `json:"id"`
		Name        string           `json:"name"`
		Description string           `json:"description"`
		Owner       *string          `json:"owner"`
		Enabled     bool             `json:"enabled"`
		Roles       []map[string]any `json:"roles"`
	}
	list := func(ctx context.Context, c *client.Client, at, name string) (all []apiUser, err error) {
		for marker := ""; ; {
			var page struct {
				Users []apiUser `json:"api_users"`
				Links struct {
					Next *string `json:"next"`
				} `json:"links"`
			}
			q := url.Values{}
			for key, value := range map[string]string{"name": name, "marker": marker} {
				if value != "" {
					q.Set(key, value)
				}
			}
			if err := c.Do(ctx, http.MethodGet, at+"/api_users?"+q.Encode(), nil, &page); err != nil {
				return nil, err
			}
			all = append(all, page.Users...)
			if page.Links.Next == nil || len(page.Users) == 0 {
				return all, nil
			}
			marker = page.Users[len(page.Users)-1].ID
		}
	}
	one := func(ctx context.Context, c *client.Client, at, name string) (id string, err error) {
		all, err := list(ctx, c, at, name)
		for _, u := range all {
			if u.Name == name || u.ID == name {
				return u.ID, nil
			}
		}
		if err == nil {
			err = fmt.Errorf("there is no API user %s", name)
		}
		return "", err
	}
	type made struct {
		User map[string]any `json:"api_user"`
	}

	cmd.AddCommand(o.command("list", "List the API users of a project", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, at string, _ []string) error {
		all, err := list(cmd.Context(), c, at, "")
		if err != nil {
			return err
		}
		rows := make([]row, len(all))
		for i, u := range all {
			var roles []string
			for _, r := range u.Roles {
				roles = append(roles, fmt.Sprint(r["name"]))
			}
			owner := ""
			if u.Owner != nil {
				owner = *u.Owner
			}
			rows[i] = row{u.ID, u.Name, strings.Join(roles, ", "), owner, u.Description}
		}
		return o.print(cmd.OutOrStdout(), all, row{"ID", "Name", "Roles", "Owner", "Description"}, rows)
	}))

	var about string
	var roles []string
	create := o.command("create NAME", "Make an API user, whose name goes on from one’s own", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		body := map[string]any{"name": args[0], "roles": roleRefs(roles)}
		if about != "" {
			body["description"] = about
		}
		if err := pw.into(cmd, body); err != nil {
			return err
		}
		var answer made
		if err := c.Do(cmd.Context(), http.MethodPost, at+"/api_users", map[string]any{"api_user": body}, &answer); err != nil {
			return err
		}
		out := pw.told(answer.User)
		out["roles"] = roles
		return o.print(cmd.OutOrStdout(), out, row{"Field", "Value"}, fields(out))
	})
	pw.flags(create)
	create.Flags().StringVar(&about, "description", "", "`TEXT` about the account")
	create.Flags().StringArrayVar(&roles, "role", []string{"member"}, "`ROLE` on the project; may be repeated")

	reset := o.command("password NAME", "Give an API user a new password", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		id, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		body := map[string]any{}
		if err := pw.into(cmd, body); err != nil {
			return err
		}
		var answer made
		if err := c.Do(cmd.Context(), http.MethodPost, at+"/api_users/"+id+"/password", map[string]any{"api_user": body}, &answer); err != nil {
			return err
		}
		out := pw.told(answer.User)
		return o.print(cmd.OutOrStdout(), out, row{"Field", "Value"}, fields(out))
	})
	pw.flags(reset)

	show := o.command("show NAME", "Show an API user", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		id, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		return tellAPIUser(cmd, &o.far, c, http.MethodGet, at+"/api_users/"+id, nil)
	})
	var enable, disable bool
	set := o.command("set NAME", "Disable an API user, enable it again, or say what it is for", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		body := map[string]any{}
		if cmd.Flags().Changed("description") {
			body["description"] = about
		}
		if enable || disable {
			body["enabled"] = enable
		}
		if len(body) == 0 {
			return errors.New("say what to change: --enable, --disable or --description")
		}
		id, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		return tellAPIUser(cmd, &o.far, c, http.MethodPatch, at+"/api_users/"+id, map[string]any{"api_user": body})
	})
	set.Flags().StringVar(&about, "description", "", "`TEXT` about the account; empty for none")
	set.Flags().BoolVar(&enable, "enable", false, "let it log in again")
	set.Flags().BoolVar(&disable, "disable", false, "end its tokens, and let it log in no more")
	set.MarkFlagsMutuallyExclusive("enable", "disable")

	cmd.AddCommand(create, reset, show, set, o.command("delete NAME", "Delete an API user", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		id, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodDelete, at+"/api_users/"+id, nil, nil)
	}))
	return cmd
}

func accountCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "account", Short: "Look after accounts of customers, and what accounts are for"}
	var f far
	var pw passwords
	var project, role, domain, reason string
	open := &cobra.Command{
		Use:   "open ADDRESS",
		Short: "Open the account of a customer: a project and its main user, both or nothing",
		Long: `Open the account of a customer: a project and its main user, both or nothing. The main user's name is the address. They sign in
to the portal alone, and make API users for all else.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"email": args[0], "project": project, "role": map[string]any{"name": role}}
			if reason != "" {
				body["reason"] = reason
			}
			if err := pw.into(cmd, body); err != nil {
				return err
			}
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			if domain != "" {
				if body["domain_id"], err = find(cmd.Context(), c, "domain", domain, ""); err != nil {
					return err
				}
			}
			var answer struct {
				Account struct {
					User    map[string]any `json:"user"`
					Project map[string]any `json:"project"`
					Waiting []string       `json:"waiting_roles"`
					Request string         `json:"request_id"`
				} `json:"account"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/accounts", map[string]any{"account": body}, &answer); err != nil {
				return err
			}
			out := pw.told(answer.Account.User)
			out["project"] = answer.Account.Project["name"]
			if answer.Account.Request != "" {
				out["waiting_roles"], out["request_id"] = answer.Account.Waiting, answer.Account.Request
			}
			return f.print(cmd.OutOrStdout(), out, row{"Field", "Value"}, fields(out))
		},
	}
	f.flags(open)
	pw.flags(open)
	open.Flags().StringVar(&project, "project", "", "`NAME` of the project")
	open.Flags().StringVar(&role, "role", "member", "`ROLE` of the main user on it")
	open.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the project, by name or id (default: the first one)")
	open.Flags().StringVar(&reason, "reason", "", "`WHY`, for whoever must agree to the role, where a grant rule wants that")
	required(open, "project")

	kinds := map[string]map[string]any{
		"person":  {"kind": "person", "portal_login": true, "api_login": true},
		"portal":  {"kind": "person", "portal_login": true, "api_login": false},
		"api":     {"kind": "api", "portal_login": false, "api_login": true},
		"service": {"kind": "service", "portal_login": false, "api_login": true},
	}
	kind := &cobra.Command{
		Use:   "kind USER person|portal|api|service",
		Short: "Say what an account is for, and so where it may sign in",
		Long: `Say what an account is for, and so where it may sign in: a person, in the portal and the API; a person in the portal alone; an API
user and a service of the cloud in the API alone.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			to := kinds[args[1]]
			if to == nil {
				return fmt.Errorf("an account is for person, portal, api or service, not for %s", args[1])
			}
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			id, err := find(cmd.Context(), c, "user", args[0], domain)
			if err != nil {
				return err
			}
			return c.Do(cmd.Context(), http.MethodPut, "/lintel/users/"+url.PathEscape(id)+"/surface", map[string]any{"surface": to}, nil)
		},
	}
	f.flags(kind)
	kind.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the user, by name or id")
	cmd.AddCommand(open, kind)
	return cmd
}

func portalUserCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "portal-user", Short: "Look after who enters a project’s pages in the portal without a role on it", Long: `Look after who enters a project's pages in the portal without a role on it. They are invited by "lintel invite --area".`}
	var o ofProject
	type portalUser struct {
		ID    string   `json:"id"`
		Name  string   `json:"name"`
		Email *string  `json:"email"`
		Areas []string `json:"areas"`
	}
	list := func(ctx context.Context, c *client.Client, at string) ([]portalUser, error) {
		return wholeList(ctx, c, at, "portal_users", func(u portalUser) string { return u.ID })
	}
	one := func(ctx context.Context, c *client.Client, at, name string) (path string, err error) {
		all, err := list(ctx, c, at)
		for _, u := range all {
			if u.Name == name || u.ID == name {
				return at + "/portal_users/" + url.PathEscape(u.ID), nil
			}
		}
		if err == nil {
			err = fmt.Errorf("there is no portal user %s", name)
		}
		return "", err
	}
	cmd.AddCommand(o.command("list", "List the portal users of a project", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, at string, _ []string) error {
		all, err := list(cmd.Context(), c, at)
		if err != nil {
			return err
		}
		rows := make([]row, len(all))
		for i, u := range all {
			email := ""
			if u.Email != nil {
				email = *u.Email
			}
			rows[i] = row{u.ID, u.Name, email, strings.Join(u.Areas, ", ")}
		}
		return o.print(cmd.OutOrStdout(), all, row{"ID", "Name", "Email", "Areas"}, rows)
	}))
	var areas []string
	set := o.command("set USER", "Say which areas a portal user may enter, and no others", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		path, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodPut, path, map[string]any{"portal_user": map[string]any{"areas": areas}}, nil)
	})
	set.Flags().StringArrayVar(&areas, "area", nil, "`AREA`: people, api-users, credentials, contacts, activity or portal-users; may be repeated")
	required(set, "area")
	cmd.AddCommand(set, o.command("remove USER", "Let a portal user out", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		path, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodDelete, path, nil, nil)
	}))
	return cmd
}

func contactCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "contact", Short: "Look after who gets mails about a project without an account"}
	var o ofProject
	type contact struct {
		ID       string   `json:"id"`
		Name     string   `json:"name"`
		Address  string   `json:"address"`
		Topics   []string `json:"topics"`
		Verified *string  `json:"verified_at"`
	}
	list := func(ctx context.Context, c *client.Client, at string) ([]contact, error) {
		return wholeList(ctx, c, at, "contacts", func(k contact) string { return k.ID })
	}
	one := func(ctx context.Context, c *client.Client, at, address string) (string, error) {
		all, err := list(ctx, c, at)
		for _, k := range all {
			if strings.EqualFold(k.Address, address) || k.ID == address {
				return k.ID, nil
			}
		}
		if err == nil {
			err = fmt.Errorf("there is no contact %s", address)
		}
		return "", err
	}

	cmd.AddCommand(o.command("list", "List the contacts of a project", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, at string, _ []string) error {
		all, err := list(cmd.Context(), c, at)
		if err != nil {
			return err
		}
		rows := make([]row, len(all))
		for i, k := range all {
			state := "gets mails"
			if k.Verified == nil {
				state = "has not agreed yet"
			}
			rows[i] = row{k.Address, k.Name, strings.Join(k.Topics, ", "), state}
		}
		return o.print(cmd.OutOrStdout(), all, row{"Address", "Name", "Topics", "State"}, rows)
	}))

	var name string
	var topics []string
	flags := func(cmd *cobra.Command) *cobra.Command {
		cmd.Flags().StringVar(&name, "name", "", "`NAME` of the contact")
		cmd.Flags().StringArrayVar(&topics, "topic", nil, "`TOPIC` of the mails: billing, maintenance, security or quota; may be repeated")
		return cmd
	}
	add := flags(o.command("add ADDRESS", "Add a contact, who is asked by mail whether they agree", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		return c.Do(cmd.Context(), http.MethodPost, at+"/contacts", map[string]any{"contact": map[string]any{"name": name, "address": args[0], "topics": topics}}, nil)
	}))
	required(add, "name")
	required(add, "topic")
	set := flags(o.command("set ADDRESS", "Change a contact", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		id, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		body := map[string]any{}
		if name != "" {
			body["name"] = name
		}
		if len(topics) > 0 {
			body["topics"] = topics
		}
		return c.Do(cmd.Context(), http.MethodPatch, at+"/contacts/"+id, map[string]any{"contact": body}, nil)
	}))
	set.MarkFlagsOneRequired("name", "topic")
	var topic, subject, text string
	notify := o.command("notify", "Send a notice to the contacts who chose its topic", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, at string, _ []string) error {
		var answer struct {
			Notice map[string]any `json:"notice"`
		}
		if err := c.Do(cmd.Context(), http.MethodPost, at+"/notices", map[string]any{"notice": map[string]any{"topic": topic, "subject": subject, "text": text}}, &answer); err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), answer.Notice, row{"Field", "Value"}, fields(answer.Notice))
	})
	notify.Flags().StringVar(&topic, "topic", "", "`TOPIC` of the notice")
	notify.Flags().StringVar(&subject, "subject", "", "`SUBJECT` of the mail")
	notify.Flags().StringVar(&text, "text", "", "`WORDS` of the mail")
	for _, flag := range []string{"topic", "subject", "text"} {
		required(notify, flag)
	}
	cmd.AddCommand(add, set, notify, o.command("delete ADDRESS", "Delete a contact", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
		id, err := one(cmd.Context(), c, at, args[0])
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodDelete, at+"/contacts/"+id, nil, nil)
	}))
	return cmd
}

func eventCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "event", Short: "Ask who did what"}
	var f far
	var project, projectDomain, domain, user, userDomain string
	var limit int
	search := map[string]*string{}
	list := &cobra.Command{
		Use:   "list",
		Short: "List what happened, the newest first",
		Long: `List what happened, the newest first: in a project, in a domain, what somebody did and what was done to them, or without any of these
in the whole cloud.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			at := "/lintel"
			switch {
			case project != "":
				id, err := find(cmd.Context(), c, "project", project, projectDomain)
				if err != nil {
					return err
				}
				at += "/projects/" + url.PathEscape(id)
			case user != "":
				id, err := find(cmd.Context(), c, "user", user, userDomain)
				if err != nil {
					return err
				}
				at += "/users/" + url.PathEscape(id)
			case domain != "":
				id, err := find(cmd.Context(), c, "domain", domain, "")
				if err != nil {
					return err
				}
				at += "/domains/" + url.PathEscape(id)
			}
			q := url.Values{"limit": {strconv.Itoa(limit)}}
			for key, value := range search {
				if *value != "" {
					q.Set(key, *value)
				}
			}
			var answer struct {
				Events []map[string]any `json:"events"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, at+"/events?"+q.Encode(), nil, &answer); err != nil {
				return err
			}
			name := func(of any) string {
				p, _ := of.(map[string]any)
				if p == nil {
					return ""
				}
				if p["name"] != nil {
					return fmt.Sprint(p["name"])
				}
				return fmt.Sprint(p["id"])
			}
			rows := make([]row, len(answer.Events))
			for i, e := range answer.Events {
				where := name(e["project"])
				if where == "" {
					where = name(e["domain"])
				}
				rows[i] = row{fmt.Sprint(e["at"]), name(e["actor"]), fmt.Sprint(e["action"]), name(e["target"]), where, fmt.Sprint(e["outcome"])}
			}
			return f.print(cmd.OutOrStdout(), answer.Events, row{"At", "Who", "Action", "Target", "Where", "Outcome"}, rows)
		},
	}
	f.flags(list)
	fl := list.Flags()
	fl.StringVar(&project, "project", "", "what happened in a `PROJECT`, by name or id")
	fl.StringVar(&projectDomain, "project-domain", "", "`DOMAIN` of the project, by name or id")
	fl.StringVar(&domain, "domain", "", "what happened in a `DOMAIN`, by name or id")
	fl.StringVar(&user, "user", "", "what a `USER` did and what was done to them, by name or id")
	fl.StringVar(&userDomain, "user-domain", "", "`DOMAIN` of the user, by name or id")
	fl.IntVar(&limit, "limit", 50, "at most `N`")
	for key, about := range map[string]string{
		"actor": "who did it: `NAME` or id", "target": "to whom or what: `NAME` or id", "action": "an `ACTION`, such as created", "class": "a `CLASS` of events",
		"outcome": "`OUTCOME`: success or failure", "from": "not before a `TIME`", "until": "before a `TIME`",
		"address": "from an `ADDRESS`", "audit_id": "by the token of an audit `ID`, or one of its chain",
	} {
		search[key] = fl.String(strings.ReplaceAll(key, "_", "-"), "", about)
	}
	list.MarkFlagsMutuallyExclusive("project", "domain", "user")
	cmd.AddCommand(list)
	return cmd
}

func credentialCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "credential", Short: "Look after what logs in to a project, everybody’s, or for one user"}
	var o ofProject
	show := func(cmd *cobra.Command, c *client.Client, at string, f *far, part, head string) error {
		all, err := wholeList(cmd.Context(), c, at, "credentials", func(k map[string]any) string { return fmt.Sprint(k["id"]) })
		if err != nil {
			return err
		}
		rows := make([]row, len(all))
		for i, k := range all {
			other, _ := k[part].(map[string]any)
			kind := k["kind"]
			if of, ok := k["type"].(string); ok && of != "" { // what kind of credential it is: ec2, totp and so on
				kind = of
			}
			cells := []any{k["id"], kind, k["name"], other["name"], k["last_used_at"], k["expires_at"]}
			rows[i] = make(row, len(cells))
			for j, cell := range cells {
				if cell != nil {
					rows[i][j] = fmt.Sprint(cell)
				}
			}
		}
		return f.print(cmd.OutOrStdout(), all, row{"ID", "Kind", "Name", head, "Last used", "Ends"}, rows)
	}
	cmd.AddCommand(o.command("list", "List what logs in to a project, without any secret", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, at string, _ []string) error {
		return show(cmd, c, at, &o.far, "owner", "Owner")
	}))
	var f far
	var domain string
	of := &cobra.Command{
		Use: "of USER", Short: "List what logs in for a user, or in their name, without any secret", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			id, err := find(cmd.Context(), c, "user", args[0], domain)
			if err != nil {
				return err
			}
			return show(cmd, c, "/lintel/users/"+url.PathEscape(id), &f, "project", "Project")
		},
	}
	f.flags(of)
	of.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the user, by name or id")
	cmd.AddCommand(of)
	var by far
	owner := &cobra.Command{
		Use: "owner ID", Short: "Tell whose a credential is, by its id or the access key of an EC2 credential", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := by.open(cmd.Context())
			if err != nil {
				return err
			}
			var answer struct {
				Owners []struct {
					ID     string `json:"id"`
					Name   string `json:"name"`
					Domain string `json:"domain_id"`
				} `json:"owners"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/credentials/"+url.PathEscape(args[0])+"/owners", nil, &answer); err != nil {
				return err
			}
			if len(answer.Owners) == 0 {
				return fmt.Errorf("there is no credential %s whose owner you may see", args[0])
			}
			var rows []row
			for _, o := range answer.Owners {
				rows = append(rows, row{o.ID, o.Name, o.Domain})
			}
			return by.print(cmd.OutOrStdout(), answer.Owners, row{"ID", "Name", "Domain"}, rows)
		},
	}
	by.flags(owner)
	cmd.AddCommand(owner)
	for _, act := range []struct{ use, short, method, rest string }{
		{"rotate ID", "Ask the owner of a credential, by mail, to replace it", http.MethodPost, "/rotation"},
		{"revoke ID", "Delete a credential of whomever", http.MethodDelete, ""},
	} {
		cmd.AddCommand(o.command(act.use, act.short, cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, at string, args []string) error {
			return c.Do(cmd.Context(), act.method, at+"/credentials/"+url.PathEscape(args[0])+act.rest, nil, nil)
		}))
	}
	return cmd
}
