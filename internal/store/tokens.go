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
	return Recall(tx, groundsOf(user, scope), func() (Grounds, []Key, error) {
		u, err := tx.User(ctx, user)
		if err != nil {
			return Grounds{}, nil, err
		}
		rows, err := list(ctx, tx, scanProject, `SELECT `+projectColumns+` FROM "project"
			WHERE "id" IN (?, ?, ?, (SELECT "domain_id" FROM "project" WHERE "id" = ?)) AND "id" <> ?`,
			u.DomainID, scope.DomainID(), scope.ProjectID(), scope.ProjectID(), identity.RootDomain)
		if err != nil {
			return Grounds{}, nil, err
		}
		g, err := assemble(u, rows, scope)
		return g, g.keys(), err
	})
}

func groundsOf(user identity.UserID, scope identity.Scope) Fact {
	return Fact{"grounds", string(user), scope.String()}
}

// keys are those of what the grounds were read from.
func (g *Grounds) keys() []Key {
	keys := []Key{{"user", string(g.User.ID)}, {"project", string(g.UserDomain.ID)}}
	if g.ScopeDomain.ID != "" {
		keys = append(keys, Key{"project", string(g.ScopeDomain.ID)})
	}
	if g.Project.ID != "" {
		keys = append(keys, Key{"project", string(g.Project.ID)})
	}
	return keys
}

// assemble finds grounds among the projects and domains that were read for them.
func assemble(u identity.User, rows []identity.Project, scope identity.Scope) (g Grounds, err error) {
	g.User = u
	domain := func(id identity.DomainID) (identity.Domain, error) {
		for _, r := range rows {
			if r.DomainID == identity.RootDomain && identity.DomainID(r.ID) == id {
				return r.AsDomain(), nil
			}
		}
		return identity.Domain{}, identity.Missing("domain", id)
	}
	if g.UserDomain, err = domain(u.DomainID); err != nil {
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
