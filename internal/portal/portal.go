// Package portal is the web UI for people: pages and forms over the same rooms that the API calls, with the person who is
// signed in as the caller. It decides nothing that a room decides, so no page can do what a client of the API could not.
//
// A request goes down once and back once: the table of pages, the visit (session, language, caller), the page's method,
// which calls a room and fills the page's struct, its template. Every change is an ordinary form that is posted and then
// redirected from, so that pages work without scripts; only a secret that is shown once stands in the answer to its form.
package portal

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/telemetry"
	"github.com/lintel-id/lintel/internal/trail"
)

// Prefix is where the portal stands on the API's port.
const Prefix = "/portal"

// Portal serves the pages. All fields are set once, before Handler.
type Portal struct {
	Auth       *auth.Service
	Directory  *directory.Service
	Assignment *assignment.Service
	Credential *credential.Service
	Catalog    *catalog.Service
	Membership *membership.Service
	Trail      *trail.Service

	// Services are those of the cloud whose rules are known ([lintel] policy_bundles), Identity's own among them.
	Services *policy.Services

	// Name is what the cloud is called ([lintel] cloud_name).
	Name string

	// Terms is the page of the terms that whoever asks for an account must agree to ([lintel] sign_up_terms); empty for none.
	Terms string

	// Endpoint returns the base of the API's URLs, ending in /v3, as a request sees it.
	Endpoint func(*http.Request) string

	// Raw returns a user as the API shows it to who sends a request, to be written as JSON.
	Raw func(*http.Request, identity.User) any

	Now func() time.Time
	Log *slog.Logger

	views *views
}

// page is one row of the table of pages.
type page struct {
	method, path string
	serve        func(*visit) error

	// open pages are for everybody. The others send who is not signed in to the sign-in page.
	open bool

	// confirmed pages change what matters, and want a proof of who is there that is not old.
	confirmed bool

	// enrols is of a page on the way to a second factor. Who must set one up first is sent there from all others that are not open.
	enrols bool

	// renews is of a page on the way to new recovery codes. Who has none left is sent there from all others that are not open.
	renews bool
}

const get, post = http.MethodGet, http.MethodPost

// pages returns the table, put together from those that stand above their pages, by whom they are for.
func pages() []page {
	var all []page
	for _, table := range [][]page{
		signInPages, forgotPages, codePages, acceptPages, signUpPages, // for whoever is not signed in yet
		homePages, noticePages, profilePages, searchPages, activityPages, whyPages, // one's own
		securityPages, factorPages, passkeyPages, credentialPages,
		projectPages, peoplePages, invitePages, requestPages, waitingPages, // a project's
		rolePages, memberPages, apiUserPages, inventoryPages, contactPages, portalUserPages, settingsPages,
		overviewPages, userPages, importPages, accountPages, accountTabPages, surfacePages, customerPages, // a domain's
		domainGroupPages, domainProjectPages, assignmentPages, domainRulePages, auditPages,
		cloudPages, catalogPages, permissionPages, roleProfilePages, policyPages, grantRulePages, // the cloud's
	} {
		all = append(all, table...)
	}
	return all
}

// Handler returns the handler of all pages and what they need, below Prefix.
func (p *Portal) Handler() http.Handler {
	p.views = loadViews()
	mux := http.NewServeMux()
	for _, pg := range pages() {
		mux.HandleFunc(pg.method+" "+Prefix+pg.path, func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, pg) })
	}
	mux.Handle(get+" "+Prefix+"/assets/", http.StripPrefix(Prefix, p.views.assets()))
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, r *http.Request) {
		p.serve(w, r, page{open: true, serve: func(v *visit) error { return &identity.Error{Kind: identity.NotFound} }})
	})
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.serve(w, r, page{open: true, serve: func(v *visit) error { return errForeignForm }})
	}))
	return secure(guard.Handler(mux))
}

// secure sets what every answer of the portal carries: nothing is loaded from elsewhere, nothing stands inline, nobody
// frames a page, and no page with somebody's data is kept.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "+
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "X-Auth-Token")
		h.Set("X-Content-Type-Options", "nosniff")
		if telemetry.From(r.Context()).Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// serve answers one request for a page.
func (p *Portal) serve(w http.ResponseWriter, r *http.Request, pg page) {
	v := &visit{p: p, w: w, Request: r, messages: p.views.language(r)}
	err := v.enter(pg)
	if err == nil {
		err = pg.serve(v)
	}
	if err != nil {
		v.fail(err)
	}
}

// fail shows what went wrong. Who has no session is sent to sign in, and back when that is done.
func (v *visit) fail(err error) {
	var receipt *auth.ReceiptError
	switch {
	case errors.Is(err, auth.ErrAsksFactor):
		v.showFailure(err)
		return
	case errors.Is(err, identity.Unauthorized) && v.key != "", errors.As(err, &receipt) && v.key != "":
		v.forget(sessionCookie)
		v.redirect("/login?ended=1&next=" + v.nextHere())
		return
	case errors.Is(err, errSignIn):
		v.redirect("/login?next=" + v.nextHere())
		return
	case errors.Is(err, errEnrol):
		v.redirect("/security/totp/new")
		return
	case errors.Is(err, errRenew):
		v.redirect("/security/recovery-codes")
		return
	case errors.Is(err, errConfirm), needsProof(err):
		v.redirect("/confirm?next=" + v.nextHere())
		return
	}
	if errors.Is(err, context.Canceled) {
		return
	}
	v.showFailure(err)
}

// local is a path of the portal that a parameter may send the browser to; anything else is the start page.
func local(next string) string {
	if strings.HasPrefix(next, Prefix) && (len(next) == len(Prefix) || next[len(Prefix)] == '/' || next[len(Prefix)] == '?') &&
		!strings.ContainsAny(next, "\\\r\n\t") && !strings.Contains(next, "//") && !strings.Contains(next, "..") {
		return next
	}
	return Prefix
}
