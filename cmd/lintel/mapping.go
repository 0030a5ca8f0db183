package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/federation/mapping"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

func mappingCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mapping",
		Short: "Try the rules of a federation mapping",
	}
	cmd.AddCommand(mappingTestCommand())
	return cmd
}

// trial is what the two commands that try a mapping read.
type trial struct{ rules, input, prefix, version string }

func (t *trial) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.rules, "rules", "", `JSON `+"`FILE`"+` with the rules: a mapping, that is an object with the member "rules", or the list alone`)
	f.StringVar(&t.input, "input", "", "`FILE` with the attributes, one \"NAME: value\" a line; a ; in the value separates several")
	f.StringVar(&t.prefix, "prefix", "", "take only the attributes whose name begins with `TEXT`")
	f.StringVar(&t.version, "mapping-schema-version", "", "take the rules for ones of this `VERSION`, whatever the file says")
}

// readRules reads the mapping, with its version filled in.
func (t *trial) readRules(defaultVersion string) (whole *schema.Object, m *mapping.Mapping, err error) {
	data, err := os.ReadFile(t.rules)
	if err != nil {
		return nil, nil, err
	}
	v, err := schema.Decode(data)
	if err != nil {
		return nil, nil, fmt.Errorf("Error while parsing rules %s: %w", t.rules, err)
	}
	switch v := v.(type) {
	case *schema.Object:
		whole = v
	case []any:
		whole = new(schema.Object)
		whole.Set("rules", v)
	default:
		return nil, nil, fmt.Errorf("%s holds neither a mapping nor a list of rules", t.rules)
	}
	version := t.version
	if version == "" {
		if version, err = schema.MappingVersion(whole, defaultVersion); err != nil {
			return nil, nil, told(err)
		}
	}
	checked := whole.Copy()
	checked.Set("schema_version", version)
	if err := schema.ValidateMapping(checked, version); err != nil {
		return nil, nil, told(err)
	}
	list, _ := whole.Get("rules")
	rules, err := json.Marshal(list)
	if err != nil {
		return nil, nil, err
	}
	m, err = mapping.Parse(version, rules)
	return whole, m, told(err)
}

// told is an error without the marks of how it would be answered.
func told(err error) error {
	if e, ok := errors.AsType[*identity.Error](err); ok {
		return errors.New(strings.TrimSpace(e.Message))
	}
	return err
}

// readInput reads the attributes, and their names in order.
func (t *trial) readInput() (map[string]string, []string, error) {
	data, err := os.ReadFile(t.input)
	if err != nil {
		return nil, nil, fmt.Errorf("Error while opening file %s: %w", t.input, errors.Unwrap(err))
	}
	variables, names, err := mapping.ReadVariables(string(data), t.prefix)
	if err != nil {
		return nil, nil, fmt.Errorf("assertion file %s %w see help for file format", t.input, err)
	}
	return variables, names, nil
}

func mappingTestCommand() *cobra.Command {
	var (
		t      trial
		flags  configFlags
		format string
	)
	cmd := &cobra.Command{
		Use:   "test --rules FILE --input FILE",
		Short: "Show rule by rule what a mapping makes of an assertion",
		Long: `Show rule by rule what a mapping makes of the attributes of a user: which rule
matches, which value fails and why, what each rule gives, and what comes of it.

The rules are applied as at a login: by their own version, or else by the
configuration's, and without the attributes that are empty. The status is 0 if
the attributes would do for a login, else 1.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("%q is no format: text and json are", format)
			}
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			_, m, err := t.readRules(cfg.Federation.AttributeMappingDefaultSchemaVersion)
			if err != nil {
				return err
			}
			if err := told(m.Check()); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: the server would not store this mapping: %v\n", err)
			}
			if !cmd.Flags().Changed("prefix") {
				t.prefix = cfg.Federation.AssertionPrefix
			}
			variables, _, err := t.readInput()
			if err != nil {
				return err
			}
			trace := m.Explain(mapping.Split(variables))
			if format == "json" {
				err = writeJSON(cmd.OutOrStdout(), trace)
			} else {
				err = trace.WriteText(cmd.OutOrStdout())
			}
			if err == nil && trace.Err != nil {
				return exitCode(1)
			}
			return err
		},
	}
	t.add(cmd)
	required(cmd, "rules")
	required(cmd, "input")
	cmd.Flags().StringVarP(&format, "format", "f", "text", "text or json")
	flags.add(cmd)
	return cmd
}

// mappingEngineCommand is Keystone's own. Like that, it applies every mapping as one of version 1.0, which the version only checks.
func mappingEngineCommand() *cobra.Command {
	var (
		t     trial
		debug bool
	)
	cmd := &cobra.Command{
		Use:   "mapping_engine --rules RULES --input INPUT",
		Short: "Execute mapping engine locally",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			whole, m, err := t.readRules("1.0")
			if err != nil {
				return err
			}
			m.Version = "1.0"
			variables, names, err := t.readInput()
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			assertion := make(mapping.Assertion)
			shown := new(schema.Object)
			for _, name := range names {
				assertion[name] = strings.Split(variables[name], ";") // an empty text too is a value here
				shown.Set(name, variables[name])
			}
			trace := m.Explain(assertion)
			if debug {
				fmt.Fprintln(out, "Using Rules:")
				if err := writeJSON(out, whole); err != nil {
					return err
				}
				fmt.Fprintln(out, "Using Assertion:")
				if err := writeJSON(out, shown); err != nil {
					return err
				}
				if err := trace.WriteText(cmd.ErrOrStderr()); err != nil {
					return err
				}
			}
			if trace.Mapped == nil {
				return told(trace.Err)
			}
			return writeJSON(out, trace.Mapped)
		},
	}
	t.add(cmd)
	needs(cmd, "rules", "input")
	cmd.Flags().BoolVar(&debug, "engine-debug", false, "show what the engine reads and how it fares")
	return cmd
}

// writeJSON writes v as Python's json.dumps(v, indent=2) does: in ASCII.
func writeJSON(w io.Writer, v any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	var ascii strings.Builder
	for _, r := range text.String() {
		switch {
		case r < 0x7f:
			ascii.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&ascii, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, high, low)
		}
	}
	_, err := io.WriteString(w, ascii.String())
	return err
}
