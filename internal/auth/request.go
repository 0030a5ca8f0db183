package auth

import (
	"slices"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

// Request is a login: how somebody wants to prove who they are, and on what they want rights.
type Request struct {
	Methods []string

	// Evidence for each method; nil where the request has none.
	Password *directory.Proof
	Token    *string

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
	Trust    *string // id

	// Malformed says that the request named no kind of scope, or more than one.
	Malformed bool
}

// ProjectRef names a project by id, or by name and domain.
type ProjectRef struct {
	ID     identity.ProjectID
	Name   string
	Domain *directory.DomainRef
}

// evidence tells whether the request holds what a method needs.
func (r *Request) evidence(method string) bool {
	switch method {
	case "password":
		return r.Password != nil
	case "token":
		return r.Token != nil
	default:
		return false
	}
}

// check makes sure that every method has its evidence and is supported, and drops repeats.
func (s *Service) check(r *Request) error {
	var methods []string
	for _, m := range r.Methods {
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	r.Methods = methods
	for _, m := range methods {
		if !r.evidence(m) && slices.Contains(known, m) {
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
	return nil
}

// known are the methods that this server can do. Others may stand in [auth] methods, where their place decides the
// meaning of bits in tokens.
var known = []string{"password", "token"}
