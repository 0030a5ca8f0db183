package policy

import "strings"

// objectStore are the rules of Swift (swift/common/middleware/keystoneauth.py): who has an operator's role may do everything in the
// account of the own project, the reseller's administrator in all. What else the lists of a container open is no affair of roles.
func objectStore(f Flags) (rules []Default) {
	var operators []string
	for role := range strings.SplitSeq(f.Operators, ",") {
		operators = append(operators, "role:"+role)
	}
	check := "(" + strings.Join(operators, " or ") + ") and project_id:%(project_id)s"
	if f.Reseller != "" {
		check = "role:" + f.Reseller + " or (" + check + ")"
	}
	for _, what := range []struct{ name, path, methods string }{
		{"account", "/v1/{account}", "GET HEAD POST"},
		{"container", "/v1/{account}/{container}", "GET HEAD PUT POST DELETE"},
		{"object", "/v1/{account}/{container}/{object}", "GET HEAD PUT POST COPY DELETE"},
	} {
		for method := range strings.FieldsSeq(what.methods) {
			rules = append(rules, Default{
				Name: what.name + ":" + strings.ToLower(method), Check: check, Operations: []Operation{{method, what.path}},
				Description: objectStoreVerbs[method] + " the " + what.name + ".",
			})
		}
	}
	return rules
}

var objectStoreVerbs = map[string]string{
	"GET": "Read", "HEAD": "Look at", "PUT": "Create or replace", "POST": "Describe", "COPY": "Copy", "DELETE": "Delete",
}
