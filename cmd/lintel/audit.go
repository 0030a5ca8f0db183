package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/trail"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Look after the audit trail"}
	var f far
	var from, to string
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Compare the audit trail with its seals",
		Long: `Compare the audit trail with its seals, day by day (UTC), and tell where they differ: entries under a seal were changed, an entry or
a seal is missing, an entry was added that nobody sealed, a seal is not as it was signed, or does not follow the one before. The exit
status is 1 if anything does.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			var all struct {
				Audit struct {
					First string `json:"first_day"`
					Last  string `json:"last_day"`
				} `json:"audit"`
			}
			if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/audit", nil, &all); err != nil {
				return err
			}
			if from == "" {
				from = all.Audit.First
			}
			if to == "" {
				to = all.Audit.Last
			}
			if from == "" || to == "" {
				return fmt.Errorf("there is no audit trail")
			}
			days, err := trail.DaysBetween(from, to)
			if err != nil {
				return err
			}
			broken := false
			found := make([]map[string]any, len(days))
			rows := make([]row, len(days))
			for i, day := range days {
				var answer struct {
					Day map[string]any `json:"day"`
				}
				if err := c.Do(cmd.Context(), http.MethodGet, "/lintel/audit/"+url.PathEscape(day), nil, &answer); err != nil {
					return err
				}
				d := answer.Day
				found[i] = d
				rows[i] = row{day, fmt.Sprint(d["sealed"]), fmt.Sprint(d["unsealed"]), "", "unbroken"}
				if head, _ := d["head"].(string); head != "" {
					rows[i][3] = head
				}
				switch faults, _ := d["faults"].([]any); {
				case len(faults) > 0:
					broken = true
					first, _ := faults[0].(map[string]any)
					rows[i][4] = "BROKEN: " + faultWords(first)
				case d["trimmed"] == true:
					rows[i][4] = "unbroken, entries no longer kept"
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "\r%d of %d days", i+1, len(days))
			}
			fmt.Fprintln(cmd.ErrOrStderr())
			if err := f.print(cmd.OutOrStdout(), found, row{"Day", "Sealed", "Unsealed", "Head", "Chain"}, rows); err != nil {
				return err
			}
			if broken {
				return exitCode(1)
			}
			return nil
		},
	}
	f.flags(verify)
	verify.Flags().StringVar(&from, "from", "", "first `DAY`, such as 2026-01-31; otherwise that of the oldest entry")
	verify.Flags().StringVar(&to, "to", "", "last `DAY`; otherwise that of the newest entry")
	cmd.AddCommand(verify)
	return cmd
}

// faultWords say where a chain breaks.
func faultWords(fault map[string]any) string {
	words := []string{fmt.Sprint(fault["kind"])}
	for _, part := range []string{"entry", "seal"} {
		if fault[part] != nil {
			words = append(words, part+" "+fmt.Sprint(fault[part]))
		}
	}
	return strings.Join(words, ", ")
}
