package auth

import (
	"slices"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

// Request is a login: how somebody wants to prove who they are, and on what they want rights.
type Request struct {
	// Methods name those that are to be proved, in their order.
	Methods []string

	// Evidence is what the request brings, by the name of the method; nil for methods that nobody here knows.
	Evidence map[string]Method

	// External is whom a web server in front has let in, which counts at every login; nil for nobody.
	External *External

	// Receipt is what an earlier login of several steps handed out; empty for none.
	Receipt string

	Scope     ScopeRequest
	NoCatalog bool

	recalled bool            // what it brings was found in memory
	known    identity.UserID // whom a first factor was right for, so far
}

// ScopeRequest is the scope that a login asks for. The zero value asks for nothing: the user's default project, if
// they have one.
type ScopeRequest struct {
	Unscoped bool
	System   bool
	Domain   *directory.DomainRef
	Project  *ProjectRef
	Trust    *identity.TrustID

	// Malformed says that the request named no kind of scope, or more than one.
	Malformed bool
}

// ProjectRef names a project by id, or by name and domain.
type ProjectRef struct {
	ID     identity.ProjectID
	Name   string
	Domain *directory.DomainRef
}

// check makes sure that every method has its evidence and is supported, and that the scope has a meaning; it drops
// repeated methods.
func (s *Service) check(r *Request) error {
	var methods []string
	seen := map[string]bool{}
	for _, m := range r.Methods {
		if !seen[m] {
			seen[m], methods = true, append(methods, m)
		}
	}
	r.Methods = methods
	for _, m := range methods {
		if _, given := r.Evidence[m]; !given {
			return identity.Expecting(m, "identity")
		}
	}
	for _, m := range methods {
		_, passkey := r.Evidence[m].(*Passkey) // which the portal alone can bring
		if r.Evidence[m] == nil || !slices.Contains(s.Methods, m) && !passkey {
			return &identity.Error{
				Kind: identity.Unauthorized, Message: "Attempted to authenticate with an unsupported method.",
				Methods: s.Methods,
			}
		}
	}
	for _, m := range methods {
		if c, ok := r.Evidence[m].(*ApplicationCredential); ok {
			return c.check(r.Scope)
		}
	}
	return r.Scope.check()
}

func (r ScopeRequest) check() error {
	switch {
	case r.Malformed:
		return identity.Expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope")
	case r.Trust != nil && *r.Trust == "":
		return identity.Expecting("trust_id", "trust")
	case r.Project != nil && r.Project.Name != "" && r.Project.Domain == nil:
		return identity.Expecting("domain", "project")
	}
	return nil
}
