package portal

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed page.js
var pageScript string

// patience is how long something that must happen may take. The machine may be busy.
const patience = 30 * time.Second

// Person is somebody at a browser window of their own, who reads, presses and types.
type Person struct {
	t     testing.TB
	cloud *Cloud
	way   way
	ctx   context.Context

	mu     sync.Mutex
	answer network.Response // what the newest page came with
}

// hear keeps what pages come with.
func (p *Person) hear(event any) {
	if e, ok := event.(*network.EventResponseReceived); ok && e.Type == network.ResourceTypeDocument {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answer = *e.Response
	}
}

// Came is the status and a header that the page came with.
func (p *Person) Came(header string) (status int64, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, v := range p.answer.Headers {
		if strings.EqualFold(name, header) {
			value = fmt.Sprint(v)
		}
	}
	return p.answer.Status, value
}

// Visitor opens a window for somebody who is not signed in.
func (s *Story) Visitor() *Person {
	s.Helper()
	return open(s.T, s.Cloud, s.way)
}

func open(t testing.TB, c *Cloud, w way) *Person {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &Person{t: t, cloud: c, way: w, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)); err != nil {
		t.Fatal(err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, page.Enable, page.EnableParams{})
	if !w.scripts {
		call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	return p
}

// SignIn opens a window and signs somebody in.
func (s *Story) SignIn(name, password string) *Person {
	s.Helper()
	p := s.Visitor()
	p.Open("/portal").Fill("User name", name).Fill("Password", password).Press("Sign in")
	p.Sees("Sign out", name)
	return p
}

func (p *Person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.where())
	}
}

// look evaluates a call of page.js.
func look[T any](p *Person, expression string, args ...any) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	words := make([]string, len(args))
	for i, a := range args {
		b, err := json.Marshal(a)
		if err != nil {
			panic(err)
		}
		words[i] = string(b)
	}
	return chromedp.Run(ctx, chromedp.Evaluate[T](strings.TrimSuffix(strings.TrimSpace(pageScript), ";")+"."+expression+"("+strings.Join(words, ",")+")"))
}

func see[T any](p *Person, expression string, args ...any) T {
	p.t.Helper()
	v, err := look[T](p, expression, args...)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", expression, err, p.where())
	}
	return v
}

// where tells what the person has before them, for a failure.
func (p *Person) where() string {
	at, _ := look[string](p, "words")
	here, _ := chromedp.Run(p.ctx, chromedp.Location())
	if len(at) > 3000 {
		at = at[:3000] + "…"
	}
	return here + ": " + at
}

// found is a control on the page.
type found struct {
	Error                                          string
	X, Y                                           float64
	Tag, Type, Href, Value                         string
	Checked, Disabled, Readonly, Download, Invalid bool
}

func (p *Person) find(kind, name, beside string) found {
	p.t.Helper()
	f := see[found](p, kind, name, beside)
	if f.Error != "" {
		p.t.Fatalf("%s\n%s", f.Error, p.where())
	}
	return f
}

// Open goes to an address of the portal, as by a bookmark or a link in a mail.
func (p *Person) Open(address string) *Person {
	p.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.cloud.URL + address
	}
	p.leave(func() { p.do(chromedp.Navigate(address)) })
	return p
}

// leave does what brings another page, and waits for it.
func (p *Person) leave(do func()) {
	p.t.Helper()
	if _, err := look[bool](p, "mark"); err != nil {
		p.t.Fatal(err)
	}
	do()
	p.await("the next page", func() bool {
		arrived, err := look[bool](p, "arrived")
		return err == nil && arrived
	})
}

// await waits until something is so.
func (p *Person) await(what string, so func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("no sign of %s\n%s", what, p.where())
		}
	}
}

// reach brings the focus to what was found last, with the Tab key alone.
func (p *Person) reach(f found) {
	p.t.Helper()
	for range 400 {
		if see[bool](p, "focused") {
			return
		}
		if f.Type == "radio" && see[bool](p, "sameGroup") {
			p.do(chromedp.KeyEvent(kb.ArrowDown))
			continue
		}
		p.do(chromedp.KeyEvent(kb.Tab))
	}
	p.t.Fatalf("the Tab key does not reach it\n%s", p.where())
}

// Press presses the button or follows the link of that name, and waits for the page that comes of it. Beside is a text in the
// same row or section, where there are several.
func (p *Person) Press(name string, beside ...string) *Person {
	p.t.Helper()
	f := p.find("press", name, strings.Join(beside, ""))
	if f.Disabled {
		p.t.Fatalf("the button %q cannot be pressed\n%s", name, p.where())
	}
	if f.Tag == "SUMMARY" || f.Type == "button" {
		p.hit(f)
		return p
	}
	p.leave(func() { p.hit(f) })
	return p
}

// PressFirst presses the first of several buttons of one name.
func (p *Person) PressFirst(name, beside string) *Person {
	p.t.Helper()
	f := p.find("first", name, beside)
	p.leave(func() { p.hit(f) })
	return p
}

func (p *Person) hit(f found) {
	p.t.Helper()
	if p.way.keyboard {
		p.reach(f)
		if f.Type == "checkbox" || f.Type == "radio" {
			p.do(chromedp.KeyEvent(" "))
		} else {
			p.do(chromedp.KeyEvent(kb.Enter))
		}
		return
	}
	p.do(chromedp.MouseClickXY(f.X, f.Y))
}

// Fill types into a field, over what stands there.
func (p *Person) Fill(name, value string, beside ...string) *Person {
	p.t.Helper()
	f := p.find("field", name, strings.Join(beside, ""))
	if f.Readonly || f.Disabled {
		p.t.Fatalf("nothing can be typed into %q", name)
	}
	if p.way.keyboard {
		p.reach(f)
	} else {
		p.hit(f)
	}
	if f.Type == "date" || f.Type == "time" {
		for range 2 { // the pointer may have hit another part than the first
			p.do(chromedp.KeyEvent(kb.ArrowLeft))
		}
		p.do(chromedp.KeyEvent(asTyped(p.t, f.Type, value)))
		return p
	}
	p.do(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	if value == "" {
		p.do(chromedp.KeyEvent(kb.Delete))
	} else {
		call(p, input.InsertText, input.InsertTextParams{Text: value})
	}
	return p
}

// asTyped is a date or a time as an American types it.
func asTyped(t testing.TB, kind, value string) string {
	t.Helper()
	layouts := map[string][2]string{"date": {time.DateOnly, "01022006"}, "time": {"15:04", "0304PM"}}[kind]
	at, err := time.Parse(layouts[0], value)
	if err != nil {
		t.Fatal(err)
	}
	return at.Format(layouts[1])
}

// Tick ticks a box or a choice, or takes the tick away.
func (p *Person) Tick(name string, beside ...string) *Person {
	p.t.Helper()
	f := p.find("field", name, strings.Join(beside, ""))
	if f.Disabled {
		p.t.Fatalf("%q cannot be ticked", name)
	}
	p.hit(f)
	if p.find("field", name, strings.Join(beside, "")).Checked == (f.Checked && f.Type == "checkbox") {
		p.t.Fatalf("%q did not change\n%s", name, p.where())
	}
	return p
}

// Choose chooses one of a list.
func (p *Person) Choose(name, option string, beside ...string) *Person {
	p.t.Helper()
	f := p.find("field", name, strings.Join(beside, ""))
	options := see[[]string](p, "options")
	p.reach(f) // a list opens a window of the system's when it is pressed, which no test reaches
	p.do(chromedp.KeyEvent(kb.Home))
	for range options {
		if see[string](p, "chosen") == option {
			return p
		}
		p.do(chromedp.KeyEvent(kb.ArrowDown))
	}
	p.t.Fatalf("the list %q has no %q, but %q", name, option, options)
	return p
}

// Value is what stands in a field.
func (p *Person) Value(name string, beside ...string) string {
	p.t.Helper()
	return p.find("field", name, strings.Join(beside, "")).Value
}

// Ticked tells whether a box is.
func (p *Person) Ticked(name string, beside ...string) bool {
	p.t.Helper()
	return p.find("field", name, strings.Join(beside, "")).Checked
}

// Text is all that stands on the page.
func (p *Person) Text() string { p.t.Helper(); return see[string](p, "words") }

// Main is what stands on the page without what is around it.
func (p *Person) Main() string { p.t.Helper(); return see[string](p, "main") }

// Sees ends the test unless all of some texts stand on the page, or come to.
func (p *Person) Sees(texts ...string) *Person {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.Text(), text) && p.way.scripts {
			for end := time.Now().Add(5 * time.Second); !strings.Contains(p.Text(), text) && time.Now().Before(end); {
				time.Sleep(20 * time.Millisecond)
			}
		}
		if !strings.Contains(p.Text(), text) {
			p.t.Fatalf("the page does not say %q\n%s", text, p.where())
		}
	}
	return p
}

// SeesNot ends the test if one of some texts stands on the page.
func (p *Person) SeesNot(texts ...string) *Person {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.Text(), text) {
			p.t.Fatalf("the page says %q\n%s", text, p.where())
		}
	}
	return p
}

// Row ends the test unless the smallest row with a name says all of some texts.
func (p *Person) Row(name string, texts ...string) *Person {
	p.t.Helper()
	row := see[string](p, "row", name)
	if row == "" {
		p.t.Fatalf("no row has %q\n%s", name, p.where())
	}
	for _, text := range texts {
		if !strings.Contains(row, text) {
			p.t.Fatalf("the row of %q does not say %q: %s", name, text, row)
		}
	}
	return p
}

// Has tells whether there is a button or link of that name.
func (p *Person) Has(name string, beside ...string) bool {
	p.t.Helper()
	f := see[found](p, "press", name, strings.Join(beside, ""))
	return f.Error == "" || strings.HasPrefix(f.Error, "there are")
}

// Reload loads the page again.
func (p *Person) Reload() *Person {
	p.t.Helper()
	p.leave(func() { p.do(chromedp.Reload()) })
	return p
}

// Past loads the page again as long as it says what passes by itself, such as that a mail is being sent.
func (p *Person) Past(text string) *Person {
	p.t.Helper()
	for end := time.Now().Add(patience); strings.Contains(p.Text(), text) && time.Now().Before(end); {
		p.Reload()
	}
	return p.SeesNot(text)
}

// Address is the path and the query of the page.
func (p *Person) Address() string {
	p.t.Helper()
	at, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		p.t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		p.t.Fatal(err)
	}
	return u.RequestURI()
}

// Terminal are the commands that the page shows.
func (p *Person) Terminal() []string {
	p.t.Helper()
	text := see[string](p, "terminal")
	if text == "" {
		p.t.Fatalf("the page shows no command\n%s", p.where())
	}
	return strings.Split(text, "\n")
}

// Shown is the text of an element by its id, such as a secret.
func (p *Person) Shown(id string) string {
	p.t.Helper()
	text := strings.TrimSpace(see[string](p, "text", "#"+id))
	if text == "" {
		p.t.Fatalf("nothing is shown as %s\n%s", id, p.where())
	}
	return text
}

// call gives the browser an order that chromedp has no word for.
func call[P, R any](p *Person, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return must[R](p.t)(chromedp.Call(ctx, command, params))
}
