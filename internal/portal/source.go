package portal

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

// source says where what a page tells of a service was read.
type source struct {
	Known          bool
	Words, Problem string
}

// About says from which rules of a service a page was computed, and what is wrong with those that its files hold now.
func (c *chrome) About(s *policy.Service) source {
	out := source{Known: !s.Loaded.IsZero()}
	switch {
	case s.Release != "":
		out.Words = c.F("Computed from the rules of release %s, loaded %s.", s.Release, c.Since(s.Loaded))
	case out.Known:
		out.Words = c.F("Computed from rules loaded %s.", c.Since(s.Loaded))
	}
	if !s.EnforceNewDefaults {
		out.Words += " " + c.T("Deprecated rules count too (enforce_new_defaults is off).")
	}
	if s.Problem != nil {
		out.Problem = c.F("What its files say now cannot be used: %s", c.fault(s.Problem))
	}
	return out
}

// projects are what services call themselves in their policies, by the types of the catalog, where these are not its names.
var projects = map[string]string{
	"identity": "keystone", "compute": "nova", "network": "neutron", "image": "glance", "volumev3": "cinder", "block-storage": "cinder", "volumev2": "cinder",
	"volume": "cinder", "object-store": "swift", "orchestration": "heat", "load-balancer": "octavia", "key-manager": "barbican", "dns": "designate",
	"container-infra": "magnum", "shared-file-system": "manila", "sharev2": "manila", "baremetal": "ironic", "placement": "placement", "alarming": "aodh",
}

// unknown are the services of the caller's catalog whose rules are not loaded, by name.
func (v *visit) unknown(caller identity.Caller) (names []string, err error) {
	entries, err := v.p.Catalog.Of(v.Context(), caller)
	if errors.Is(err, identity.Forbidden) {
		return nil, nil
	}
	for _, e := range entries {
		if v.knownBy(e) == nil {
			names = append(names, cmp.Or(e.Name, e.Type))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// fault says what is wrong with a policy file, and where.
func (c *chrome) fault(err error) string {
	if p, ok := errors.AsType[*policy.Problem](err); ok && p.Line > 0 {
		text := p.Text
		if p.Rule != "" {
			text = p.Rule + ": " + text
		}
		return c.F("%s, line %d, column %d: %s", p.Path, p.Line, p.Column, text)
	}
	return err.Error()
}

// mark is a word with the colour of how good it is.
type mark struct{ Label, Dot string }

// Verdict says a verdict in a word.
func (c *chrome) Verdict(v policy.Verdict) mark {
	switch v {
	case policy.Yes:
		return mark{c.T("Yes"), "good"}
	case policy.Depends:
		return mark{c.T("Conditional"), "warn"}
	}
	return mark{c.T("No"), ""}
}

// Either joins conditions of which one must hold.
func (c *chrome) Either(conditions []string) string { return strings.Join(conditions, c.T(" or ")) }

// talk is what says things in the reader's language outside of a page.
func (v *visit) talk() *chrome { return &chrome{messages: v.messages, reader: v} }
