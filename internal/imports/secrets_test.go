package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secret matches the names of things that only their owner knows. Comparing one with == tells, by the time it takes, how
// much of a guess is right.
var secret = regexp.MustCompile(`(?i)(password|passwd|secret|admintoken|receipt|signature|digest|hmac|mac)$|^(hash|sum)$`)

// plain are comparisons that look like one of secrets and are none, with the reason.
var plain = map[string]string{
	"internal/directory/authenticate.go Hash": "both are stored hashes: was the password changed meanwhile?",
	"internal/token/mac.go hash":              "the name of a key stands beside what it made",
	"internal/trail/verify.go texts":          "digests of what stands in the database beside them",
}

// TestSecretsAreComparedInConstantTime looks for == and != between two things of which one is named like a secret.
// Comparing with a constant is no guess. S-126; which sources of randomness may be used where is in TestImports.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			x, y, ok := compared(n)
			if !ok || constant(x) || constant(y) || !secret.MatchString(lastName(x)) && !secret.MatchString(lastName(y)) {
				return true
			}
			at := strings.TrimPrefix(files.Position(n.Pos()).String(), "../../")
			if plain[at[:strings.IndexByte(at, ':')]+" "+lastName(x)] == "" {
				t.Errorf("%s: %s is compared with %s: use crypto/subtle or crypto/hmac, or say in plain why not", at, lastName(x), lastName(y))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// compared gives the two sides of x == y, x != y, bytes.Equal(x, y) and the like.
func compared(n ast.Node) (x, y ast.Expr, ok bool) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return n.X, n.Y, n.Op == token.EQL || n.Op == token.NEQ
	case *ast.CallExpr:
		if f, isSelector := n.Fun.(*ast.SelectorExpr); isSelector && len(n.Args) == 2 {
			switch lastName(f.X) + "." + f.Sel.Name {
			case "bytes.Equal", "bytes.Compare", "slices.Equal", "strings.EqualFold", "strings.Compare":
				return n.Args[0], n.Args[1], true
			}
		}
	}
	return nil, nil, false
}

// constant tells whether an expression is a literal, nil, true or false.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}

// lastName is the name that an expression ends in: Hash of a.password.Hash, nothing of a call.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.ParenExpr:
		return lastName(e.X)
	case *ast.StarExpr:
		return lastName(e.X)
	case *ast.IndexExpr:
		return lastName(e.X)
	case *ast.SliceExpr:
		return lastName(e.X)
	case *ast.CallExpr: // a conversion such as string(x)
		if len(e.Args) == 1 && lastName(e.Fun) != "len" {
			return lastName(e.Args[0])
		}
	}
	return ""
}
