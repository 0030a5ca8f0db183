package main

import (
	"net/http"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/client"
)

func userSuspendCommand() *cobra.Command {
	var reason, until string
	var tell bool
	cmd := onUser("suspend", "Shut somebody out at once, by every way to log in and with all their tokens, until they are restored",
		`Shut somebody out at once, by every way to log in and with all their tokens, until they are restored or a day has passed. They keep their
roles, password, factors and credentials. No invitation, new password or directory lets them in meanwhile, nor does openstack user set --enable.`,
		func(cmd *cobra.Command, _ *far, c *client.Client, path, _ string) error {
			how := map[string]any{"reason": reason, "tell": tell}
			if until != "" {
				end, err := endOf(until)
				if err != nil {
					return err
				}
				how["expires_at"] = end
			}
			return c.Do(cmd.Context(), http.MethodPut, path+"/suspension", map[string]any{"suspension": how}, nil)
		})
	cmd.Flags().StringVar(&reason, "reason", "", "`WHY`, in words of your own, for those who look after the account")
	cmd.Flags().StringVar(&until, "until", "", "last `DAY`, as 2030-12-31 in UTC, or a time (default: until restored)")
	cmd.Flags().BoolVar(&tell, "tell", false, "tell them by mail, with the reason")
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

func userRestoreCommand() *cobra.Command {
	return onUser("restore", "Make somebody who is suspended what they were before", "",
		func(cmd *cobra.Command, _ *far, c *client.Client, path, _ string) error {
			return c.Do(cmd.Context(), http.MethodDelete, path+"/suspension", nil, nil)
		})
}

func userSendResetCommand() *cobra.Command {
	return onUser("send-reset", "Send somebody a link to choose a new password, or print it where no mail can be sent", "",
		func(cmd *cobra.Command, f *far, c *client.Client, path, user string) error {
			var answer struct {
				Reset map[string]any `json:"password_reset"`
			}
			if err := c.Do(cmd.Context(), http.MethodPost, path+"/password_reset", nil, &answer); err != nil {
				return err
			}
			answer.Reset["user"] = user
			return f.print(cmd.OutOrStdout(), answer.Reset, row{"Field", "Value"}, fields(answer.Reset))
		})
}
