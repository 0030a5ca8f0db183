package catalog

import (
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// names are the words that stand for something in an endpoint's URL: $(name)s or %(name)s. Nothing else is ever filled
// in (WHITELISTED_PROPERTIES in keystone/common/utils.py). compute_host may be written and has no value.
var names = map[string]bool{
	"tenant_id": true, "project_id": true, "user_id": true, "public_endpoint": true, "compute_host": true,
}

func (s *Service) values(user identity.UserID, project identity.ProjectID) map[string]string {
	v := map[string]string{"user_id": string(user), "public_endpoint": s.PublicEndpoint}
	if s.PublicEndpoint == "" {
		v["public_endpoint"] = "None" // as upstream prints an option without a value
	}
	if project != "" {
		v["tenant_id"], v["project_id"] = string(project), string(project)
	}
	return v
}

// checkURL refuses a URL that could never be filled in.
func checkURL(url string) error {
	ok := true
	each(url, func(name string) string {
		ok = ok && names[name]
		return ""
	}, &ok)
	if !ok {
		return identity.Invalidf("Cannot create an endpoint with an invalid URL: %s.", url)
	}
	return nil
}

// ofProject are the names that have a value for projects only.
var ofProject = []string{"tenant_id", "project_id"}

// mentions tells whether a URL that is not broken has one of the names in it.
func mentions(url string, some ...string) bool {
	found, ok := false, true
	each(url, func(name string) string {
		found = found || slices.Contains(some, name)
		return ""
	}, &ok)
	return ok && found
}

// expand fills a URL in; false when it names something without a value.
func expand(url string, values map[string]string) (string, bool) {
	ok := true
	out := each(url, func(name string) string {
		v, known := values[name]
		ok = ok && known && names[name]
		return v
	}, &ok)
	return out, ok
}

// each replaces the templates of a URL by what value returns for their names. It sets ok to false for one that is
// broken. %% is a percent sign, as in Python's % operator.
func each(url string, value func(name string) string, ok *bool) string {
	if !strings.ContainsAny(url, "%$") {
		return url
	}
	rest := strings.ReplaceAll(url, "$(", "%(")
	var out strings.Builder
	for {
		before, after, found := strings.Cut(rest, "%")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		if after, found = strings.CutPrefix(after, "%"); found {
			out.WriteByte('%')
			rest = after
			continue
		}
		name, tail, closed := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		if !closed || !strings.HasPrefix(after, "(") || strings.ContainsAny(name, "()") {
			*ok = false
			return ""
		}
		out.WriteString(value(name))
		rest = tail
	}
}
