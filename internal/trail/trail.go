// Package trail lets people ask the audit trail: everybody about themselves, others as far as what they look after reaches.
// The trail itself is written by the rooms, in the transactions of what they do (see store.Tx.Record), and by logins.
//
// Who reads what others did leaves an entry, too. It is not in a list unless it is asked for.
package trail

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Service is the room. All fields that others see are set once.
type Service struct {
	DB        *store.DB
	Authz     *authz.Checker
	Authority *authority.Service

	Keys token.Keys    // of credentials: they sign the trail
	Keep time.Duration // how long entries are kept; 0: there is no trail

	chain chain
}

// Page is a page of the trail, the newest entries first.
type Page = identity.Page[identity.TrailEntry]

// MaxPage is the most entries of one page.
const MaxPage = 1000

// All returns entries of the whole cloud (lintel:list_events).
func (s *Service) All(ctx context.Context, caller identity.Caller, q identity.TrailQuery) (Page, error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEvents, nil); err != nil {
		return Page{}, err
	}
	return s.read(ctx, caller, q, identity.TrailEntry{System: true})
}

// OfDomain returns entries of what is in a domain: its users' logins, and what was done to its users, groups and projects
// (lintel:list_domain_events).
func (s *Service) OfDomain(ctx context.Context, caller identity.Caller, id identity.DomainID, q identity.TrailQuery) (Page, error) {
	var d identity.Domain
	missing := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		d, err = tx.Domain(ctx, id)
		return err
	})
	target := authz.Target{}
	if missing == nil {
		target["domain"] = map[string]any{"id": string(d.ID)}
	}
	if err := s.Authz.CheckFound(ctx, caller, authz.ListDomainEvents, target, missing); err != nil {
		return Page{}, err
	}
	q.Domain = id
	return s.read(ctx, caller, q, identity.TrailEntry{Domain: &identity.Party{Kind: "domain", ID: string(id), Name: d.Name}})
}

// OfProject returns entries of what was done in a project: logins to it, grants and invitations, and the credentials that reach it.
// It is open to whoever looks after its people by the rules of who may grant what, beside those whom lintel:list_project_events
// lets in.
func (s *Service) OfProject(ctx context.Context, caller identity.Caller, id identity.ProjectID, q identity.TrailQuery) (Page, error) {
	p, err := s.project(ctx, caller, id)
	if err != nil {
		return Page{}, err
	}
	q.Project = id
	return s.read(ctx, caller, q, identity.TrailEntry{
		Project: &identity.Party{Kind: "project", ID: string(id), Name: p.Name}, Domain: &identity.Party{Kind: "domain", ID: string(p.DomainID)},
	})
}

// Sees tells whether the caller may see what was done in a project.
func (s *Service) Sees(ctx context.Context, caller identity.Caller, id identity.ProjectID) bool {
	_, err := s.project(ctx, caller, id)
	return err == nil
}

func (s *Service) project(ctx context.Context, caller identity.Caller, id identity.ProjectID) (p identity.Project, err error) {
	manages := false
	missing := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Project(ctx, id); err == nil {
			manages, err = s.Authority.Manages(ctx, tx, caller, id)
		}
		if err == nil && !manages {
			manages, err = s.Authority.Lets(ctx, tx, caller, id, identity.AreaActivity)
		}
		return err
	})
	if manages {
		return p, nil
	}
	target := authz.Target{}
	if missing == nil {
		target["project"] = authz.Project(p)
	}
	return p, s.Authz.CheckFound(ctx, caller, authz.ListProjectEvents, target, missing)
}

// OfUser returns entries of what a user did, and of what was done to them and to what is theirs (lintel:list_user_events). A
// token that a user handed on does not show what they do.
func (s *Service) OfUser(ctx context.Context, caller identity.Caller, id identity.UserID, q identity.TrailQuery) (Page, error) {
	var u identity.User
	missing := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		u, err = tx.User(ctx, id)
		return err
	})
	target := authz.Target{}
	if missing == nil {
		target["user"] = authz.User(u)
	}
	if err := s.Authz.CheckFound(ctx, caller, authz.ListUserEvents, target, missing); err != nil {
		return Page{}, err
	}
	if caller.Delegated && caller.StandsFor(id) {
		return Page{}, identity.Deniedf("a delegated token may not see what its user did")
	}
	q.Person = id
	if id == caller.UserID() {
		return s.DB.Trail(ctx, q)
	}
	return s.read(ctx, caller, q, identity.TrailEntry{
		Target: identity.Party{Kind: "user", ID: string(id), Name: u.Name}, Domain: &identity.Party{Kind: "domain", ID: string(u.DomainID)},
	})
}

// Actors returns who acted, or tried to sign in, from an address or by a token, as far as the newest entries tell
// (lintel:list_events). That somebody looked is on the trail, too.
func (s *Service) Actors(ctx context.Context, caller identity.Caller, q identity.TrailQuery) (users []identity.UserID, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListEvents, nil); err != nil {
		return nil, err
	}
	if err := s.note(ctx, caller, identity.TrailEntry{System: true}); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		users, err = tx.ActorsOf(ctx, q)
		return err
	})
	return users, err
}

// read returns a page, and notes who began to read where.
func (s *Service) read(ctx context.Context, caller identity.Caller, q identity.TrailQuery, where identity.TrailEntry) (Page, error) {
	if q.Marker == "" {
		if err := s.note(ctx, caller, where); err != nil {
			return Page{}, err
		}
	}
	return s.DB.Trail(ctx, q)
}

// note puts on the trail who began to read where.
func (s *Service) note(ctx context.Context, caller identity.Caller, where identity.TrailEntry) error {
	by := identity.Event{}.By(caller).Initiator
	where.Class, where.Action = identity.ClassReading, "trail.read"
	where.Actor, where.Via, where.By, where.AuditIDs = by.Actor, by.Via, by.Trustee, by.AuditIDs
	return s.DB.RecordSignIn(ctx, where)
}
