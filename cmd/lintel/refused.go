package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lintel-id/lintel/internal/client"
)

// What a service says against a request is about its body and query, of which whoever typed a command knows nothing.
var (
	notOneOf   = regexp.MustCompile(`(?s)^Invalid input for field/attribute .+\. Value: (.*)\. .* is not one of \[(.*)\]$`)
	quotedWord = regexp.MustCompile(`'[^']+'`)
	absent     = regexp.MustCompile(`^Could not find (user|group|project): (.*)\.$`)
)

// hasRoles is the end of what is said against the invitation of somebody who has roles already.
const hasRoles = ", who has roles on this project: change those instead."

// inOptions says what went wrong in terms of the command: which option has a value that there is not, or would tell names apart.
func inOptions(cmd *cobra.Command, args []string, err error) error {
	if several, ok := errors.AsType[ambiguous](err); ok {
		if f := domainOption(cmd, several.kind); f != nil {
			several.cure = "say its domain with --" + f.Name + ", or one of these ids"
		}
		return several
	}
	refused, ok := errors.AsType[*client.Error](err)
	if !ok {
		return err
	}
	if m := notOneOf.FindStringSubmatch(refused.Message); m != nil && refused.Status == http.StatusBadRequest {
		if what := typedAs(cmd, args, m[1]); what != "" {
			allowed := quotedWord.FindAllString(m[2], -1)
			return fmt.Errorf("%s is one of %s, not %q", what, strings.ReplaceAll(strings.Join(allowed, ", "), "'", ""), m[1])
		}
	}
	if m := absent.FindStringSubmatch(refused.Message); m != nil && refused.Status == http.StatusNotFound && typedAs(cmd, args, m[2]) != "" {
		if f := domainOption(cmd, m[1]); f != nil && !f.Changed {
			if _, own, ok := strings.Cut(f.Usage, "(default: "); ok {
				return fmt.Errorf("%w: the domain is %s unless --%s names another", err, strings.TrimSuffix(own, ")"), f.Name)
			}
		}
	}
	if refused.Status == http.StatusConflict && strings.HasSuffix(refused.Message, hasRoles) {
		return fmt.Errorf("%w\n\"lintel access grant\" adds a role, \"lintel access revoke\" takes one back", err)
	}
	return err
}

// domainOption is the option that says in which domain the name of a user, group or project is looked for; nil for none.
func domainOption(cmd *cobra.Command, kind string) (option *pflag.Flag) {
	of := regexp.MustCompile("^`DOMAIN` of (all these names|the (.* or )?" + kind + "\\b)")
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if option == nil && of.MatchString(f.Usage) {
			option = f
		}
	})
	return option
}

// typedAs is the option or argument of a command that has a value; empty for none.
func typedAs(cmd *cobra.Command, args []string, value string) (what string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		all := []string{f.Value.String()}
		if several, ok := f.Value.(pflag.SliceValue); ok {
			all = several.GetSlice()
		}
		if what == "" && slices.Contains(all, value) {
			what = "--" + f.Name
		}
	})
	names := strings.Fields(cmd.Use)[1:]
	if i := slices.Index(args, value); i >= 0 {
		what = cmp.Or(what, strings.Trim(names[min(i, len(names)-1)], "[].")) // the last one may repeat
	}
	return what
}
