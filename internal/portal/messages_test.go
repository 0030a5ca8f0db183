package portal

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/lintel-id/lintel/internal/identity"
)

// TestEveryTextIsTranslated: each catalogue has each text that a page can show, with the same values in it, and no other.
func TestEveryTextIsTranslated(t *testing.T) {
	said := map[string]bool{}
	for _, m := range englishMonths {
		said[m] = true
	}
	for _, set := range loadViews().pages {
		for _, tmpl := range set().Templates() {
			if tmpl.Tree != nil && tmpl.Tree.Root != nil {
				inTemplate(tmpl.Tree.Root, said)
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			inGo(t, file, said)
		}
	}
	if len(said) < 100 {
		t.Fatalf("only %d texts were found", len(said))
	}
	for _, m := range loadMessages()[1:] {
		for _, text := range slices.Sorted(maps.Keys(said)) {
			there, ok := m.words[text]
			if !ok {
				t.Errorf("%s lacks %q", m.Lang, text)
			} else if values(there) != values(text) {
				t.Errorf("%s: %q takes other values than %q", m.Lang, there, text)
			}
		}
		for text := range m.words {
			if !said[text] {
				t.Errorf("%s: nothing says %q", m.Lang, text)
			}
		}
	}
}

// TestRefusalsAreTranslated: what the catalogue of what rooms say has is said by a room, with the same values in it.
func TestRefusalsAreTranslated(t *testing.T) {
	said := map[string]bool{}
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if text, ok := constantText(e); ok {
					said[text] = true
				}
			}
			return true
		})
	}
	for _, m := range loadMessages()[1:] {
		for text, there := range m.rooms {
			if !said[text] {
				t.Errorf("%s: no room says %q", m.Lang, text)
			}
			if values(there) != values(text) {
				t.Errorf("%s: %q takes other values than %q", m.Lang, there, text)
			}
		}
		e := new(identity.Error)
		if !errors.As(identity.Refusedf("You may not give the role %s here.", "admin"), &e) || m.said(e) == e.Message || !strings.Contains(m.said(e), "admin") {
			t.Errorf("%s: %q", m.Lang, m.said(e))
		}
	}
}

// TestRefusalsAreToldInOneLanguage: so are the words of ours that are put into a refusal, and why something is in the way of something else.
func TestRefusalsAreToldInOneLanguage(t *testing.T) {
	i := slices.IndexFunc(loadMessages(), func(m *messages) bool { return m.Lang == "de" })
	de := loadMessages()[i]
	for want, err := range map[string]error{
		"Nicht gefunden: Benutzer user.": identity.Missing("user", "user"),
		"Diese Aktion ist Ihnen nicht erlaubt: Um den zweiten Faktor zu entfernen, braucht es ihn.": identity.NotAllowed("To remove the second factor takes that factor"),
		"Diese Aktion ist Ihnen nicht erlaubt: identity:create_user.":                               identity.NotAllowed("identity:create_user"),
		"Den Namen web gibt es schon.":                                                              identity.Conflictf("group", "Duplicate entry found with name %s", "web"),
	} {
		if e := new(identity.Error); !errors.As(err, &e) || de.said(e) != want {
			t.Errorf("%v: %q, want %q", err, de.said(e), want)
		}
	}
}

// overAPI are refusals that the portal has no form for: they answer requests of /v3 alone, in Keystone's words.
var overAPI = []string{
	"%.80q is no search of an audit trail.",
	"You have tried to create a resource using the admin token. As this token is not within a domain you must explicitly include a domain for this resource to belong to.",
	"Invalid domain specific configuration: %s.",
	"Domain ID does not conform to required UUID format.",
	"only root projects are allowed to act as domains.",
	"Cannot change Domain ID",
	"Password validation error: Password must be a string type.",
	"argument of type 'bool' is not iterable",
	"Cannot create project, the parent (%s) is acting as a domain, but this project's domain id (%s) does not match the parent's id.",
	"Cannot create project, since it specifies its domain_id %s, but specifies a parent in a different domain (%s).",
	"Update of `parent_id` is not allowed.",
	"Update of `is_domain` is not allowed.",
	`Cannot %s project tags for %s, project is immutable. Set "immutable" option to false before creating project tags.`,
	"Timestamp not in expected format. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
	"The given operator %s is not valid. It must be one of the following: 'eq', 'neq', 'lt', 'lte', 'gt', or 'gte'.",
	"Cannot change user ID",
	"Cannot change ID",
	"invalidate date format %s",
	"scope.project.id must be specified if include_subtree is also specified",
	"Specify a domain or project, not both",
	"Specify system or domain, not both",
	"Specify system or project, not both",
	"Specify a user or group, not both",
	"Combining effective and group filter will always result in an empty list.",
	"Combining effective, domain and inherited filters will always result in an empty list.",
	"Update of `domain_id` is not allowed.",
	"%s The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
	"%s can not be updated for credential",
	"Invalid blob in credential",
	"Validation failed with errors: %s, detail message is: %s.",
	"remaining_uses must not be set if redelegation is allowed",
	"Could not find: %(target)s.",
	"EC2 access key not found.",
	"%s not found",
	"Cannot change policy ID",
	"Could not find %s in domain configuration for domain %s.",
	"Could not find limit for %s.",
	"Could not find registered limit for %s.",
	"Could not find policy association.",
	"Could not find federated protocol %s for Identity Provider: %s.",
	"No policy is associated with endpoint %s.",
	"Expecting to find %s in %s. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
	"Invalid resource limit: The resource limit (%s: %s, resource_name: %s, resource_limit: %d, service_id: %s, region_id: %s) doesn't satisfy current hierarchy model..",
	"Unable to create a limit that has no corresponding registered limit.",
	"Unable to update or delete registered limit %s because there are project limits associated with it.",
	"filters field is required and cannot be empty",
	"there is a seal %d on the trail already",
}

// TestEveryRefusalIsTranslated: what the rooms behind the pages refuse with is in each catalogue, unless only a request of /v3 can be refused with it.
func TestEveryRefusalIsTranslated(t *testing.T) {
	said := map[string]bool{}
	for _, room := range []string{"membership", "directory", "assignment", "credential", "authority", "authz", "trail", "catalog", "store", "identity", "portal"} {
		files, err := filepath.Glob("../" + room + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if composed(n) {
					t.Errorf("%s puts a message together that no other language can: use identity.Failf", file)
				}
				for _, e := range refusals(n) {
					if text, ok := constantText(e); ok && letters.MatchString(strings.ReplaceAll(text, "%s", "")) {
						said[text] = true
					}
				}
				return true
			})
		}
	}
	if len(said) < 150 {
		t.Fatalf("only %d refusals were found", len(said))
	}
	for _, m := range loadMessages()[1:] {
		for _, text := range slices.Sorted(maps.Keys(said)) {
			_, there := m.rooms[text]
			if m.words[text] != "" {
				there = true
			}
			if there == slices.Contains(overAPI, text) {
				t.Errorf("%s: translated %t: %q", m.Lang, there, text)
			}
		}
	}
	for _, text := range overAPI {
		if !said[text] {
			t.Errorf("no room says %q", text)
		}
	}
}

// composed tells of a literal of an error whether its message is put together, and nothing says from what.
func composed(n ast.Node) bool {
	lit, ok := n.(*ast.CompositeLit)
	if !ok {
		return false
	}
	parts := map[string]ast.Expr{}
	for _, e := range lit.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok {
				parts[key.Name] = pair.Value
			}
		}
	}
	message := parts["Message"]
	if message == nil || parts["Kind"] == nil || parts["Format"] != nil {
		return false
	}
	_, given := message.(*ast.Ident) // as whoever calls says it
	_, constant := constantText(message)
	return !given && !constant
}

// refusals are the texts that a call or a literal of an error refuses with.
func refusals(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
		case *ast.Ident:
			name = f.Name
		}
		switch name {
		case "Refusedf", "Invalidf", "Missing":
			return n.Args[:1]
		case "NotAllowed": // of an action or, with spaces, of what else there is against it
			if text, ok := constantText(n.Args[0]); ok && strings.Contains(text, " ") {
				return n.Args[:1]
			}
		case "Conflictf", "Failf", "needsAnswer":
			return n.Args[1:2]
		case "limited":
			if len(n.Args) > 4 {
				return n.Args[4:5]
			}
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Message" {
			return []ast.Expr{n.Value}
		}
	}
	return nil
}

// TestNothingStandsUntranslated: what templates and code show is asked of the catalogue, but for names and what is typed into a terminal.
func TestNothingStandsUntranslated(t *testing.T) {
	for name, set := range loadViews().pages {
		for _, tmpl := range set().Templates() {
			if tmpl.Tree == nil || tmpl.Tree.Root == nil {
				continue
			}
			for _, text := range shown(tmpl.Tree.Root) {
				if !slices.Contains(named, text) {
					t.Errorf("template %s of page %s says %q", tmpl.Name(), name, text)
				}
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && !shows(call) {
				return false
			}
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, _ := strconv.Unquote(lit.Value); prose.MatchString(s) && !slices.Contains(begins, s) {
					t.Errorf("%s says %q", file, s)
				}
			}
			return true
		})
	}
}

var (
	letters   = regexp.MustCompile(`\pL`)
	tag       = regexp.MustCompile(`(?s)<[^>]*>`)
	spoken    = regexp.MustCompile(`(?:placeholder|aria-label|title|alt|data-label)="([^"\x00]+)"`)
	prose     = regexp.MustCompile(`^\p{Lu}\pL*,? \p{Ll}.*[\pL.?!]$`) // begins as a sentence does
	unspoken  = []string{"T", "F", "N", "some", "Errorf", "New", "Invalidf", "Refusedf", "NotAllowed", "Missing", "ErrorContext", "WarnContext", "InfoContext", "panic"}
	named     = []string{"ID", "CSV", "openrc.sh", "clouds.yaml", "Esc", ". ./openrc.sh", `"volume:create": "role:compute-user"`}
	begins    = []string{notAllowed} // of what the rooms say
	separates = strings.NewReplacer("\x00", "\n", "·", "\n", "→", "\n")
)

// shown are the words that a template has between its tags, and in attributes that are read out.
func shown(root parse.Node) (all []string) {
	markup := literal(root)
	for _, m := range spoken.FindAllStringSubmatch(markup, -1) {
		all = append(all, m[1])
	}
	for line := range strings.SplitSeq(separates.Replace(tag.ReplaceAllString(markup, "\n")), "\n") {
		if line = strings.TrimSpace(line); letters.MatchString(line) {
			all = append(all, line)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "name,email,project,role" || strings.HasPrefix(s, "/v2.1/") })
}

// literal is a template with a mark in place of each action.
func literal(n parse.Node) string {
	branch := func(b parse.BranchNode) string {
		out := literal(b.List)
		if b.ElseList != nil {
			out += "\x00" + literal(b.ElseList)
		}
		return "\x00" + out + "\x00"
	}
	switch n := n.(type) {
	case *parse.ListNode:
		var out strings.Builder
		for _, c := range n.Nodes {
			out.WriteString(literal(c))
		}
		return out.String()
	case *parse.TextNode:
		return string(n.Text)
	case *parse.IfNode:
		return branch(n.BranchNode)
	case *parse.WithNode:
		return branch(n.BranchNode)
	case *parse.RangeNode:
		return branch(n.BranchNode)
	}
	return "\x00"
}

// shows tells whether what a call is given may reach a page as it stands.
func shows(call *ast.CallExpr) bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	return !slices.Contains(unspoken, name)
}

func values(text string) string {
	return strings.Repeat("s", strings.Count(text, "%s")) + strings.Repeat("d", strings.Count(text, "%d")) + strings.Repeat("|", strings.Count(text, "|"))
}

// inTemplate collects the texts of .T, .F, .N and .Place.
func inTemplate(n parse.Node, said map[string]bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				inTemplate(c, said)
			}
		}
	case *parse.ActionNode:
		inTemplate(n.Pipe, said)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				inTemplate(c, said)
			}
		}
	case *parse.CommandNode:
		var name string
		switch f := n.Args[0].(type) {
		case *parse.FieldNode:
			name = f.Ident[len(f.Ident)-1]
		case *parse.VariableNode:
			name = f.Ident[len(f.Ident)-1]
		}
		var texts []string
		for _, a := range n.Args {
			if s, ok := a.(*parse.StringNode); ok {
				texts = append(texts, s.Text)
			}
			inTemplate(a, said)
		}
		note(name, texts, said)
	case *parse.IfNode:
		inBranch(n.BranchNode, said)
	case *parse.WithNode:
		inBranch(n.BranchNode, said)
	case *parse.RangeNode:
		inBranch(n.BranchNode, said)
	case *parse.TemplateNode:
		inTemplate(n.Pipe, said)
	}
}

func inBranch(n parse.BranchNode, said map[string]bool) {
	inTemplate(n.Pipe, said)
	inTemplate(n.List, said)
	inTemplate(n.ElseList, said)
}

// constantText is the text of a literal, or of several that are put together.
func constantText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok := constantText(e.X)
		right, also := constantText(e.Y)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

// inGo collects the texts of calls of T, F, N and some.
func inGo(t *testing.T, file string, said map[string]bool) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		var texts []string
		for _, a := range call.Args {
			if lit, ok := a.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, _ := strconv.Unquote(lit.Value)
				texts = append(texts, s)
			}
		}
		note(sel.Sel.Name, texts, said)
		return true
	})
}

func note(method string, texts []string, said map[string]bool) {
	switch {
	case (method == "T" || method == "F") && len(texts) > 0:
		said[texts[0]] = true
	case (method == "N" || method == "some") && len(texts) == 2:
		said[texts[0]+"|"+texts[1]] = true
	case method == "Place" && len(texts) > 1:
		said[texts[len(texts)-1]] = true
	}
}
