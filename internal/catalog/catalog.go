// Package catalog knows the services of a cloud and where they are: regions, services, endpoints, and the catalog that
// is handed out with a token.
package catalog

import (
	"context"
	"log/slog"
	"slices"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB    *store.DB
	Authz *authz.Checker
	Log   *slog.Logger

	// PublicEndpoint is what the template public_endpoint in URLs stands for ([DEFAULT] public_endpoint).
	PublicEndpoint string

	// HideUnfiltered leaves the catalog empty for projects without an endpoint filter
	// ([endpoint_filter] return_all_endpoints_if_no_filter is false).
	HideUnfiltered bool

	// StrictLimits keeps the limits of projects within those of their domains ([unified_limit] enforcement_model is
	// strict_two_level).
	StrictLimits bool
}

// Entry is a service in a catalog, with its endpoints as seen from a token's scope.
type Entry struct {
	ID        identity.ServiceID
	Type      string
	Name      string
	Endpoints []identity.Endpoint // URLs are filled in
}

// Rendered is a catalog as it is seen from a scope. Many differ in URLs alone, so of each one that is remembered only the text
// is kept: its entries are made anew for who asks for them.
type Rendered struct {
	Entries func() []Entry

	most    int // of entries and endpoints
	written identity.Memo
}

// Written returns what write makes of the entries, which it is asked for once.
func (r *Rendered) Written(write func([]Entry) ([]byte, error)) ([]byte, error) {
	return r.written.Written(func() ([]byte, error) {
		text, err := write(r.Entries())
		return slices.Clone(text), err // without the room that it grew in
	})
}

// Cost is about what it takes, in bytes, with what is written of it.
func (r *Rendered) Cost() int { return (1 + r.most) << 9 }

// anywhere is the key of all that a catalog is made from but the scope.
var anywhere = []store.Key{{Kind: "catalog"}}

// Render makes the catalog for a user, and the project of the scope if there is one
// (keystone/catalog/backends/sql.py, get_v3_catalog).
func (s *Service) Render(ctx context.Context, tx *store.Tx, user identity.UserID, project identity.ProjectID) (*Rendered, error) {
	if err := tx.ForeseeCatalog(ctx, project); err != nil {
		return nil, err
	}
	all, err := store.Recall(tx, store.Fact{What: "what is on offer"}, func() (*offer, []store.Key, error) {
		all, err := tx.Offer(ctx)
		if err != nil {
			return nil, nil, err
		}
		return look(all), anywhere, nil
	})
	if err != nil {
		return nil, err
	}
	visible, filtered, err := s.visible(ctx, tx, project, all.Endpoints)
	if err != nil {
		return nil, err
	}
	if !filtered && s.HideUnfiltered {
		return &Rendered{Entries: func() []Entry { return []Entry{} }}, nil
	}
	seen := store.Fact{What: "catalog"} // from where it looks different
	if all.user {
		seen.Of = string(user)
	}
	if all.project || filtered {
		seen.On = string(project)
	}
	return store.Recall(tx, seen, func() (*Rendered, []store.Key, error) {
		entries := func() []Entry { return s.entries(all, user, project, visible, filtered) }
		return &Rendered{Entries: entries, most: len(all.Services) + len(all.Endpoints)}, anywhere, nil
	})
}

// offer is what all catalogs are made of.
type offer struct {
	*store.Offer
	user, project bool // some URL names the user, or the project
}

func look(all *store.Offer) *offer {
	o := &offer{Offer: all}
	for _, e := range all.Endpoints {
		o.user = o.user || mentions(e.URL, "user_id")
		o.project = o.project || mentions(e.URL, ofProject...)
	}
	return o
}

// entries are what is seen of all services. visible, if filtered is true, are the endpoints to show, and services with none
// of them are left out.
func (s *Service) entries(all *offer, user identity.UserID, project identity.ProjectID, visible map[identity.EndpointID]bool, filtered bool) []Entry {
	entries := make([]Entry, len(all.Services))
	at := make(map[identity.ServiceID]int, len(entries))
	for i, sv := range all.Services {
		entries[i] = Entry{ID: sv.ID, Type: sv.Type, Name: sv.Name()}
		at[sv.ID] = i
	}
	values := s.values(user, project)
	for _, e := range all.Endpoints {
		i, ok := at[e.ServiceID]
		if !ok || !e.Enabled || filtered && !visible[e.ID] {
			continue
		}
		url, ok := expand(e.URL, values)
		if !ok {
			if project != "" || !mentions(e.URL, ofProject...) {
				s.Log.Error("an endpoint has a URL that cannot be filled in; it is left out", "endpoint", e.ID, "url", e.URL)
			}
			continue
		}
		e.URL = url
		entries[i].Endpoints = append(entries[i].Endpoints, e)
	}
	if filtered {
		entries = slices.DeleteFunc(entries, func(e Entry) bool { return len(e.Endpoints) == 0 })
	}
	return entries
}

// Of is the catalog for the project of the caller's token.
func (s *Service) Of(ctx context.Context, caller identity.Caller) (entries []Entry, err error) {
	if err := s.Authz.Check(ctx, caller, authz.GetAuthCatalog, nil); err != nil {
		return nil, err
	}
	if caller.Token == nil || caller.Token.Scope.ProjectID() == "" {
		return nil, identity.Deniedf("A project-scoped token is required to produce a service catalog.")
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		r, err := s.Render(ctx, tx, caller.UserID(), caller.Token.Scope.ProjectID())
		if err == nil {
			entries = r.Entries()
		}
		return err
	})
	return entries, err
}

// RemainsOf are the services of a project's catalog, Identity apart: what was made there is unknown here and may remain when the
// project is deleted. It is for who may delete the project (identity:delete_project).
func (s *Service) RemainsOf(ctx context.Context, caller identity.Caller, id identity.ProjectID) (entries []Entry, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		entries = nil
		p, missing := tx.Project(ctx, id)
		target := authz.Target{}
		if missing == nil {
			target["project"] = authz.Project(p)
		}
		if err := s.Authz.CheckFound(ctx, caller, authz.DeleteProject, target, missing); err != nil {
			return err
		}
		r, err := s.Render(ctx, tx, caller.UserID(), id)
		if err == nil {
			entries = slices.DeleteFunc(r.Entries(), func(e Entry) bool { return e.Type == "identity" })
		}
		return err
	})
	return entries, err
}

// visible tells which endpoints a project's filters name. filtered is false when they name none, and all are to be seen.
func (s *Service) visible(ctx context.Context, tx *store.Tx, project identity.ProjectID, all []identity.Endpoint) (ids map[identity.EndpointID]bool, filtered bool, err error) {
	if project == "" {
		return nil, false, nil
	}
	filters, err := tx.EndpointFilters(ctx, project)
	if err != nil || len(filters) == 0 {
		return nil, false, err
	}
	ids = map[identity.EndpointID]bool{}
	for _, e := range all {
		for _, f := range filters {
			if f.Group == nil && f.ID == e.ID || f.Group != nil && inGroup(e, f.Group) {
				ids[e.ID] = true
			}
		}
	}
	return ids, len(ids) > 0, nil
}

// inGroup tells whether an endpoint has all attributes that a group asks for.
func inGroup(e identity.Endpoint, group map[string]any) bool {
	for key, want := range group {
		var have any
		switch key {
		case "interface":
			have = e.Interface
		case "service_id":
			have = string(e.ServiceID)
		case "region_id":
			if e.RegionID != "" {
				have = string(e.RegionID)
			}
		}
		if have != want {
			return false
		}
	}
	return true
}

// MayChange tells whether the caller may change the catalog, by the rule for new services.
func (s *Service) MayChange(ctx context.Context, caller identity.Caller) bool {
	return s.Authz.Allowed(ctx, caller, authz.CreateService, nil)
}
