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
		moira.do(chromedp.KeyEvent("a/b?"))
		if got := moira.Value("Name, e-mail or id"); got != "a/b?" {
			s.Errorf("what is typed into a field is %q", got)
		}
		moira.Reload()
		moira.do(chromedp.KeyEvent("?"))
		moira.Sees("Show these keys").Tick("Use / and ?").Press("Close")
		moira.SeesNot("Show these keys")
		moira.Reload().do(chromedp.KeyEvent("/"))
		if got := focused(); got == "q" {
			s.Error("the keys are off and lead to the search")
		}
	})
}
