package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/lintel-id/lintel/internal/client"
)

// far are the flags of a command that calls a server.
type far struct {
	cloud, format string
}

func (f *far) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cloud, "os-cloud", "", "`NAME` of a cloud of clouds.yaml (OS_CLOUD)")
	cmd.Flags().StringVarP(&f.format, "format", "f", "table", "`FORM` of the output: table, json or yaml")
}

// open logs in as OS_* or clouds.yaml say.
func (f *far) open(ctx context.Context) (*client.Client, error) {
	if !slices.Contains([]string{"table", "json", "yaml"}, f.format) {
		return nil, fmt.Errorf("--format is table, json or yaml, not %q", f.format)
	}
	s, err := client.Find(f.cloud, os.Environ())
	if err != nil {
		return nil, err
	}
	return client.Open(ctx, s)
}

// row is a line of a table.
type row []string

// print writes an answer for programs as it is, and for people as a table.
func (f *far) print(w io.Writer, answer any, head row, rows []row) error {
	switch f.format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(answer)
	case "yaml":
		return yaml.NewEncoder(w).Encode(answer)
	}
	wide := make([]int, len(head))
	for _, r := range append([]row{head}, rows...) {
		for i, cell := range r {
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	var rule strings.Builder
	rule.WriteString("+")
	for _, n := range wide {
		rule.WriteString(strings.Repeat("-", n+2) + "+")
	}
	line := func(r row) {
		for i, cell := range r {
			fmt.Fprintf(w, "| %s%s ", cell, strings.Repeat(" ", wide[i]-len([]rune(cell))))
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintln(w, rule.String())
	line(head)
	fmt.Fprintln(w, rule.String())
	for _, r := range rows {
		line(r)
	}
	if len(rows) > 0 {
		fmt.Fprintln(w, rule.String())
	}
	return nil
}

// named is a thing by its name, and its domain by name or id where one was said.
func named(name, domain string) map[string]any {
	o := map[string]any{"name": name}
	if domain != "" {
		o["domain"] = map[string]any{"name": domain}
	}
	return o
}

func roleRefs(names []string) []map[string]any {
	refs := []map[string]any{}
	for _, n := range names {
		refs = append(refs, map[string]any{"name": n})
	}
	return refs
}

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Look after users of a running service"}
	cmd.AddCommand(userCreateCommand(), userSuspendCommand(), userRestoreCommand(), userSendResetCommand(), userResetMFACommand(), userKeepMFACommand())
	return cmd
}

func userCreateCommand() *cobra.Command {
	var (
		f                                                      far
		domain, email, about, password, project, projectDomain string
		language, reason                                       string
		roles                                                  []string
		prompt, generate, invite, disable, create              bool
	)
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make an account with its first project and its roles there, all of it or nothing",
		Long: `Make an account with its first project and its roles there, all of it or nothing.

The service and who asks are set as for the openstack command: by the variables OS_*, or by a cloud of clouds.yaml. With --invite
the person chooses the password by a link that is mailed to them, or printed where the service sends no mail. Where a grant rule wants
somebody else to agree to a role, that one waits for it: say why with --reason.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			user := map[string]any{"name": args[0], "enabled": !disable}
			for key, value := range map[string]string{"email": email, "description": about, "language": language, "reason": reason} {
				if value != "" {
					user[key] = value
				}
			}
			if domain != "" {
				user["domain"] = map[string]any{"name": domain}
			}
			if project != "" {
				user["project"], user["roles"] = named(project, projectDomain), roleRefs(roles)
				if len(roles) == 0 {
					user["roles"] = roleRefs([]string{"member"})
				}
			} else if len(roles) > 0 {
				return errors.New("--role is a role on a project: say which with --project")
			}
			var err error
			switch {
			case prompt:
				if password, err = askPassword(cmd); err != nil {
					return err
				}
			case generate:
				if password, err = newPassword(); err != nil {
					return err
				}
			}
			if password != "" {
				user["password"] = password
			}
			if invite {
				user["invite"] = true
			}
			if create && project == "" {
				return errors.New("--create-project makes the project that --project names")
			} else if create {
				user["create_project"] = true
			}
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			var answer struct {
				User struct {
					User    map[string]any   `json:"user"`
					Project map[string]any   `json:"project"`
					Roles   []map[string]any `json:"roles"`
					Waiting []string         `json:"waiting_roles"`
					Request string           `json:"request_id"`
					Link    string           `json:"link"`
					Until   string           `json:"link_expires_at"`
				} `json:"user"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/users", map[string]any{"user": user}, &answer); err != nil {
				return err
			}
			made := answer.User
			out := map[string]any{"id": made.User["id"], "name": made.User["name"], "domain_id": made.User["domain_id"], "enabled": made.User["enabled"]}
			if email != "" {
				out["email"] = made.User["email"]
			}
			var granted []string
			for _, r := range made.Roles {
				granted = append(granted, fmt.Sprint(r["name"]))
			}
			if made.Project != nil {
				out["project"], out["roles"] = made.Project["name"], granted
			}
			if made.Request != "" {
				out["waiting_roles"], out["request_id"] = made.Waiting, made.Request
			}
			if generate {
				out["password"] = password
			}
			if made.Until != "" {
				out["link_expires_at"] = made.Until
			}
			if made.Link != "" {
				out["link"] = made.Link
			}
			return f.print(cmd.OutOrStdout(), out, row{"Field", "Value"}, fields(out))
		},
	}
	fl := cmd.Flags()
	f.flags(cmd)
	fl.StringVar(&domain, "domain", "", "`DOMAIN` of the account, by name or id (default: that of the token)")
	fl.StringVar(&email, "email", "", "`ADDRESS` of the person")
	fl.StringVar(&about, "description", "", "`TEXT` about the account")
	fl.StringVar(&password, "password", "", "first `PASSWORD`")
	fl.BoolVar(&prompt, "password-prompt", false, "ask for the first password")
	fl.BoolVar(&generate, "password-generate", false, "make a first password and print it")
	fl.BoolVar(&invite, "invite", false, "let the person choose the password by a link")
	fl.StringVar(&language, "language", "", "`LANGUAGE` of the mail, such as de")
	fl.StringVar(&project, "project", "", "first `PROJECT`, by name or id")
	fl.StringVar(&projectDomain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: the account's)")
	fl.BoolVar(&create, "create-project", false, "make that project, too, in the account's domain")
	fl.StringArrayVar(&roles, "role", nil, "`ROLE` on the project; may be repeated (default: member)")
	fl.StringVar(&reason, "reason", "", "`WHY`, for whoever must agree to a role, where a grant rule wants that")
	fl.BoolVar(&disable, "disable", false, "the account cannot log in yet")
	cmd.MarkFlagsMutuallyExclusive("password", "password-prompt", "password-generate", "invite")
	return cmd
}

// fields are the members of an object as lines of a table, by name.
func fields(o map[string]any) (rows []row) {
	for key, value := range o {
		rows = append(rows, row{key, inCell(value)})
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a[0], b[0]) })
	return rows
}

// inCell is a value of an answer as a cell of a table shows it: a thing by its name, texts in languages each after its own.
func inCell(value any) string {
	var all []string
	switch v := value.(type) {
	case nil:
	case []string:
		all = v
	case []any:
		for _, one := range v {
			all = append(all, inCell(one))
		}
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			return name
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, key+": "+inCell(v[key]))
		}
	default:
		return fmt.Sprint(v)
	}
	return strings.Join(all, ", ")
}

// newPassword is a random one of letters and digits, without those that look alike.
func newPassword() (string, error) {
	const alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
	var b strings.Builder
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return "", err
		}
		b.WriteByte(alphabet[n.Int64()])
	}
	return b.String(), nil
}

// askPassword reads a password: from a terminal twice and unseen, else a line.
func askPassword(cmd *cobra.Command) (string, error) {
	in := bufio.NewReader(cmd.InOrStdin())
	show, terminal := hide(cmd.InOrStdin())
	if terminal {
		defer show()
	}
	read := func(prompt string) (string, error) {
		if terminal {
			fmt.Fprint(cmd.ErrOrStderr(), prompt)
			defer fmt.Fprintln(cmd.ErrOrStderr())
		}
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", errors.New("no password was entered")
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return line, err
	}
	pw, err := read("User Password: ")
	if err != nil || !terminal {
		return pw, err
	}
	again, err := read("Repeat User Password: ")
	if err == nil && again != pw {
		err = errors.New("the passwords are not the same")
	}
	return pw, err
}

func inviteCommand() *cobra.Command {
	var (
		f                                  far
		project, domain, message, language string
		until, reason                      string
		roles, areas                       []string
	)
	cmd := &cobra.Command{
		Use:   "invite ADDRESS...",
		Short: "Invite people to a project by mail, all of them or nobody",
		Long: `Invite people to a project by mail, all of them or nobody. Where the service sends no mail, a link for each is printed, to be handed on.
Nobody gets access before accepting. Whoever has an open invitation to the project has that one changed; of those whom you see among its
people "lintel access grant" and "lintel access revoke" change the roles. Where a grant rule wants somebody
else to agree, the invitations are sent once they have: say why with --reason.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			body := map[string]any{"addresses": args, "project": named(project, domain)}
			if len(areas) > 0 {
				body["areas"] = areas
			} else if len(roles) > 0 {
				body["roles"] = roleRefs(roles)
			}
			if message != "" {
				body["message"] = message
			}
			if reason != "" {
				body["reason"] = reason
			}
			if language != "" {
				body["language"] = language
			}
			if until != "" {
				if body["access_expires_at"], err = endOf(until); err != nil {
					return err
				}
			}
			var answer struct {
				Invitations []map[string]any `json:"invitations"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/invitations", map[string]any{"invitations": body}, &answer); err != nil {
				return err
			}
			return f.printSent(cmd.OutOrStdout(), withDomain(c, project, domain), answer.Invitations)
		},
	}
	fl := cmd.Flags()
	f.flags(cmd)
	fl.StringVar(&project, "project", "", "`PROJECT` to invite to, by name or id")
	fl.StringVar(&domain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: one's own)")
	fl.StringArrayVar(&roles, "role", nil, "`ROLE` on the project; may be repeated (default: those that the project says, or member)")
	fl.StringArrayVar(&areas, "area", nil, "`AREA` of the project's pages in the portal, in place of roles: people, api-users, credentials, contacts, activity or portal-users; may be repeated")
	fl.StringVar(&until, "until", "", "last `DAY` of the roles, as 2030-12-31 in UTC, or a time (default: they stay)")
	fl.StringVar(&message, "message", "", "`WORDS` to the invited")
	fl.StringVar(&language, "language", "", "`LANGUAGE` of the mail, such as de")
	fl.StringVar(&reason, "reason", "", "`WHY`, for whoever must agree, where a grant rule wants that")
	required(cmd, "project")
	cmd.MarkFlagsMutuallyExclusive("role", "area")
	return cmd
}

// printSent tells of invitations to a project that were sent, or whose links are to be handed on.
func (f *far) printSent(w io.Writer, project string, sent []map[string]any) error {
	var rows []row
	for _, i := range sent {
		link := i["link"]
		if i["request_id"] != nil {
			link = fmt.Sprint("waits for an answer to the request ", i["request_id"])
		} else if link == nil {
			link = "sent by mail"
		}
		rows = append(rows, row{fmt.Sprint(i["address"]), project, fmt.Sprint(i["expires_at"]), fmt.Sprint(link)})
	}
	return f.print(w, sent, row{"Address", "Project", "Expires at", "Link"}, rows)
}

func invitationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "invitation", Short: "Look after the open invitations to a project"}
	var f far
	var project, domain string
	type listed struct {
		ID      string   `json:"id"`
		Address string   `json:"address"`
		Project string   `json:"project_id"`
		Name    string   `json:"project,omitempty"` // in the list of a domain
		Roles   []string `json:"roles"`
		Inviter string   `json:"inviter"`
		Until   string   `json:"expires_at"`
		State   string   `json:"state"`
		Request *string  `json:"request_id"`
		Asker   *struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"asker"`
	}
	list := func(ctx context.Context, c *client.Client, address string) (found []listed, err error) {
		q := url.Values{"project": {project}}
		for key, value := range map[string]string{"domain": domain, "address": address} {
			if value != "" {
				q.Set(key, value)
			}
		}
		var answer struct {
			Invitations []listed `json:"invitations"`
		}
		err = c.Do(ctx, http.MethodGet, "/lintel/invitations?"+q.Encode(), nil, &answer)
		if err == nil && address != "" && len(answer.Invitations) == 0 {
			err = fmt.Errorf("%s has no open invitation to %s", address, project)
		}
		return answer.Invitations, err
	}
	sub := func(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, *client.Client, []string) error) *cobra.Command {
		one := &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			return run(cmd, c, args)
		}}
		f.flags(one)
		one.Flags().StringVar(&project, "project", "", "`PROJECT` of the invitations, by name or id")
		one.Flags().StringVar(&domain, "project-domain", "", "`DOMAIN` of the project, by name or id (default: one's own)")
		cmd.AddCommand(one)
		return one
	}
	var within string
	listing := sub("list", "List who was invited to a project, or to all projects of a domain, and has not answered", cobra.NoArgs, func(cmd *cobra.Command, c *client.Client, _ []string) error {
		if within != "" {
			id, err := domainID(cmd.Context(), c, within)
			if err != nil {
				return err
			}
			found, err := wholeList(cmd.Context(), c, "/lintel/domains/"+url.PathEscape(id), "invitations", func(i listed) string { return i.ID })
			if err != nil {
				return err
			}
			rows := make([]row, len(found))
			for n, i := range found {
				rows[n] = row{i.Address, i.Name, strings.Join(i.Roles, ", "), i.Inviter, i.Until, i.State}
			}
			return f.print(cmd.OutOrStdout(), found, row{"Address", "Project", "Roles", "Invited by", "Expires at", "State"}, rows)
		}
		found, err := list(cmd.Context(), c, "")
		if err != nil {
			return err
		}
		var rows []row
		for _, i := range found {
			if i.Request != nil {
				i.State += ": waits for an answer to the request " + *i.Request
			}
			if i.Asker != nil {
				i.State += ": " + i.Asker.Name + " wants to accept it"
			}
			rows = append(rows, row{i.Address, strings.Join(i.Roles, ", "), i.Inviter, i.Until, i.State})
		}
		return f.print(cmd.OutOrStdout(), found, row{"Address", "Roles", "Invited by", "Expires at", "State"}, rows)
	})
	listing.Flags().StringVar(&within, "domain", "", "`DOMAIN` of the projects, by name or id")
	listing.MarkFlagsOneRequired("project", "domain")
	listing.MarkFlagsMutuallyExclusive("project", "domain")
	resend := sub("resend ADDRESS", "Send an invitation again, with a new link", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, args []string) error {
		found, err := list(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		var answer struct {
			Invitation map[string]any `json:"invitation"`
		}
		if err := c.Do(cmd.Context(), http.MethodPost, "/lintel/projects/"+found[0].Project+"/invitations/"+found[0].ID, nil, &answer); err != nil {
			return err
		}
		return f.printSent(cmd.OutOrStdout(), withDomain(c, project, domain), []map[string]any{answer.Invitation})
	})
	cancel := sub("cancel ADDRESS", "Withdraw an invitation", cobra.ExactArgs(1), func(cmd *cobra.Command, c *client.Client, args []string) error {
		found, err := list(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodDelete, "/lintel/projects/"+found[0].Project+"/invitations/"+found[0].ID, nil, nil)
	})
	answer := func(method string) func(*cobra.Command, *client.Client, []string) error {
		return func(cmd *cobra.Command, c *client.Client, args []string) error {
			found, err := list(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if found[0].Asker == nil {
				return fmt.Errorf("nobody asks to accept the invitation of %s with another account", args[0])
			}
			return c.Do(cmd.Context(), method, "/lintel/projects/"+found[0].Project+"/invitations/"+found[0].ID+"/asker/"+url.PathEscape(found[0].Asker.ID), nil, nil)
		}
	}
	required(sub("approve ADDRESS", "Let whoever has the link of an invitation accept it with an account of another address, as they asked", cobra.ExactArgs(1), answer(http.MethodPut)), "project")
	required(sub("decline ADDRESS", "Leave an invitation to the address that it was sent to", cobra.ExactArgs(1), answer(http.MethodDelete)), "project")
	required(resend, "project")
	required(cancel, "project")
	return cmd
}

// accessAnswer is what the service tells of somebody's access.
type accessAnswer struct {
	Access struct {
		User   map[string]any `json:"user"`
		Places []struct {
			Project map[string]any `json:"project,omitempty"`
			Domain  map[string]any `json:"domain,omitempty"`
			System  bool           `json:"system,omitempty"`
			Below   bool           `json:"below"`
			Roles   []struct {
				ID   string `json:"id"`
				Name string `json:"name"`
				Ways []struct {
					Origin string              `json:"origin"`
					Group  map[string]string   `json:"group,omitempty"`
					From   map[string]string   `json:"inherited_from,omitempty"`
					Roles  []map[string]string `json:"roles"`
				} `json:"ways"`
			} `json:"roles"`
			Services []struct {
				Service string `json:"service"`
				accessCounts
				List []permissionAccess `json:"list,omitempty"`
			} `json:"services"`
		} `json:"places"`
		Coming []struct {
			For     string            `json:"waits_for"`
			Request string            `json:"request_id,omitempty"`
			Project map[string]string `json:"project,omitempty"`
			Domain  map[string]string `json:"domain,omitempty"`
			Group   map[string]string `json:"group,omitempty"`
			ByGroup map[string]string `json:"by_group,omitempty"`
			Roles   []string          `json:"roles"`
			By      map[string]string `json:"by"`
			Agreers []string          `json:"agreers"`
		} `json:"coming"`
	} `json:"access"`
}

func accessShowCommand() *cobra.Command {
	var f far
	var domain string
	var permissions bool
	cmd := &cobra.Command{
		Use:   "show [USER]",
		Short: "Show everything that somebody may do, and why",
		Long: `Show everything that somebody may do, and why: the places where they have roles, what gives them each role, and what their roles
permit there by the rules of each service. Without USER it is about oneself; about others it tells who may list their role assignments.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{}
			if len(args) > 0 {
				if args[0] == "" {
					return errors.New("say whom: an empty name is nobody’s")
				}
				q.Set("user", args[0])
			}
			if domain != "" {
				q.Set("domain", domain)
			}
			if permissions {
				q.Set("permissions", "1")
			}
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			var answer accessAnswer
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/access?"+q.Encode(), nil, &answer); err != nil {
				return err
			}
			if f.format != "table" {
				var whole map[string]any // as the service tells it
				data, err := json.Marshal(answer.Access)
				if err != nil {
					return err
				}
				if err := json.Unmarshal(data, &whole); err != nil {
					return err
				}
				return f.print(cmd.OutOrStdout(), whole, nil, nil)
			}
			return answer.print(cmd.OutOrStdout(), &f)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&domain, "domain", "", "`DOMAIN` of the user, by name or id (default: one's own)")
	cmd.Flags().BoolVar(&permissions, "permissions", false, "list each permission, not only how many there are")
	return cmd
}

func (a *accessAnswer) print(w io.Writer, f *far) error {
	var roles, sums, list []row
	for _, p := range a.Access.Places {
		place := "the whole cloud"
		switch {
		case p.Project != nil:
			place = fmt.Sprintf("project %v", p.Project["name"])
			domain, _ := p.Project["domain"].(map[string]any)
			if home, _ := a.Access.User["domain"].(map[string]any); domain["id"] != home["id"] {
				place = fmt.Sprintf("%s@%v", place, domain["name"])
			}
		case p.Domain != nil:
			place = fmt.Sprintf("domain %v", p.Domain["name"])
		}
		if p.Below {
			place = "all projects in " + place
		}
		for _, r := range p.Roles {
			for _, way := range r.Ways {
				var through []string
				if way.Group != nil {
					through = append(through, "group "+way.Group["name"])
				}
				if way.From != nil {
					through = append(through, "from "+way.From["name"])
				}
				var names []string
				for _, step := range way.Roles {
					names = append(names, step["name"])
				}
				through = append(through, strings.Join(names, " > "))
				roles = append(roles, row{place, r.Name, way.Origin, strings.Join(through, ", ")})
			}
		}
		for _, s := range p.Services {
			sums = append(sums, row{place, s.Service, fmt.Sprint(s.Permissions), fmt.Sprint(s.Yes), fmt.Sprint(s.Conditional), fmt.Sprint(s.No)})
			for _, one := range s.List {
				why := one.Reason
				if len(one.Conditions) > 0 {
					why = "only if " + strings.Join(one.Conditions, ", or ")
				}
				list = append(list, row{place, s.Service, one.Verdict, one.Name, why})
			}
		}
	}
	if err := f.print(w, nil, row{"Place", "Role", "Origin", "Through"}, roles); err != nil {
		return err
	}
	var coming []row
	for _, c := range a.Access.Coming {
		place, what, waits := "project "+c.Project["name"], strings.Join(c.Roles, ", "), "a second factor"
		if c.Domain != nil {
			place = "domain " + c.Domain["name"]
		}
		if c.Group != nil {
			place, what = "group "+c.Group["name"], "to join it"
		}
		if c.ByGroup != nil {
			what += " by group " + c.ByGroup["name"]
		}
		if c.For == "approval" {
			if waits = "somebody to agree"; len(c.Agreers) > 0 {
				waits = strings.Join(c.Agreers, " or ") + " to agree"
			}
		}
		coming = append(coming, row{place, what, waits, c.By["name"]})
	}
	if coming != nil {
		if err := f.print(w, nil, row{"Place", "Comes", "Waits for", "Given by"}, coming); err != nil {
			return err
		}
	}
	if err := f.print(w, nil, row{"Place", "Service", "Permissions", "Yes", "Conditional", "No"}, sums); err != nil || list == nil {
		return err
	}
	return f.print(w, nil, row{"Place", "Service", "Verdict", "Permission", "Why"}, list)
}
