package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// misuse is a command that did nothing, since it was not told what it needs. It ends with the status 2, as the openstack command does.
type misuse struct {
	cmd *cobra.Command
	err error
}

func (m misuse) Error() string { return m.err.Error() }

// usage is how the command is used, for who used it wrongly.
func (m misuse) usage() string {
	line := m.cmd.UseLine()
	if m.cmd.HasSubCommands() {
		line = m.cmd.CommandPath() + " COMMAND"
	}
	return fmt.Sprintf("Usage: %s\nMore is told by: %s --help", line, m.cmd.CommandPath())
}

// explain lets a command, and those below it, tell a wrong use apart from what goes wrong while they run, and that in words of their options.
func explain(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misuse{cmd, err} })
	if cmd.HasSubCommands() {
		cmd.Args, cmd.RunE = cobra.ArbitraryArgs, choose
		for _, sub := range cmd.Commands() {
			explain(sub)
		}
		return
	}
	fits := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := fits(cmd, args)
		if err != nil {
			err = misplaced(cmd, args, err)
		} else if slices.Contains(args, "") {
			err = errors.New("a name is empty")
		}
		if err != nil {
			return misuse{cmd, err}
		}
		return nil
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateFlagGroups()); err != nil {
			return misuse{cmd, err}
		}
		return nil
	}
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return inOptions(cmd, args, run(cmd, args)) }
}

// choose is what a command does that has others below it: tell of them.
func choose(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	cmd.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("there is no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; is it " + strings.Join(near, " or ") + "?"
	}
	return misuse{cmd, errors.New(text)}
}

// misplaced says by the names in a command's line of use, NAME or [NAME], what is wrong with the number of words that it got.
func misplaced(cmd *cobra.Command, args []string, err error) error {
	line, _, _ := strings.Cut(strings.ReplaceAll(cmd.Use, "[--", "--"), " --")
	names := strings.Fields(line)[1:]
	switch n := len(args); {
	case n > len(names):
		return fmt.Errorf("%q is one word too many: a name with spaces stands in quotes", args[len(names)])
	case n < len(names):
		return fmt.Errorf("%s is missing", strings.TrimSuffix(names[n], "..."))
	}
	return err
}
