package membership

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lintel-id/lintel/internal/identity"
)

// maxMapping is the most bytes of an Adjutant's configuration that are read.
const maxMapping = 256 << 10

// ParseRoleMapping reads which role may manage which, by their names, from the configuration of an Adjutant (identity.role_mapping),
// or from that part of it alone. What is not of that form is identity.BadRequest.
func ParseRoleMapping(text string) (map[string][]string, error) {
	const form = "This is no role_mapping of an Adjutant: the name of each role that may manage others, with a list of their names below it."
	if len(text) > maxMapping {
		return nil, identity.Invalidf("Paste up to %d characters.", maxMapping)
	}
	var doc any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, identity.Invalidf("%s %s.", form, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	for _, key := range []string{"identity", "role_mapping"} {
		if in, ok := doc.(map[string]any); ok && in[key] != nil {
			doc = in[key]
		}
	}
	in, ok := doc.(map[string]any)
	if !ok || len(in) == 0 {
		return nil, identity.Invalidf("%s", form)
	}
	mapping := map[string][]string{}
	for holder, list := range in {
		targets, ok := list.([]any)
		if !ok {
			return nil, identity.Invalidf("%s", form)
		}
		mapping[holder] = nil
		for _, target := range targets {
			name, ok := target.(string)
			if !ok || name == "" {
				return nil, identity.Invalidf("%s", form)
			}
			if !slices.Contains(mapping[holder], name) {
				mapping[holder] = append(mapping[holder], name)
			}
		}
	}
	return mapping, nil
}
