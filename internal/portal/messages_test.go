package portal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
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

// inGo collects the texts of calls of T, F and N.
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
	case method == "N" && len(texts) == 2:
		said[texts[0]+"|"+texts[1]] = true
	case method == "Place" && len(texts) > 1:
		said[texts[len(texts)-1]] = true
	}
}
