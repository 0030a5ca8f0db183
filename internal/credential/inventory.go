package credential

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Held is something that logs in to a project for its owner, as far as those may know who look after the project: no secret, no
// blob.
type Held struct {
	store.ProjectCredential
	Owner     identity.User // by name and domain alone
	In        string        // the name of that domain
	On        string        // the name of the project, of all that a user has
	Factor    identity.User // the owner with the options that tell whether a second factor guards them
	Revocable bool          // the caller may delete it, unless its owner is protected
}

// InProject lists what logs in to a project, everybody's, for who looks after it: by lintel:list_project_credentials or by the rules of
// who may grant what. It takes the same number of queries however many there are.
func (s *Service) InProject(ctx context.Context, caller identity.Caller, project identity.ProjectID, f store.ProjectCredentialFilter) (page identity.Page[Held], err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.looksAfter(ctx, tx, caller, authz.ListProjectCredentials, project); err != nil {
			return err
		}
		found, err := tx.CredentialsIn(ctx, project, f)
		if err != nil {
			return err
		}
		page.More = found.More
		var owners []identity.UserID
		var keys []store.Key
		for _, c := range found.Items {
			owners = append(owners, c.UserID)
			keys = append(keys, store.Key{Kind: "user", ID: string(c.UserID)})
		}
		users, err := tx.UsersByID(ctx, owners)
		if err != nil {
			return err
		}
		called, err := tx.Labels(ctx, keys)
		if err != nil {
			return err
		}
		manages, err := s.Authority.Manages(ctx, tx, caller, project)
		if err != nil {
			return err
		}
		for _, c := range found.Items {
			u := users[c.UserID]
			l := called[store.Key{Kind: "user", ID: string(c.UserID)}]
			page.Items = append(page.Items, Held{
				ProjectCredential: c, Owner: identity.User{ID: c.UserID, Name: l.Name, DomainID: u.DomainID}, In: l.DomainName,
				Factor: identity.User{ID: u.ID, Options: u.Options}, Revocable: own(caller) == nil && (manages || s.opensTaking(ctx, caller, project, u) == nil),
			})
		}
		return nil
	})
	return page, err
}

// OfUser lists all that logs in for a user when they are not there, or in their name, without any secret, for the user and for who
// manages the user's domain (lintel:list_user_credentials). It takes the same number of queries however many there are.
func (s *Service) OfUser(ctx context.Context, caller identity.Caller, id identity.UserID, f store.ProjectCredentialFilter) (page identity.Page[Held], err error) {
	if caller.Delegated && caller.StandsFor(id) {
		return page, own(caller)
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, missing := tx.User(ctx, id)
		target := authz.Target{}
		if missing == nil {
			target["user"] = authz.User(u)
		}
		if err := s.Authz.CheckFound(ctx, caller, authz.ListUserCredentials, target, missing); err != nil {
			return err
		}
		found, err := tx.CredentialsOf(ctx, id, f)
		if err != nil {
			return err
		}
		page = identity.Page[Held]{More: found.More}
		keys := []store.Key{{Kind: "user", ID: string(id)}}
		for _, c := range found.Items {
			keys = append(keys, store.Key{Kind: "project", ID: string(c.ProjectID)}, store.Key{Kind: "user", ID: string(c.TrusteeID)})
		}
		called, err := tx.Labels(ctx, keys)
		owner := called[keys[0]]
		for _, c := range found.Items {
			if c.TrusteeID != "" {
				c.Name = called[store.Key{Kind: "user", ID: string(c.TrusteeID)}].Name
			}
			page.Items = append(page.Items, Held{
				ProjectCredential: c, Owner: identity.User{ID: id, Name: owner.Name, DomainID: u.DomainID}, In: owner.DomainName,
				On: called[store.Key{Kind: "project", ID: string(c.ProjectID)}].Name, Factor: identity.User{ID: id, Options: u.Options},
			})
		}
		return err
	})
	return page, err
}

// looksAfter refuses who does not look after a project, by a rule of the policy or of who may grant what.
func (s *Service) looksAfter(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, project identity.ProjectID) error {
	p, missing := tx.Project(ctx, project)
	target := authz.Target{}
	if missing == nil {
		target["project"] = authz.Project(p)
	}
	err := s.Authz.CheckFound(ctx, caller, action, target, missing)
	if errors.Is(err, identity.Forbidden) && missing == nil {
		if manages, failed := s.Authority.Manages(ctx, tx, caller, project); failed != nil || manages {
			return failed
		}
		if lets, failed := s.Authority.Lets(ctx, tx, caller, project, identity.AreaCredentials); failed != nil || lets {
			return failed
		}
	}
	return err
}

// mayTake refuses who may not take away what logs in to a project for somebody.
func (s *Service) mayTake(ctx context.Context, tx *store.Tx, caller identity.Caller, project identity.ProjectID, owner identity.User) error {
	if err := own(caller); err != nil {
		return err
	}
	return s.Authority.Credential(ctx, tx, caller, s.opensTaking(ctx, caller, project, owner), owner, project)
}

func (s *Service) opensTaking(ctx context.Context, caller identity.Caller, project identity.ProjectID, owner identity.User) error {
	return s.Authz.Check(ctx, caller, authz.DeleteProjectCredential, authz.Target{"project": map[string]any{"id": string(project)}, "user": authz.User(owner)})
}

// MayTake is TakeFromProject without the deed: it returns what would be deleted.
func (s *Service) MayTake(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string) (h Held, err error) {
	found, err := s.InProject(ctx, caller, project, store.ProjectCredentialFilter{ID: id, Limit: 1})
	if err != nil {
		return h, err
	}
	if len(found.Items) == 0 {
		return h, identity.Missing("credential", id)
	}
	h = found.Items[0]
	return h, s.DB.View(ctx, func(tx *store.Tx) error {
		owner, err := tx.User(ctx, h.Owner.ID)
		if err != nil {
			return err
		}
		return s.mayTake(ctx, tx, caller, project, owner)
	})
}

// TakeFromProject deletes something that logs in to a project, of whomever, for who looks after the project
// (lintel:delete_project_credential, or the rules of who may grant what: see authority.Service.Credential).
func (s *Service) TakeFromProject(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.looksAfter(ctx, tx, caller, authz.ListProjectCredentials, project); err != nil {
			return err
		}
		found, err := tx.CredentialsIn(ctx, project, store.ProjectCredentialFilter{ID: id, Limit: 1})
		if err != nil {
			return err
		}
		if len(found.Items) == 0 {
			return identity.Missing("credential", id)
		}
		c := found.Items[0]
		owner, err := tx.User(ctx, c.UserID)
		if err != nil {
			return err
		}
		if err := s.mayTake(ctx, tx, caller, project, owner); err != nil {
			return err
		}
		if c.Kind == "application_credential" {
			err = tx.DeleteApplicationCredential(ctx, identity.ApplicationCredentialID(id))
		} else {
			err = tx.DeleteCredential(ctx, identity.CredentialID(id))
		}
		if err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted(c.Kind, id).By(caller))
	})
}

// endsSoon is how long before its end an application credential is one to look after, and mostSoon how many of those are told.
const (
	endsSoon = 30 * 24 * time.Hour
	mostSoon = 10
)

// Endings tells the caller when their application credentials end: which do within a month, and how many never do.
func (s *Service) Endings(ctx context.Context, caller identity.Caller) (e store.Endings, err error) {
	if err := own(caller); err != nil {
		return e, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		e, err = tx.Endings(ctx, caller.UserID(), tx.Now().Add(endsSoon), mostSoon)
		return err
	})
	return e, err
}
