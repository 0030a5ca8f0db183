package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// 8.14: what the pages show to be typed is a command that there is, with flags that it has.
func TestDisplayedCommands(t *testing.T) {
	files, err := filepath.Glob("../../internal/portal/*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, shown := range regexp.MustCompile(`"(lintel [^"]*)"`).FindAllSubmatch(text, -1) {
			n++
			root := rootCommand()
			cmd, rest, err := root.Find(strings.Fields(string(shown[1]))[1:])
			if err != nil || cmd.HasSubCommands() && len(rest) > 0 {
				t.Errorf("%s: there is no command %q", file, shown[1])
				continue
			}
			for _, w := range rest {
				flag, _, _ := strings.Cut(strings.TrimPrefix(w, "--"), "=")
				if strings.HasPrefix(w, "--") && flag != "" && cmd.Flag(flag) == nil {
					t.Errorf("%s: %q has no flag --%s", file, shown[1], flag)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d commands are shown", n)
	}
}
