package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/server"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Try, explain and list policy rules, of Identity or any other service",
	}
	cmd.AddCommand(policyCheckCommand(), policyExplainCommand(), policyListCommand())
	return cmd
}

// question is what check and explain ask: a rule, a caller and a target.
type question struct {
	policy, access, target, rule string
	isAdmin, notAdmin            bool
}

func (q *question) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&q.policy, "policy", "", "policy `FILE`, YAML or JSON")
	f.StringVar(&q.access, "access", "", "JSON `FILE` with the caller: the answer to a request for a token")
	f.StringVar(&q.target, "target", "", "JSON `FILE` with the target; default: the caller's own user and project")
	f.StringVar(&q.rule, "rule", "", "`NAME` of the rule")
	f.BoolVar(&q.isAdmin, "is_admin", false, "give the caller is_admin = True")
	f.BoolVar(&q.notAdmin, "nois_admin", false, "the inverse of --is_admin")
	cmd.MarkFlagsMutuallyExclusive("is_admin", "nois_admin")
	required(cmd, "access")
}

func required(cmd *cobra.Command, flag string) {
	if err := cmd.MarkFlagRequired(flag); err != nil {
		panic(err) // no such flag
	}
}

type reader func(data []byte, isAdmin bool) (map[string]any, error)

// read reads the caller and the target.
func (q *question) read(caller reader) (creds, target map[string]any, err error) {
	data, err := os.ReadFile(q.access)
	if err != nil {
		return nil, nil, err
	}
	if creds, err = caller(data, q.isAdmin); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", q.access, err)
	}
	if q.target == "" {
		return creds, policy.OwnTarget(creds), nil
	}
	if data, err = os.ReadFile(q.target); err != nil {
		return nil, nil, err
	}
	if target, err = policy.ReadTarget(data); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", q.target, err)
	}
	return creds, target, nil
}

func policyCheckCommand() *cobra.Command {
	var (
		q              question
		enforcerConfig string
		ignored        configFlags
	)
	cmd := &cobra.Command{
		Use:   "check --policy FILE --access FILE [--rule NAME] [--target FILE]",
		Short: "Try the rules of a policy file, as oslopolicy-checker does",
		Long: `Try the rules of a policy file, and of no other, as oslopolicy-checker does.

For the rule, or else for each rule of the file whose name has a colon, it prints
"passed: NAME" or "failed: NAME", or "exception: CHECK" after the reason for one
that cannot be evaluated. The status is 0 whatever the rules say.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			creds, target, err := q.read(policy.ReadAccess)
			if err != nil {
				return err
			}
			file, err := policy.ReadFile(q.policy)
			if err != nil {
				return err
			}
			warn(cmd.ErrOrStderr(), file.Warnings)
			warn(cmd.ErrOrStderr(), file.Faults)
			var remote *policy.Remote
			if enforcerConfig != "" {
				cfg, _, err := config.Load([]string{enforcerConfig}, nil)
				if err != nil {
					return err
				}
				remote = new(server.PolicyOptions(cfg).Remote)
			}
			return file.Check(cmd.Context(), cmd.OutOrStdout(), q.rule, target, creds, remote)
		},
	}
	q.add(cmd)
	required(cmd, "policy")
	cmd.Flags().StringVar(&enforcerConfig, "enforcer_config", "", "configuration `FILE` with the section [oslo_policy], for remote checks")
	ignored.add(cmd)                                                 // oslopolicy-checker takes them too; nothing in them matters here
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { // argparse's status
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", cmd.Name(), err)
		return exitCode(2)
	})
	return cmd
}

func policyExplainCommand() *cobra.Command {
	var (
		q     question
		flags configFlags
	)
	cmd := &cobra.Command{
		Use:   "explain --rule NAME --access FILE [--target FILE] [--policy FILE]",
		Short: "Tell why a rule allows or denies",
		Long: `Tell why a rule allows or denies: the decision, each check as it was evaluated,
the terms that failed, and the role that is missing.

A rule of Identity is explained with its default, and what the policy files of
the configuration, or the one given, make of it. Any other rule is looked up in
the given file alone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			creds, target, err := q.read(policy.ReadCaller)
			if err != nil {
				return err
			}
			rules, err := loadRules(cmd, &flags, q.policy, q.rule)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), rules.Explain(cmd.Context(), q.rule, target, creds))
			return err
		},
	}
	q.add(cmd)
	required(cmd, "rule")
	flags.add(cmd)
	return cmd
}

func policyListCommand() *cobra.Command {
	var (
		file  string
		flags configFlags
	)
	cmd := &cobra.Command{
		Use:   "list [--policy FILE]",
		Short: "List the rules that are in force and where each is set",
		Long: `List the rules that are in force, as lines of a policy file, and where each is set.

These are Identity's defaults and what the policy files of the configuration, or
the one given, put over them; or the rules of another service's file.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := loadRules(cmd, &flags, file, "")
			if err != nil {
				return err
			}
			for _, r := range rules.Rules() {
				from := "default"
				if r.File != "" {
					from = fmt.Sprintf("%s:%d", r.File, r.Line)
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s  # %s\n", quoted(r.Name), quoted(r.Check), from); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "policy", "", "policy `FILE` instead of those that the configuration names")
	flags.add(cmd)
	return cmd
}

// loadRules returns the rules in force for rule. Identity's defaults take part if rule is one of Identity's or, when rule is empty, if the
// file has any such rule.
func loadRules(cmd *cobra.Command, flags *configFlags, path, rule string) (*policy.Enforcer, error) {
	cfg, err := flags.load()
	if err != nil {
		return nil, err
	}
	var file *policy.File
	defaults := authz.Rules()
	ours := func(name string) bool {
		if strings.HasPrefix(name, "identity:") {
			return true
		}
		for _, d := range defaults {
			if d.Name == name {
				return true
			}
		}
		return false
	}
	if path != "" {
		if file, err = policy.ReadFile(path); err != nil {
			return nil, err
		}
		names := file.Names()
		if rule != "" {
			names = []string{rule}
		}
		foreign := len(names) > 0
		for _, name := range names {
			foreign = foreign && !ours(name)
		}
		if foreign {
			defaults = nil
		}
	}
	rules, err := policy.NewEnforcer(defaults, server.PolicyOptions(cfg))
	if err != nil {
		return nil, err
	}
	var warnings []*policy.Problem
	if file != nil {
		warnings, err = rules.Use(file)
	} else {
		o := cfg.OsloPolicy
		warnings, err = rules.Load(policy.Files{File: o.PolicyFile, Dirs: o.PolicyDirs, Search: cfg.Dirs()})
	}
	warn(cmd.ErrOrStderr(), warnings)
	return rules, err
}

func warn(w io.Writer, problems []*policy.Problem) {
	for _, p := range problems {
		fmt.Fprintln(w, "warning:", p)
	}
}

// quoted is s as a text in YAML and JSON.
func quoted(s string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		panic(err) // a string always has a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}
