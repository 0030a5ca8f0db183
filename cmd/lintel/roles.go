package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func roleCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "role", Short: "Say what people are told of roles, and how heavy these count"}
	var f far
	path := func(cmd *cobra.Command, name string) (do func(method string, body, into any) error, err error) {
		c, err := f.open(cmd.Context())
		if err != nil {
			return nil, err
		}
		id, err := find(cmd.Context(), c, "role", name, "")
		return func(method string, body, into any) error {
			return c.Do(cmd.Context(), method, "/lintel/roles/"+url.PathEscape(id)+"/profile", body, into)
		}, err
	}
	type profile struct {
		Profile map[string]any `json:"profile"`
	}
	show := &cobra.Command{Use: "show ROLE", Short: "Show what people are told of a role", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		do, err := path(cmd, args[0])
		if err != nil {
			return err
		}
		var answer profile
		if err := do(http.MethodGet, nil, &answer); err != nil {
			return err
		}
		delete(answer.Profile, "links")
		return f.print(cmd.OutOrStdout(), answer.Profile, row{"Field", "Value"}, fields(answer.Profile))
	}}
	var sort int
	var language string
	texts := map[string]*string{}
	describe := &cobra.Command{
		Use: "describe ROLE", Short: "Say what people are told of a role",
		Long: `Say what people are told of a role where they choose one: in which category it stands and where there, what it is called, in a line what it is for, and what
to mind. What is not named stays as it is; an empty value takes away what there was. It takes a login of just now.`,
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			do, err := path(cmd, args[0])
			if err != nil {
				return err
			}
			var was profile
			if err := do(http.MethodGet, nil, &was); err != nil {
				return err
			}
			for key, value := range was.Profile {
				if value == nil || key == "role" || key == "links" {
					delete(was.Profile, key)
				}
			}
			for flag, key := range map[string]string{"category": "category", "impact": "impact", "audience": "audience", "docs": "docs_url"} {
				if cmd.Flags().Changed(flag) {
					if was.Profile[key] = *texts[flag]; *texts[flag] == "" {
						delete(was.Profile, key)
					}
				}
			}
			for flag, key := range map[string]string{"name": "names", "summary": "summaries", "warning": "warnings"} {
				if by, ok := was.Profile[key].(map[string]any); ok && cmd.Flags().Changed(flag) {
					by[language] = *texts[flag]
				}
			}
			if cmd.Flags().Changed("sort") {
				was.Profile["sort"] = sort
			}
			return do(http.MethodPut, was, nil)
		},
	}
	for flag, about := range map[string]string{
		"category": "`CATEGORY` under which it stands, such as Kubernetes", "impact": "`IMPACT`, normal or high (default: found out from the rules of the services)",
		"audience": "`WHO` it is for: project or operator (default: everybody)", "docs": "`URL` of its documentation",
		"name": "`NAME` by which it is shown", "summary": "`TEXT` of one line that says what it is for", "warning": "`TEXT` of what to mind",
	} {
		texts[flag] = describe.Flags().String(flag, "", about)
	}
	describe.Flags().IntVar(&sort, "sort", 0, "`PLACE` in its category; smaller ones come first")
	describe.Flags().StringVar(&language, "language", "en", "`LANGUAGE` of name, summary and warning")
	forget := &cobra.Command{Use: "forget ROLE", Short: "Tell people nothing more of a role than its name", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		do, err := path(cmd, args[0])
		if err != nil {
			return err
		}
		return do(http.MethodDelete, nil, nil)
	}}
	for _, c := range []*cobra.Command{show, describe, forget} {
		f.flags(c)
		cmd.AddCommand(c)
	}
	return cmd
}
