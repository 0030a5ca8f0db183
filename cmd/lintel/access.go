package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/policy"
)

func accessCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "access",
		Short: "Tell what people and roles may do",
	}
	cmd.AddCommand(accessRoleCommand(), accessShowCommand(), accessGrantCommand(), accessRevokeCommand(), accessJoinCommand(), accessLeaveCommand(), accessRequestsCommand(), accessApproveCommand(), accessRefuseCommand(), accessWithdrawCommand(), accessWaitingCommand(), accessCancelCommand())
	return cmd
}

// stock are the roles that every cloud has, each with those that it implies.
var stock = map[string][]string{
	"admin": {"manager", "member", "reader"}, "manager": {"member", "reader"}, "member": {"reader"},
}

// roleAccess is what a role permits, in the form of -f json.
type roleAccess struct {
	Role      string           `json:"role"`
	Roles     []string         `json:"roles"` // with those that it implies
	Scope     string           `json:"scope"`
	Elsewhere bool             `json:"elsewhere"`
	Legacy    bool             `json:"legacy_defaults"`
	Total     accessCounts     `json:"total"`
	Services  []*serviceAccess `json:"services"`
}

type accessCounts struct {
	Permissions int `json:"permissions"`
	Yes         int `json:"yes"`
	Conditional int `json:"conditional"`
	No          int `json:"no"`
}

func (c *accessCounts) add(v policy.Verdict) {
	c.Permissions++
	switch v {
	case policy.Yes:
		c.Yes++
	case policy.Depends:
		c.Conditional++
	default:
		c.No++
	}
}

type serviceAccess struct {
	Service string `json:"service"`
	accessCounts
	List []permissionAccess `json:"list"`
}

type permissionAccess struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Operations  []string `json:"operations,omitempty"`
	Verdict     string   `json:"verdict"`
	Conditions  []string `json:"conditions,omitempty"`
	Reason      string   `json:"reason,omitempty"`
}

func accessRoleCommand() *cobra.Command {
	var (
		policies, scope, format string
		with                    []string
		alone, legacy, far      bool
	)
	cmd := &cobra.Command{
		Use:   "role ROLE",
		Short: "List what a role permits in each service, by the services' own rules",
		Long: `List what a role permits in each service, by the services' own rules: yes, conditional, or no, with the reason.

The rules are bundles as Horizon ships them (one file for each service, openstack_dashboard/conf/default_policies), or a policy
file of one service. The caller has a token for a project, domain or the system; what they act on is in their own project or
domain, or elsewhere. The roles admin, manager and member, those of --with too, bring along those below them.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]string{"project", "domain", "system"}, scope) {
				return fmt.Errorf("--scope is project, domain or system, not %q", scope)
			}
			if format != "table" && format != "json" {
				return fmt.Errorf("--format is table or json, not %q", format)
			}
			services, err := policy.ReadServices(policies, legacy)
			if err != nil {
				return err
			}
			roles := slices.Concat(args, with)
			for _, r := range roles {
				for _, brought := range stock[strings.ToLower(r)] {
					if !alone && !slices.Contains(roles, brought) {
						roles = append(roles, brought)
					}
				}
			}
			out := weigh(services, policy.Supposition{Roles: roles, Scope: scope, Elsewhere: far})
			out.Role, out.Legacy = args[0], legacy
			if format == "json" {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				enc.SetEscapeHTML(false)
				return enc.Encode(out)
			}
			return out.print(cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&policies, "policies", "", "`PATH` of a folder of bundles, or of one bundle or policy file")
	f.StringSliceVar(&with, "with", nil, "`ROLE` held besides")
	f.BoolVar(&alone, "alone", false, "leave out the roles that stock roles imply")
	f.StringVar(&scope, "scope", "project", "`KIND` of scope: project, domain or system")
	f.BoolVar(&far, "elsewhere", false, "act on what belongs to others")
	f.BoolVar(&legacy, "legacy", false, "count deprecated rules too, as with enforce_new_defaults off")
	f.StringVarP(&format, "format", "f", "table", "`FORM` of the output: table or json")
	required(cmd, "policies")
	return cmd
}

func weigh(services []*policy.Service, s policy.Supposition) *roleAccess {
	out := &roleAccess{Roles: s.Roles, Scope: s.Scope, Elsewhere: s.Elsewhere}
	for _, p := range services {
		one := &serviceAccess{Service: p.Name, List: []permissionAccess{}}
		for _, d := range p.Weigh(s) {
			out.Total.add(d.Verdict)
			one.add(d.Verdict)
			line := permissionAccess{Name: d.Name, Description: d.Description, Verdict: d.Verdict.String(), Conditions: d.Conditions, Reason: d.Reason}
			for _, o := range d.Operations {
				line.Operations = append(line.Operations, o.Method+" "+o.Path)
			}
			one.List = append(one.List, line)
		}
		out.Services = append(out.Services, one)
	}
	return out
}

func (a *roleAccess) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "service\tpermissions\tyes\tconditional\tno")
	for _, s := range a.Services {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\n", s.Service, s.Permissions, s.Yes, s.Conditional, s.No)
	}
	fmt.Fprintf(t, "all\t%d\t%d\t%d\t%d\n", a.Total.Permissions, a.Total.Yes, a.Total.Conditional, a.Total.No)
	fmt.Fprintln(t)
	for _, s := range a.Services {
		for _, p := range s.List {
			why := p.Reason
			if len(p.Conditions) > 0 {
				why = "only if " + strings.Join(p.Conditions, ", or ")
			}
			fmt.Fprintf(t, "%s\t%s\t%s\n", p.Verdict, p.Name, why)
		}
	}
	return t.Flush()
}
