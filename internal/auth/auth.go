// Package auth proves who somebody is, decides on what a token gives rights, issues tokens, validates and revokes them.
//
// A login runs through these steps, in this order (keystone/auth/core.py, keystone/api/_shared/authentication.py):
//
//	check      each method named has its evidence and is supported; the scope has a meaning
//	prove      what takes long or must count failures: passwords
//	confirm    each method proves the same user, still
//	scope      what was asked for, or the user's default project if they hold a role there
//	rules      the user's multi-factor rules are met, or a receipt is handed out
//	build      user, project, domains are there and enabled; at least one role on the scope
//	stamp      the issue time, past events that the login came after
//	seal       the payload becomes a string
//
// From confirm on it all happens in one transaction, or, for the commonest logins, on what the node remembers: a password or a token
// after a look at what other nodes have changed, a secret of an application credential that was right before after one in the same
// second, which is as good for a new token, since an event ends all that was issued in its second.
//
// Validation opens the string, builds the same token anew from the store, then asks whether it has ended, was revoked,
// or its user was disabled. Nothing in the string but ids and times is believed: names, roles and states are today's.
//
// Every request in a cloud waits for a validation, so what is built is remembered by its string, with what was written of it,
// until something that it was made from changes (store.Cache). Then a validation asks only what passes with time, and asks the
// keys once a second. A token that opens and does not hold is remembered too, until anything changes. What is not remembered takes
// two statements, or three for tokens of trusts and identity providers, however many roles, groups, projects and endpoints there
// are: store.Tx.Foresee reads ahead, and the code that judges is the same as in a login.
package auth

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/federation"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/passkey"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Service is the room. All fields are set once.
type Service struct {
	DB         *store.DB
	Authz      *authz.Checker
	Directory  *directory.Service
	Assignment *assignment.Service
	Catalog    *catalog.Service
	Credential *credential.Service
	Federation *federation.Service
	Office     *mail.Office

	Tokens   token.Format
	Receipts *token.Fernet

	// Remembered are the tokens seen lately.
	Remembered *Memory

	// Secrets are those of application credentials that were right lately; nil to remember none.
	Secrets *Secrets

	Tokenless Tokenless

	// Passkeys is for whom passkeys are made; nil where there are none.
	Passkeys *passkey.Party

	// FactorOn is called in the transaction in which a user turns on a second factor, or replaces it.
	FactorOn func(context.Context, *store.Tx, identity.UserID) error

	// Portal is where people find the portal; empty when nobody said.
	Portal string

	// Methods are the enabled methods ([auth] methods). AdditionalPrimary are those that count as primary beside
	// upstream's own ([auth] additional_primary_auth_methods).
	Methods           []string
	AdditionalPrimary []string

	ClientMethods []string           // of OAuth 2.0 ([oauth2] oauth2_authn_methods)
	ClientMapping identity.MappingID // tells whom a client's certificate names ([oauth2] oauth2_cert_dn_mapping_id)

	Expiration         time.Duration // [token] expiration
	AllowExpiredWindow time.Duration // [token] allow_expired_window
	AllowRescopeScoped bool          // [token] allow_rescope_scoped_token
	ReceiptExpiration  time.Duration // [receipt] expiration
	ExternalDomain     bool          // [auth] external = Domain
	SignatureLife      time.Duration // [credential] auth_ttl
	AdminProject       string        // [resource] admin_project_name
	AdminProjectDomain string        // [resource] admin_project_domain_name
	StrictProjectNames bool          // [resource] project_name_url_safe = strict
	StrictDomainNames  bool          // [resource] domain_name_url_safe = strict

	Log *slog.Logger

	warnedSkew atomic.Int64 // when a token from the future was last told of, in Unix seconds
}

// Issued is a token as it is handed out or shown: its text, what it says, and what the catalog looks like from there.
type Issued struct {
	Text    string
	Token   *identity.Token   // nobody changes it
	Life    time.Duration     // of a new token, which may be stamped a moment ahead
	Catalog *catalog.Rendered // nil for an unscoped token, or when it was not asked for

	// ServiceProviders are the clouds that take assertions of this one; every token shows them.
	ServiceProviders []identity.ServiceProvider

	remembered *entry // where what is written of the token is kept; nil for a token that is not remembered
}

// maxSkew is how far ahead of this node's clock another node may have stamped a token.
const maxSkew = 5 * time.Minute
