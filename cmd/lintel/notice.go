package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func noticeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notice", Short: "Read what one was told of one’s account and of what one looks after"}
	var f far
	var unread bool
	list := &cobra.Command{Use: "list", Short: "List what one was told in the last 30 days, the latest first", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := f.open(cmd.Context())
		if err != nil {
			return err
		}
		var answer struct {
			Notices []map[string]any `json:"notices"`
		}
		if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/notices", nil, &answer); err != nil {
			return err
		}
		some, rows := []map[string]any{}, []row{}
		for _, n := range answer.Notices {
			if unread && n["read"] == true {
				continue
			}
			state := "new"
			if n["read"] == true {
				state = "read"
			}
			some = append(some, n)
			rows = append(rows, row{fmt.Sprint(n["created_at"]), state, fmt.Sprint(n["subject"]), fmt.Sprint(n["text"])})
		}
		return f.print(cmd.OutOrStdout(), some, row{"When", "State", "What", "Text"}, rows)
	}}
	list.Flags().BoolVar(&unread, "unread", false, "only those that were not read")
	read := &cobra.Command{Use: "read", Short: "Note that one has read all of them", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := f.open(cmd.Context())
		if err != nil {
			return err
		}
		return c.Do(cmd.Context(), http.MethodPost, "/lintel/notices/reading", nil, nil)
	}}
	for _, c := range []*cobra.Command{list, read} {
		f.flags(c)
		cmd.AddCommand(c)
	}
	return cmd
}
