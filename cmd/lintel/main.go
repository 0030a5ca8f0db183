// Lintel is an OpenStack Identity service in one binary. Started under the name of one of Keystone's commands it acts as
// that command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	_ "time/tzdata" // days begin where people are, on a machine without zones too

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	cmd := rootCommand()
	if filepath.Base(os.Args[0]) == "keystone-manage" {
		cmd = manageCommand()
		cmd.Use = "keystone-manage"
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
	}
	if err := cmd.ExecuteContext(ctx); err != nil {
		code := 1
		if e, ok := errors.AsType[exitCode](err); ok {
			return int(e)
		}
		if _, ok := errors.AsType[usageError](err); ok {
			code = 2
		}
		fmt.Fprintf(os.Stderr, "%s: %v\n", cmd.Name(), err)
		if wrong, ok := errors.AsType[misuse](err); ok {
			code = 2
			fmt.Fprintln(os.Stderr, wrong.usage())
		}
		return code
	}
	return 0
}

// exitCode is an error that has been told already and only sets the exit status.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a wrong use of one of Keystone's commands, which end with the status of Python's argparse then.
type usageError struct{ error }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "lintel",
		Short:         "OpenStack's Identity service in one binary",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(upCommand(), serveCommand(), bootstrapLinkCommand(), policyCommand(), mappingCommand(), openAPICommand(), accessCommand(),
		userCommand(), projectCommand(), accountCommand(), apiUserCommand(), domainCommand(), portalUserCommand(), roleCommand(), profileCommand(), noticeCommand(), contactCommand(), credentialCommand(), eventCommand(), auditCommand(), inviteCommand(), invitationCommand(), signUpCommand(), mailCommand(), grantsCommand())
	explain(root)
	root.AddCommand(manageCommand()) // which has Keystone's words for a wrong use
	// What stands above other commands runs without them only to tell of them.
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}", 1))
	return root
}
