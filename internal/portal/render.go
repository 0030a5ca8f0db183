package portal

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/*
var assetFiles embed.FS

// views are the templates, one set a page, and the languages. A set is parsed when its page is shown first: all of them take 25 MiB,
// which a node that nobody visits should not hold, nor its garbage collector walk through.
type views struct {
	pages     map[string]func() *template.Template
	languages []*messages // the first is English
}

func loadViews() *views {
	v := &views{pages: map[string]func() *template.Template{}, languages: loadMessages()}
	frame := template.Must(template.New("").ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/listing.html"))
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || name == "parts" || name == "listing" {
			continue
		}
		v.pages[name] = sync.OnceValue(func() *template.Template {
			return template.Must(template.Must(frame.Clone()).ParseFS(templateFiles, file))
		})
	}
	return v
}

// assets serves the style sheet, the script, the font and the mark. They change with the program only.
func (v *views) assets() http.Handler {
	files := http.FileServerFS(assetFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		files.ServeHTTP(w, r)
	})
}

// chrome is what stands around the content of a page, to be embedded in the page's struct.
type chrome struct {
	*messages
	reader

	Title string // two or three words
	Lead  string // one sentence: what the page answers
	Bare  bool   // a card alone, as for signing in

	Here    *here  // the project that the page is about
	Section string // the entry of the navigation that the page belongs to
	Action  *link  // the one main action
	Tabs    []tab  // other pages about the same

	Notice   string   // what was just done
	Problem  string   // what went wrong with the form as a whole
	Fields   problems // what is wrong with its fields
	Terminal []string // commands that show or do the same
}

// reader is what pages ask of the visit that they are drawn for. It is not the visit itself, whose every method would become
// one of every page's: the compiler would make tens of thousands.
type reader interface {
	SignedIn() bool
	User() identity.User
	Domain() identity.Domain
	Realms() Realms
	CSRF() string
	Mails() bool
	SignsUp() bool
	CloudName() string
	Theme() string
	Zone() string
	RequestID() string
	MustEnrol() bool
	MustRenew() bool
	Held() bool
	InClosed() bool
	Unread() int
	now() time.Time
}

// PageTitle names the page among all that a reader has open: itself first, then what it is about, then the cloud.
func (c *chrome) PageTitle() string {
	parts := []string{c.Title}
	about := func(name string) {
		if !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, name) }) {
			parts = append(parts, name)
		}
	}
	for _, t := range c.Tabs {
		if t.Here {
			about(t.Label)
		}
	}
	switch {
	case c.Here != nil:
		about(c.Here.Name)
	case slices.Contains(domainSections, c.Section):
		about(c.Realms().Here.Name)
	}
	return strings.Join(append(parts, c.CloudName()), " · ")
}

// domainSections are the entries of the navigation that are about a domain.
var domainSections = []string{"domain", "users", "groups", "projects", "assignments", "audit", "domain-invitations", "rules"}

// flaw is what is wrong with a field.
type flaw struct{ Field, Why string }

// Wrong is what is wrong with a field, if anything is.
func (c *chrome) Wrong(field string) flaw { return flaw{field, c.Fields[field]} }

// Aria are the attributes by which a field is read out together with what is wrong with it and with its hints, by their ids.
func (c *chrome) Aria(field string, hints ...string) template.HTMLAttr {
	attr := ""
	if c.Fields[field] != "" {
		attr, hints = ` aria-invalid="true"`, append([]string{field + "-problem"}, hints...)
	}
	if said := strings.TrimSpace(strings.Join(hints, " ")); said != "" {
		attr += ` aria-describedby="` + template.HTMLEscapeString(said) + `"`
	}
	return template.HTMLAttr(attr)
}

// link is a place to go to.
type link struct{ Label, Path string }

// problems are what is wrong with the fields of a form, by their names.
type problems map[string]string

// framed is what every page's struct is, by its chrome.
type framed interface{ frame() *chrome }

func (c *chrome) frame() *chrome { return c }

// show writes a page with a status.
func (v *visit) show(status int, name string, data framed) error {
	c := data.frame()
	c.messages, c.reader = v.messages, v
	if c.Notice == "" {
		c.Notice = v.done()
	}
	c.Bare = c.Bare || v.Held()
	if v.SignedIn() && v.User().Surface.NoAPI {
		c.Terminal = nil // the API would refuse them
	}
	var out bytes.Buffer
	if err := v.p.views.pages[name]().ExecuteTemplate(&out, "layout", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, err := v.w.Write(out.Bytes())
	return err
}

// done is the notice that a redirect asks for after something was done.
func (v *visit) done() string {
	switch v.URL.Query().Get("done") {
	case "reset":
		return v.T("Your password was set. Sign in with it.")
	case "invited":
		return v.T("The invitations are on their way.")
	case "instead":
		return v.T("They were let in.")
	case "not-instead":
		return v.T("Nothing has changed: the invitation stays for the address that it was sent to.")
	case "withdrawn":
		return v.T("The invitation was withdrawn. Its link does not work any more.")
	case "let-in":
		return v.T("Welcome. The menu has what you were let into.")
	case "joined":
		return v.T("Welcome. You can work on this project now.")
	case "credential-deleted":
		return v.T("The credential was deleted. Nothing can log in with it any more.")
	case "key-deleted":
		return v.T("The key was deleted. Nothing can log in with it any more.")
	case "password":
		return v.T("Your password was changed. All other sessions and tokens of yours have ended.")
	case "address-asked":
		return v.T("A link is on its way to the new address. Until it is used, the old one counts.")
	case "session":
		return v.T("The session was ended.")
	case "sessions":
		return v.T("All other sessions were ended.")
	case "grant-made":
		return v.T("The role was granted.")
	case "grant-revoked":
		return v.T("The role was taken back.")
	case "deleted":
		return v.T("Deleted.")
	case "member-added":
		return v.T("Added to the group.")
	case "member-removed":
		return v.T("Removed from the group.")
	case "user-created":
		return v.T("The account was created.")
	case "user-waits":
		return v.T("The account was created. Its role waits until somebody else agrees. Those who can were asked.")
	case "user-disabled":
		return v.T("The account was disabled. All that it had begun has ended.")
	case "user-enabled":
		return v.T("The account was enabled.")
	case "link-sent":
		return v.F("The link is on its way. It works once, %s.", v.lasts(v.p.Membership.ResetLife))
	case "user-suspended":
		return v.T("The account is suspended. All that it had begun has ended.")
	case "user-restored":
		return v.T("The account was restored. It is what it was before.")
	case "user-unlocked":
		return v.T("The account was unlocked.")
	case "user-ended":
		return v.T("All tokens and sessions of the account have ended.")
	case "user-deleted":
		return v.T("The account was deleted.")
	case "roles":
		return v.T("The roles were changed.")
	case "meanwhile":
		return v.T("Nothing was changed: somebody else has changed these roles meanwhile. This is what is granted now.")
	case "added":
		return v.T("The person was added.")
	case "revoked":
		return v.T("Done. Their roles here were revoked.")
	case "nobody":
		return v.T("Choose at least one person first.")
	case "left":
		return v.T("You have left the project.")
	case "factor":
		return v.T("Your second factor is on. Your other sessions have ended, and all tokens that had none.")
	case "passkey":
		return v.T("The passkey was added. It signs you in from now on.")
	case "passkey-removed":
		return v.T("The passkey was removed.")
	case "codes-saved":
		return v.T("Your new recovery codes are in force. All is open again.")
	case "factor-reset":
		return v.T("The second factor was reset. Its sessions and tokens have ended.")
	case "factor-asked":
		return v.T("The reset was asked for. It is done when another helper does the same, within a day.")
	case "factor-kept":
		return v.T("The reset was stopped. Your second factor stays as it is.")
	case "factor-off":
		return v.T("Your second factor is off. Your password alone lets you in again.")
	case "contact":
		return v.T("A mail asks whether they agree.")
	case "notified":
		return v.T("The notice is on its way.")
	case "asked":
		return v.T("The owner was asked by mail.")
	case "admitted":
		return v.T("The account and its project were made. A mail lets the person choose a password.")
	case "admitted-waits":
		return v.T("The account and its project were made. A mail lets the person choose a password. The role waits until somebody else agrees.")
	case "not-admitted":
		return v.T("They get no account, and a mail that says so.")
	case "api-user-off":
		return v.T("The API user is disabled. All its tokens have ended.")
	case "api-user-on":
		return v.T("The API user is enabled.")
	case "role-waits":
		return v.T("The roles take effect when the person has turned on a second factor.")
	case "role-withdrawn":
		return v.T("The role was withdrawn. It does not take effect any more.")
	case "revoked-requested":
		return v.T("What you may take back alone was. For the rest somebody else must agree: those who can were asked.")
	case "requested":
		return v.T("Somebody else must agree. Those who can were asked.")
	case "request-approved":
		return v.T("You agreed, and it was done.")
	case "request-refused":
		return v.T("The request was refused.")
	case "request-withdrawn":
		return v.T("The request was withdrawn.")
	case "saved":
		return v.T("Saved.")
	}
	return ""
}

// failurePage tells that something could not be done, and what to do.
type failurePage struct {
	chrome
	Status int
	Reason string
	Enrol  bool // what helps is a second factor
}

// showFailure writes the page for an error.
func (v *visit) showFailure(err error) {
	e, ok := errors.AsType[*identity.Error](err)
	if !ok {
		v.p.Log.ErrorContext(v.Context(), "page failed", "method", v.Method, "path", v.URL.Path, "error", err)
		e = &identity.Error{}
	}
	pg := &failurePage{Status: http.StatusInternalServerError}
	pg.Bare = !v.SignedIn()
	switch e.Kind {
	case identity.Unauthorized: // only for a project that asks for a second factor
		pg.Status, pg.Title, pg.Enrol = http.StatusForbidden, v.T("A second factor is asked for"), true
		pg.Lead = v.T("This project lets nobody work in it who has shown one factor alone. Turn a second factor on, or sign in with yours, and come back.")
	case identity.NotFound:
		pg.Status, pg.Title = http.StatusNotFound, v.T("Not found")
		pg.Lead = v.T("There is nothing here that you may see. It may have been deleted, or the address is not quite right.")
	case identity.Forbidden:
		pg.Status, pg.Title = http.StatusForbidden, v.T("Not allowed")
		pg.Lead, pg.Reason = v.T("Your roles do not permit this. Ask somebody who administers the project or domain."), v.said(e)
		if e == errForeignForm {
			pg.Lead = v.T("This form was not sent from this page. Go back, reload the page and try again.")
		}
	case identity.BadRequest, identity.Conflict, identity.TooLarge:
		pg.Status, pg.Title = http.StatusBadRequest, v.T("That did not work")
		pg.Lead, pg.Reason = v.T("Go back, change what the message names, and try again."), v.said(e)
	case identity.TooManyRequests, identity.Unavailable:
		pg.Status, pg.Title = http.StatusServiceUnavailable, v.T("Please try again")
		if e.Kind == identity.TooManyRequests {
			pg.Status = http.StatusTooManyRequests
		}
		v.passOn(err)
		pg.Lead = v.T("The service is busy. Nothing was changed; try again in a moment.")
	default:
		pg.Title = v.T("Something went wrong")
		pg.Lead = v.T("This is our fault, not yours. Nothing was changed. If it happens again, tell your administrator the number below.")
	}
	if err := v.show(pg.Status, "failure", pg); err != nil {
		v.p.Log.ErrorContext(v.Context(), "page failed", "error", err)
		http.Error(v.w, pg.Title, pg.Status)
	}
}

// Stamp is a time as machines read it.
func (c *chrome) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// local is a time in the zone that the reader has chosen, else in UTC.
func (c *chrome) local(t time.Time) time.Time {
	if zone, err := time.LoadLocation(c.Zone()); err == nil {
		return t.In(zone)
	}
	return t.UTC()
}

// Day is the day of a time.
func (c *chrome) Day(t time.Time) string { return c.day(c.local(t)) }

// Ahead is the day some days from now.
func (c *chrome) Ahead(days int) string { return c.Day(c.now().AddDate(0, 0, days)) }

// Moment is a time to the minute. Where the reader has chosen no zone a script turns it into the browser's.
func (c *chrome) Moment(t time.Time) string { return c.Day(t) + c.local(t).Format(" 15:04 MST") }

// Since is how long ago a time was, or how long it is still to come, roughly.
func (c *chrome) Since(t time.Time) string {
	d := c.now().Sub(t)
	ahead := d < 0
	if ahead {
		d = -d
	}
	var span string
	switch {
	case d < time.Minute:
		return c.T("now")
	case d < time.Hour:
		span = c.N(int(d/time.Minute), "%d minute", "%d minutes")
	case d < 24*time.Hour:
		span = c.N(int(d/time.Hour), "%d hour", "%d hours")
	default:
		span = c.N(int(d.Round(24*time.Hour)/(24*time.Hour)), "%d day", "%d days")
	}
	if ahead {
		return fmt.Sprintf(c.T("in %s"), span)
	}
	return fmt.Sprintf(c.T("%s ago"), span)
}

// Agent is what a browser calls itself, in two words.
func (c *chrome) Agent(agent string) string {
	browser, system := telemetry.Browser(agent)
	switch {
	case browser == "":
		return c.T("Another program")
	case system == "":
		return browser
	}
	return c.F("%s on %s", browser, system)
}

// entry is a place of the navigation.
type entry struct {
	Path, Label string
	Here        bool
}

// Names lists names.
func (c *chrome) Names(all []string) string { return strings.Join(all, ", ") }

// Place is an entry of the navigation, marked where the page belongs to it.
func (c *chrome) Place(section, path, label string) entry {
	return entry{path, c.T(label), c.Section == section}
}

// Initials stand in for a picture of somebody.
func (c *chrome) Initials(name string) string { return initials(name) }

func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" .-_@", r) })
	var out []rune
	for _, w := range words[:min(2, len(words))] {
		out = append(out, []rune(w)[0])
	}
	return strings.ToUpper(string(out))
}
