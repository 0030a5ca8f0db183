package portal

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// Two keys save the way to the search and tell of themselves; whoever is hindered by them turns them off.
func TestKeysOfThePortal(t *testing.T) {
	scripted(t, "O6", func(s *Story) {
		moira := s.manager().Press("Users")
		focused := func() string { return see[string](moira, "focus") }
		moira.do(chromedp.KeyEvent("/"))
		if got := focused(); got != "q" {
			s.Fatalf("the key / leads to %q", got)
		}
		open := func() bool { return see[string](moira, "text", "dialog[open] h2") != "" }
		if moira.do(chromedp.KeyEvent("?")); open() {
			s.Error("what is typed into a field is taken for a key")
		}
		moira.Reload()
		moira.do(chromedp.KeyEvent("?"))
		moira.await("the list of keys", open)
		moira.Tick("Use / and ?").Press("Close")
		moira.await("the list closing", func() bool { return !open() })
		moira.Reload().do(chromedp.KeyEvent("/"))
		if got := focused(); got == "q" {
			s.Error("the keys are off and lead to the search")
		}
	})
}
