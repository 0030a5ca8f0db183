package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/mail"
)

func mailCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "mail", Short: "Tell what became of mails"}
	var f far
	bounce := &cobra.Command{
		Use:   "bounce",
		Short: "Read a report of a mail that came back, and note it at its invitation",
		Long: `Read a delivery status notification (RFC 3464) from standard input, as a mail server hands it to the program behind an alias. If it says
that the mail of an open invitation failed for good, the invitation shows that the mail came back. What it says of a mail that is only late
changes nothing. The exit status is 1 if it is no such report, or none of a mail of an open invitation.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := mail.ReadBounce(cmd.InOrStdin())
			if errors.Is(err, mail.ErrNoBounce) {
				fmt.Fprintln(cmd.OutOrStdout(), "The report tells of no mail that failed for good: nothing to note.")
				return nil
			} else if err != nil {
				return err
			}
			c, err := f.open(cmd.Context())
			if err != nil {
				return err
			}
			body := map[string]any{"bounce": map[string]any{"mail_id": b.MailID, "reason": b.Why}}
			return c.Do(cmd.Context(), http.MethodPost, "/lintel/mail/bounces", body, nil)
		},
	}
	f.flags(bounce)
	cmd.AddCommand(bounce)
	return cmd
}
