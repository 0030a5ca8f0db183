package portal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// Cookies. The prefix makes browsers keep them for this host, this path and HTTPS alone (or the own machine).
const (
	sessionCookie = "__Host-lintel"
	guestCookie   = "__Host-lintel-guest" // what forms of people without a session are bound to
	receiptCookie = "__Host-lintel-receipt"
	themeCookie   = "__Host-lintel-theme"
	langCookie    = "__Host-lintel-language"
	zoneCookie    = "__Host-lintel-zone"
	deviceCookie  = "__Host-lintel-device" // by which a browser is known to who signed in with it
	sizeCookie    = "__Host-lintel-rows"   // how many a page of a list shows
)

// confirmFor is how long a proof of who is there counts for what matters.
const confirmFor = 15 * time.Minute

var (
	errSignIn      = errors.New("nobody is signed in")
	errEnrol       = errors.New("a second factor must be set up first")
	errRenew       = errors.New("new recovery codes must be taken first")
	errConfirm     = errors.New("the proof of who is there is too old")
	errForeignForm = &identity.Error{Kind: identity.Forbidden}
)

// visit is one request for a page. Templates call its exported methods.
type visit struct {
	*http.Request
	*messages

	p *Portal
	w http.ResponseWriter

	key     string // of the session; empty when nobody is signed in
	session identity.Session
	caller  identity.Caller // unscoped
	guest   string
	domain  identity.Domain // whose pages these are; empty for none
	realms  *Realms
}

// enter finds out who is there and whether a form comes from a page of theirs.
func (v *visit) enter(pg page) error {
	if c, err := v.Cookie(guestCookie); err == nil {
		v.guest = c.Value
	}
	if c, err := v.Cookie(sessionCookie); err == nil && c.Value != "" {
		if err := v.resume(c.Value); err != nil && !pg.open {
			v.key = c.Value // there was one
			return err
		}
	}
	if v.key == "" && !pg.open {
		return errSignIn
	}
	if v.caller.MustEnrol && !pg.open && !pg.enrols {
		return errEnrol
	}
	if v.caller.MustRenew && !pg.open && !pg.renews {
		return errRenew
	}
	if v.Method == post {
		v.Body = http.MaxBytesReader(v.w, v.Body, 64<<10)
		if err := v.ParseForm(); err != nil {
			return identity.Invalidf("The form could not be read.")
		}
		for _, values := range v.PostForm {
			if slices.ContainsFunc(values, func(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }) {
				return identity.Invalidf("The form has characters that no text has.")
			}
		}
		if !hmac.Equal([]byte(v.CSRF()), []byte(v.PostForm.Get("csrf"))) {
			return errForeignForm
		}
	}
	if pg.confirmed && v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor {
		return errConfirm
	}
	return nil
}

// resume takes up the session of a key.
func (v *visit) resume(key string) error {
	s, err := v.p.Auth.Session(v.Context(), key)
	if err != nil {
		return err
	}
	if v.caller, err = v.p.Auth.Act(v.Context(), s, auth.ScopeRequest{Unscoped: true}); err != nil {
		return err
	}
	v.key, v.session = key, s
	telemetry.SetCaller(v.Context(), string(s.UserID), "")
	return nil
}

// on is the caller with the rights that they have on a project, as seen by rules that name the caller as the path's user. A
// project that they cannot work on is not there.
func (v *visit) on(project identity.ProjectID) (identity.Caller, error) {
	c, ok, err := v.act(auth.ScopeRequest{Project: &auth.ProjectRef{ID: project}})
	if err == nil && !ok {
		err = identity.Missing("project", project)
	}
	if err != nil {
		return c, err
	}
	telemetry.SetCaller(v.Context(), string(v.session.UserID), string(project))
	return asSelf(c), nil
}

// act is the caller with the rights that they have on a scope, if they have any, as seen by rules about others. A project that asks for a
// second factor, where none was shown, is auth.ErrAsksFactor.
func (v *visit) act(on auth.ScopeRequest) (c identity.Caller, ok bool, err error) {
	c, err = v.p.Auth.Act(v.Context(), v.session, on)
	if errors.Is(err, identity.Unauthorized) && !errors.Is(err, auth.ErrAsksFactor) {
		return c, false, nil
	}
	return c, err == nil, err
}

// self is the caller without a scope, as seen by rules that name the caller as the path's user.
func (v *visit) self() identity.Caller { return asSelf(v.caller) }

func asSelf(c identity.Caller) identity.Caller {
	c.Request.Path = map[string]string{"user_id": string(c.UserID())}
	return c
}

// CSRF is what a form carries to show that it comes from a page of this session, or of this browser before there is one.
func (v *visit) CSRF() string {
	bound := v.key
	if bound == "" {
		if v.guest == "" {
			b := make([]byte, 16)
			rand.Read(b)
			v.guest = base64.RawURLEncoding.EncodeToString(b)
			v.setCookie(guestCookie, v.guest, 0)
		}
		bound = v.guest
	}
	mac := hmac.New(sha256.New, []byte(bound))
	mac.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// setCookie sets a cookie for the browser's session, or for some time.
func (v *visit) setCookie(name, value string, life time.Duration) {
	http.SetCookie(v.w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// device is the browser, which gets a mark to be known by.
func (v *visit) device() auth.Device {
	d := auth.Device{Address: v.address(), Agent: v.UserAgent()}
	if c, err := v.Cookie(deviceCookie); err == nil && c.Value != "" {
		d.Mark = c.Value
	} else {
		d.Mark = rand.Text()
		v.setCookie(deviceCookie, d.Mark, yearly)
	}
	return d
}

func (v *visit) forget(cookie string) {
	http.SetCookie(v.w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// redirect sends the browser to a page of the portal, to be read with GET.
func (v *visit) redirect(path string) {
	v.w.Header().Set("Location", Prefix+path)
	v.w.WriteHeader(http.StatusSeeOther)
}

// nextHere names this page, as a parameter that leads back to it. What was posted is lost, so then it is the page of the form.
func (v *visit) nextHere() string { return url.QueryEscape(v.URL.RequestURI()) }

// field is a value of a form that was posted, or of the query.
func (v *visit) field(name string) string { return v.FormValue(name) }

// SignedIn tells whether somebody is.
func (v *visit) SignedIn() bool { return v.key != "" }

// MustEnrol tells whether the reader has to set up a second factor before anything else.
func (v *visit) MustEnrol() bool { return v.caller.MustEnrol }

// MustRenew tells whether the reader has to take new recovery codes before anything else.
func (v *visit) MustRenew() bool { return v.caller.MustRenew }

// Held tells whether the reader has to do something before anything else.
func (v *visit) Held() bool { return v.MustEnrol() || v.MustRenew() }

// User is who is signed in.
func (v *visit) User() identity.User { return v.caller.Token.User }

// Domain is the domain of who is signed in.
func (v *visit) Domain() identity.Domain { return v.caller.Token.UserDomain }

// CloudName is what the cloud is called.
func (v *visit) CloudName() string { return v.p.Name }

// Theme is light or dark when the reader has chosen.
func (v *visit) Theme() string {
	if c, err := v.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// Zone is the zone of time that the reader has chosen, by its name; empty for that of the browser.
func (v *visit) Zone() string {
	if c, err := v.Cookie(zoneCookie); err == nil {
		if _, err := time.LoadLocation(c.Value); err == nil && c.Value != "Local" {
			return c.Value
		}
	}
	return ""
}

func (v *visit) now() time.Time { return v.p.Now() }

// RequestID is what a report of a failure should name.
func (v *visit) RequestID() string { return telemetry.RequestID(v.Context()) }
