package testenv

import (
	"cmp"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser is somebody at the portal: it keeps cookies, follows redirects and submits forms by the words on their buttons.
// It runs no scripts, and finds fault with every page whose markup shuts somebody out.
type Browser struct {
	t   testing.TB
	env *Env

	Cookies map[string]string
	Path    string // of the page that is open
	Status  int
	Header  http.Header
	Body    string
}

// Browser opens a browser without a session.
func (e *Env) Browser() *Browser {
	return &Browser{t: e.t, env: e, Cookies: map[string]string{}}
}

// SignIn opens a browser and signs somebody of the default domain in.
func (e *Env) SignIn(name, password string) *Browser {
	e.t.Helper()
	b := e.Browser()
	b.Open("/portal/login").Submit("Sign in", "name", name, "password", password)
	if b.Path != "/portal" || b.Status != http.StatusOK {
		e.t.Fatalf("%s is not signed in: %s: %d: %s", name, b.Path, b.Status, b.Text())
	}
	return b
}

// Open reads a page.
func (b *Browser) Open(path string) *Browser {
	b.t.Helper()
	return b.Send("GET", path, nil)
}

// Want ends the test unless the page has a status and says all of some texts.
func (b *Browser) Want(status int, texts ...string) *Browser {
	b.t.Helper()
	if b.Status != status {
		b.t.Fatalf("%s: %d, want %d: %s", b.Path, b.Status, status, b.Text())
	}
	for _, want := range texts {
		if !strings.Contains(b.Text(), want) {
			b.t.Fatalf("%s does not say %q: %s", b.Path, want, b.Text())
		}
	}
	return b
}

// Send makes a request, with a form if there is one and headers as pairs of name and value, and follows redirects.
func (b *Browser) Send(method, path string, form url.Values, headers ...string) *Browser {
	b.t.Helper()
	for range 10 {
		var r *http.Request
		if method == "POST" {
			r = httptest.NewRequest(method, "https://identity.example"+path, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", "https://identity.example")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		} else {
			r = httptest.NewRequest(method, "https://identity.example"+path, nil)
		}
		r.Header.Set("Accept", "text/html")
		for name, value := range b.Cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		b.env.handler.ServeHTTP(w, r)
		b.Path, b.Status, b.Header, b.Body = path, w.Code, w.Header(), w.Body.String()
		for _, c := range w.Result().Cookies() {
			if b.Cookies[c.Name] = c.Value; c.MaxAge < 0 {
				delete(b.Cookies, c.Name)
			}
		}
		to := w.Header().Get("Location")
		if w.Code < 300 || w.Code >= 400 || to == "" {
			if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				for _, flaw := range flaws(b.Body) {
					b.t.Errorf("%s: %s", path, flaw)
				}
				if method == "GET" && w.Code == http.StatusOK && !b.told() {
					b.t.Errorf("%s: no command is shown that does the same", path)
				}
			}
			return b
		}
		method, path, form = "GET", strings.TrimPrefix(to, "https://identity.example"), nil
	}
	b.t.Fatalf("%s redirects for ever", path)
	return b
}

// told tells whether a page shows the command that does the same. There is none for who may not use the API, and so has no page about
// terminals, nor for factors, which are shown to people alone.
func (b *Browser) told() bool {
	return strings.Contains(b.Body, `<details class="terminal"`) || !strings.Contains(b.Body, `href="/portal/terminal"`) ||
		strings.HasPrefix(b.Path, "/portal/terminal") || strings.HasPrefix(b.Path, "/portal/security")
}

var (
	formPattern   = regexp.MustCompile(`(?s)<form([^>]*)>(.*?)</form>`)
	inputPattern  = regexp.MustCompile(`<input([^>]*)>`)
	selectPattern = regexp.MustCompile(`(?s)<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>`)
	areaPattern   = regexp.MustCompile(`(?s)<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`)
	optionPattern = regexp.MustCompile(`(?s)<option([^>]*)>(.*?)</option>`)
	buttonPattern = regexp.MustCompile(`(?s)<button([^>]*)>(.*?)</button>`)
	attrPattern   = regexp.MustCompile(`([\w-]+)(?:="([^"]*)")?`)
	tagPattern    = regexp.MustCompile(`(?s)<[^>]*>`)
	spacePattern  = regexp.MustCompile(`\s+`)
)

// Text is what the page says, without its markup.
func (b *Browser) Text() string {
	return strings.TrimSpace(spacePattern.ReplaceAllString(html.UnescapeString(tagPattern.ReplaceAllString(b.Body, " ")), " "))
}

// Submit fills in the first form that has a button of some words, by pairs of field and value, and presses the button. A field
// that is named more than once gets all its values; what is not named is sent as it stands on the page.
func (b *Browser) Submit(button string, fields ...string) *Browser {
	b.t.Helper()
	method, action, form := b.form(button)
	for i := 0; i+1 < len(fields); i += 2 {
		form.Del(fields[i])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	if method != "post" {
		path, _, _ := strings.Cut(action, "?")
		return b.Open(path + "?" + form.Encode())
	}
	return b.Send("POST", action, form)
}

// Form is what the first form that has a button of some words would send, and where to.
func (b *Browser) Form(button string) (action string, form url.Values) {
	b.t.Helper()
	_, action, form = b.form(button)
	return action, form
}

func (b *Browser) form(button string) (method, action string, form url.Values) {
	b.t.Helper()
	for _, f := range formPattern.FindAllStringSubmatch(b.Body, -1) {
		form := url.Values{}
		pressed := false
		for _, m := range buttonPattern.FindAllStringSubmatch(f[2], -1) {
			if strings.TrimSpace(html.UnescapeString(tagPattern.ReplaceAllString(m[2], ""))) == button {
				pressed = true
				if a := attributes(m[1]); a["name"] != "" {
					form.Set(a["name"], a["value"])
				}
				break
			}
		}
		if !pressed {
			continue
		}
		for _, m := range inputPattern.FindAllStringSubmatch(f[2], -1) {
			a := attributes(m[1])
			_, checked := a["checked"]
			if a["name"] == "" || (a["type"] == "checkbox" || a["type"] == "radio") && !checked {
				continue
			}
			form.Add(a["name"], a["value"])
		}
		for _, m := range areaPattern.FindAllStringSubmatch(f[2], -1) {
			form.Add(m[1], strings.TrimPrefix(html.UnescapeString(m[2]), "\n"))
		}
		for _, m := range selectPattern.FindAllStringSubmatch(f[2], -1) {
			chosen, found := "", false
			for _, o := range optionPattern.FindAllStringSubmatch(m[2], -1) {
				a := attributes(o[1])
				value, given := a["value"]
				if !given {
					value = html.UnescapeString(o[2])
				}
				if _, selected := a["selected"]; selected || !found {
					chosen, found = value, true
				}
			}
			form.Add(m[1], chosen)
		}
		a := attributes(f[1])
		return a["method"], cmp.Or(a["action"], b.Path), form
	}
	b.t.Fatalf("%s has no form with a button %q: %s", b.Path, button, b.Text())
	return "", "", nil
}

func attributes(tag string) map[string]string {
	all := map[string]string{}
	for _, m := range attrPattern.FindAllStringSubmatch(tag, -1) {
		all[m[1]] = html.UnescapeString(m[2])
	}
	return all
}
