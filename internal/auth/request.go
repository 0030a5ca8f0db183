package auth

import (
	"slices"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

// Request is a login: how somebody wants to prove who they are, and on what they want rights.
type Request struct {
	Methods []string

	// Given holds the names of all methods that the request brings evidence for, whether we know them or not. Password,
	// Token and ApplicationCredential are the evidence for those; nil where there is none.
	Given                 map[string]bool
	Password              *directory.Proof
	Token                 *string
	ApplicationCredential *ApplicationCredentialProof

	// Receipt is what an earlier login of several steps handed out; empty for none.
	Receipt string

	Scope     ScopeRequest
	NoCatalog bool
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

// marks are methods of upstream that stand in tokens and prove nobody here: external belongs to a web server in front,
// ec2credential to signed requests elsewhere.
var marks = []string{"external", "ec2credential"}

// known are the methods that this server can do. Others may stand in [auth] methods, where their place decides the
// meaning of bits in tokens.
var known = append([]string{"password", "token", "application_credential"}, marks...)

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
		if !r.Given[m] {
			return identity.Expecting(m, "identity")
		}
	}
	for _, m := range methods {
		if !slices.Contains(known, m) || !slices.Contains(s.Methods, m) {
			return &identity.Error{
				Kind: identity.Unauthorized, Message: "Attempted to authenticate with an unsupported method.",
				Methods: s.Methods,
			}
		}
	}
	if slices.Contains(r.Methods, "application_credential") {
		if r.Scope != (ScopeRequest{}) {
			return errScopeOfCredential
		}
		return r.ApplicationCredential.check()
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
