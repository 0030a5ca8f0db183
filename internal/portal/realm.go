package portal

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

// onScope is the caller with the rights that they have on a scope beside projects, or missing when they have none. The user of
// the path, in the eyes of rules, is the one that the page is about, never simply the caller.
func (v *visit) onScope(on auth.ScopeRequest, missing error) (identity.Caller, error) {
	c, ok, err := v.act(on)
	if err == nil && !ok {
		err = missing
	}
	c.Request.Path = map[string]string{"user_id": v.PathValue("user")}
	return c, err
}

// onSystem is the caller with the rights that they have on the system.
func (v *visit) onSystem() (identity.Caller, error) {
	return v.onScope(auth.ScopeRequest{System: true}, &identity.Error{Kind: identity.NotFound})
}

// inDomain is the domain of the path and the caller with the rights that they have on it, or on the system if they have none on
// the domain or may look after users only from there.
func (v *visit) inDomain() (c identity.Caller, d identity.Domain, err error) {
	id := identity.DomainID(v.PathValue("domain"))
	missing := identity.Missing("domain", id)
	c, err = v.onScope(auth.ScopeRequest{Domain: &directory.DomainRef{ID: id}}, missing)
	if err != nil && !errors.Is(err, identity.NotFound) {
		return c, d, err
	}
	if err != nil || !v.p.Directory.MayCreateUser(v.Context(), c, id) {
		wider, none := v.onScope(auth.ScopeRequest{System: true}, missing)
		if none == nil && (err != nil || v.p.Directory.MayCreateUser(v.Context(), wider, id)) {
			c, err = wider, nil
		} else if none != nil && !errors.Is(none, identity.NotFound) {
			return c, d, none
		}
	}
	if err != nil {
		return c, d, err
	}
	if d, err = v.p.Directory.Domain(v.Context(), c, id); err != nil {
		return c, d, err
	}
	v.domain = d
	return c, d, nil
}

// InClosed tells whether the page is about a domain that is disabled, or about something in it.
func (v *visit) InClosed() bool { return v.domain.ID != "" && !v.domain.Enabled }

// Realms are where somebody has roles beside projects.
type Realms struct {
	Domains []identity.Domain
	System  bool
	Here    identity.Domain // the one whose pages the navigation shows; empty for none
}

// Realms finds, with one query, what the navigation shows of domains and the cloud.
func (v *visit) Realms() Realms {
	if v.realms != nil {
		return *v.realms
	}
	var r Realms
	var err error
	if r.Domains, r.System, err = v.p.Assignment.Realms(v.Context(), v.self()); err != nil {
		v.p.Log.ErrorContext(v.Context(), "navigation failed", "error", err)
	}
	if r.Here = v.domain; r.Here.ID == "" && len(r.Domains) > 0 {
		r.Here = r.Domains[0]
		if i := slices.IndexFunc(r.Domains, func(d identity.Domain) bool { return d.ID == v.User().DomainID }); i >= 0 {
			r.Here = r.Domains[i]
		}
	}
	v.realms = &r
	return r
}

// In is a path of a domain's pages.
func (r Realms) In(path string) string { return Prefix + inDomain(r.Here.ID) + path }

func inDomain(id identity.DomainID) string { return "/d/" + url.PathEscape(string(id)) }

// refusal is what a room says against a form, to be shown beside it. Other errors are returned, among them those that say that
// the caller may not.
func (v *visit) refusal(err error) (string, error) {
	e, ok := errors.AsType[*identity.Error](err)
	if ok && (e.Kind == identity.BadRequest || e.Kind == identity.Conflict || e.Kind == identity.Forbidden && !strings.HasPrefix(e.Message, notAllowed)) {
		return v.said(e), nil
	}
	return "", err
}

// notAllowed begins what is said of a decision of a policy.
const notAllowed = "You are not authorized"

// text is a description, which may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// optional is a value that may be left empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
