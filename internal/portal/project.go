package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

var projectPages = []page{
	{method: get, path: "/p/{id}", serve: (*visit).project},
	{method: get, path: "/p/{id}/leave", serve: (*visit).askLeave},
	{method: post, path: "/p/{id}/leave", serve: (*visit).leave},
}

// here is the project that a page is about, with what stands around all its pages.
type here struct {
	identity.Project
	In     string             // its domain's name
	Others []identity.Project // that the reader can go to
	More   bool               // there are others than these
	People bool               // the reader may see who has which role

	APIUsers bool // the reader may look after API users

	Activity bool // the reader may see what was done there

	Inventory, Contacts, PortalUsers bool // the reader may enter these pages

	Portal bool // the reader has no role there, but was let into some of the pages

	// callers are the reader with the rights that they have on the project, on its domain and on the system, as far as they can
	// see it from there. An openstack client would be told which of them to use.
	callers []identity.Caller
	member  bool // the first of them has rights on the project
}

// Path is the address of a page of the project.
func (h *here) Path(rest ...string) string {
	return Prefix + "/p/" + string(h.ID) + strings.Join(rest, "")
}

// as tries something with the reader's rights, one scope after the other until one permits it.
func (h *here) as(try func(identity.Caller) error) (err error) {
	for _, c := range h.callers {
		if err = try(c); !errors.Is(err, identity.Forbidden) {
			return err
		}
	}
	return err
}

// asGranter is as for what tells which roles the reader may grant: of the scopes that permit it, the first from which there are
// any counts, or else the first.
func asGranter[T any](h *here, try func(identity.Caller) (found T, offers int, err error)) (best T, err error) {
	for i, some := 0, false; i < len(h.callers); i++ {
		found, offers, e := try(h.callers[i])
		switch {
		case errors.Is(e, identity.Forbidden):
			if !some {
				err = e
			}
		case e != nil:
			return best, e
		case offers > 0:
			return found, nil
		case !some:
			best, err, some = found, nil, true
		}
	}
	return best, err
}

// switcher is how many projects the list to choose another one from has.
const switcher = 20

// here finds the project of a page's path. One that the reader cannot see from anywhere is not there.
func (v *visit) here() (*here, error) { return v.hereIn("") }

// anyArea is the page of a project that whoever was let into any area of it sees.
const anyArea identity.Area = "any"

// hereIn is here for the pages of an area, which those see, too, who were let into it.
func (v *visit) hereIn(area identity.Area) (*here, error) {
	id := identity.ProjectID(v.PathValue("id"))
	h := new(here)
	look := func(on auth.ScopeRequest) error {
		c, ok, err := v.act(on)
		if err != nil || !ok {
			return err
		}
		p, err := v.p.Directory.Project(v.Context(), c, id, directory.Around{})
		switch {
		case err == nil && p.IsDomain, errors.Is(err, identity.Forbidden), errors.Is(err, identity.NotFound):
			return nil
		case err == nil:
			h.Project, h.callers = p.Project, append(h.callers, c)
		}
		return err
	}
	asked := look(auth.ScopeRequest{Project: &auth.ProjectRef{ID: id}})
	if asked != nil && !errors.Is(asked, auth.ErrAsksFactor) {
		return nil, asked
	}
	h.member = len(h.callers) > 0
	if err := look(auth.ScopeRequest{System: true}); err != nil {
		return nil, err
	}
	domains, err := v.p.Assignment.Domains(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	for _, d := range domains {
		if h.DomainID != "" && h.DomainID != d.ID {
			continue
		}
		if err := look(auth.ScopeRequest{Domain: &directory.DomainRef{ID: d.ID}}); err != nil {
			return nil, err
		}
	}
	h.Activity = slices.ContainsFunc(h.callers, func(c identity.Caller) bool { return v.p.Trail.Sees(v.Context(), c, h.ID) })
	let, err := v.p.Membership.AreasOn(v.Context(), v.self(), id)
	if err != nil {
		return nil, err
	}
	if h.Portal = len(h.callers) == 0; h.Portal {
		if !slices.Contains(let.Areas, area) && (area != anyArea || len(let.Areas) == 0) {
			return nil, cmp.Or(asked, identity.Missing("project", id))
		}
		h.Project = let.Project
	}
	if len(let.Areas) > 0 {
		h.callers = append(h.callers, v.caller)
	}
	h.Inventory, h.Contacts = h.Activity || slices.Contains(let.Areas, identity.AreaCredentials), h.Activity || slices.Contains(let.Areas, identity.AreaContacts)
	h.Activity = h.Activity || slices.Contains(let.Areas, identity.AreaActivity)
	if h.In = let.Domain; h.In == "" {
		err = h.as(func(c identity.Caller) error {
			d, err := v.p.Directory.Domain(v.Context(), c, h.DomainID)
			h.In = d.Name
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, c := range h.callers {
		if h.People, err = v.p.Assignment.LooksAfter(v.Context(), c, h.Project); err != nil {
			return nil, err
		} else if h.People {
			break
		}
	}
	err = h.as(func(c identity.Caller) error {
		h.APIUsers, err = v.p.Membership.ProvidesAPIUsers(v.Context(), c, h.ID)
		if err == nil && !h.APIUsers {
			err = identity.NotAllowed("identity:create_grant")
		}
		return err
	})
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return nil, err
	}
	for _, c := range h.callers {
		if h.PortalUsers, err = v.p.Membership.LetsIn(v.Context(), c, h.ID); err != nil {
			return nil, err
		} else if h.PortalUsers {
			break
		}
	}
	if h.Others, err = v.p.Assignment.Projects(v.Context(), v.self()); err != nil {
		return nil, err
	}
	into, err := v.p.Membership.PortalProjects(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	for _, p := range into {
		if !slices.ContainsFunc(h.Others, func(o identity.Project) bool { return o.ID == p.ID }) {
			h.Others = append(h.Others, p)
		}
	}
	slices.SortFunc(h.Others, func(a, b identity.Project) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	if h.More = len(h.Others) > switcher; h.More {
		h.Others = h.Others[:switcher]
	}
	return h, nil
}

// projectPage is a project as one of its members sees it.
type projectPage struct {
	chrome
	Roles    []heldRole
	CanLeave bool
	Keepers  []contact // who looks after it
	Limits   []catalog.Allowance
}

// contact is somebody to ask.
type contact struct{ Name, Email string }

func (v *visit) project() error {
	h, err := v.hereIn(anyArea)
	if err != nil {
		return err
	}
	pg := new(projectPage)
	pg.Here, pg.Section, pg.Title = h, "project", h.Name
	pg.Lead = v.F("Project in %s", h.In)
	if h.Portal {
		return v.show(http.StatusOK, "project", pg)
	}
	me, err := v.me(h)
	if err != nil {
		return err
	}
	if h.member {
		keepers, err := v.p.Membership.Keepers(v.Context(), h.callers[0], h.ID)
		if err != nil {
			return err
		}
		for _, u := range keepers {
			email, _ := u.Extra["email"].(string)
			pg.Keepers = append(pg.Keepers, contact{u.Name, email})
		}
		if pg.Limits, err = v.p.Catalog.Allowances(v.Context(), h.callers[0]); err != nil && !errors.Is(err, identity.Forbidden) {
			return err
		}
	}
	pg.Roles, pg.CanLeave = v.rolesHeld(me.Held, me.Terms, me.Called), len(me.Revocable) > 0
	pg.Terminal = []string{"openstack project show " + word(h.Name) + " --domain " + word(h.In)}
	if len(pg.Limits) > 0 {
		pg.Terminal = append(pg.Terminal, "openstack limit list", "openstack registered limit list")
	}
	return v.show(http.StatusOK, "project", pg)
}
