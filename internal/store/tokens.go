package store

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
)

// Grounds are what a token stands on: whose it is and where it counts. Projects and domains come without tags and
// options.
type Grounds struct {
	User        identity.User
	UserDomain  identity.Domain
	Project     identity.Project // of a project scope
	ScopeDomain identity.Domain  // of a domain scope, or the domain of the scope's project
}

// Grounds reads what a token of that user and scope stands on, in two statements, or three when the user has options; a
// NotFound names what is not there.
func (tx *Tx) Grounds(ctx context.Context, user identity.UserID, scope identity.Scope) (Grounds, error) {
	return Recall(tx, Fact{"grounds", string(user), scope.String()}, func() (Grounds, []Key, error) {
		g, err := tx.grounds(ctx, user, scope)
		keys := []Key{{"user", string(g.User.ID)}, {"project", string(g.UserDomain.ID)}}
		if g.ScopeDomain.ID != "" {
			keys = append(keys, Key{"project", string(g.ScopeDomain.ID)})
		}
		if g.Project.ID != "" {
			keys = append(keys, Key{"project", string(g.Project.ID)})
		}
		return g, keys, err
	})
}

func (tx *Tx) grounds(ctx context.Context, user identity.UserID, scope identity.Scope) (g Grounds, err error) {
	if g.User, err = tx.User(ctx, user); err != nil {
		return g, err
	}
	rows, err := list(ctx, tx, scanProject, `SELECT `+projectColumns+` FROM "project"
		WHERE "id" IN (?, ?, ?, (SELECT "domain_id" FROM "project" WHERE "id" = ?)) AND "id" <> ?`,
		g.User.DomainID, scope.DomainID(), scope.ProjectID(), scope.ProjectID(), identity.RootDomain)
	if err != nil {
		return g, err
	}
	domain := func(id identity.DomainID) (identity.Domain, error) {
		for _, r := range rows {
			if r.DomainID == identity.RootDomain && identity.DomainID(r.ID) == id {
				return r.AsDomain(), nil
			}
		}
		return identity.Domain{}, identity.Missing("domain", id)
	}
	if g.UserDomain, err = domain(g.User.DomainID); err != nil {
		return g, err
	}
	switch scope.Kind() {
	case identity.DomainScoped:
		g.ScopeDomain, err = domain(scope.DomainID())
	case identity.ProjectScoped:
		for _, r := range rows {
			if r.ID == scope.ProjectID() {
				g.Project = r
			}
		}
		if g.Project.ID == "" {
			return g, identity.Missing("project", scope.ProjectID())
		}
		g.ScopeDomain, err = domain(g.Project.DomainID)
	}
	return g, err
}
