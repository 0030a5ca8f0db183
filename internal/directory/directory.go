// Package directory knows who and what exists: domains, projects, users and groups.
//
// Every method takes the caller and asks the policy before anything else, except those that say they are open. What a
// caller may not see and what is not there get the same refusal, unless the caller would be allowed to see it.
//
// Passwords are hashed and compared on the bounded pool, never inside a transaction. So a change of a password runs in
// three steps: a look that authorizes, the hash, and the transaction, which looks again.
package directory

import (
	"time"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/store"
)

// Service is the room. All fields are set once.
type Service struct {
	DB         *store.DB
	Authz      *authz.Checker
	Authority  *authority.Service // keeps callers from reaching above themselves
	Passwords  *password.Pool
	Rules      password.Rules // for new passwords
	Compliance Compliance
	Tree       Tree    // rules for domains and projects
	Limits     *Limits // nil has none
	Config     DomainConfig
	Office     *mail.Office

	InvalidPasswords InvalidPasswords

	// Methods are those that this server logs people in by ([auth] methods).
	Methods []string

	// DefaultDomain owns what is created without naming a domain ([identity] default_domain_id).
	DefaultDomain identity.DomainID
}

// Compliance holds the rules of [security_compliance]. They bind users of the local database. Zero is off.
type Compliance struct {
	LockoutFailures  int           // wrong passwords in a row that lock an account …
	LockoutDuration  time.Duration // … for this long
	Inactivity       time.Duration // time without login, in whole days, after which an account counts as disabled
	PasswordLife     time.Duration // how long a new password lasts
	UniquePasswords  int           // how many of the last passwords users may not choose again
	MinPasswordAge   time.Duration // in whole days: how old a password that its user chose must be before the next
	ChangeAtFirstUse bool          // a password that an administrator set must be changed first

	Factor      identity.FactorDemand // what is asked of people about a second factor ([lintel] second_factor)
	FactorGrace time.Duration         // how long before a domain requires one it has to say so; it outlasts tokens
}

// Enabled tells whether an account may be used: it is not disabled, and was active lately
// (the enabled property in keystone/identity/backends/sql_model.py).
//
// What the user's domain asks for beyond the cloud counts when somebody logs in.
func (s *Service) Enabled(u identity.User, now time.Time) bool { return s.Compliance.enabled(u, now) }

func (c Compliance) enabled(u identity.User, now time.Time) bool {
	if !u.Enabled || c.Inactivity == 0 || u.Options.Bool(identity.OptIgnoreUserInactivity) {
		return u.Enabled
	}
	last := u.LastActiveAt
	if last.IsZero() {
		last = u.CreatedAt
	}
	return last.IsZero() || day(now).Sub(day(last)) < c.Inactivity
}

const aDay = 24 * time.Hour

func day(t time.Time) time.Time { return t.UTC().Truncate(aDay) }

// shown is the user as others see it: disabled when inactive.
func (s *Service) shown(u identity.User, now time.Time) identity.User {
	u.Enabled = s.Enabled(u, now)
	return u
}

// DomainFor is the domain of a new entity that names none: that of the caller's token, else the default one
// (_normalize_domain_id in keystone/server/flask/common.py).
func (s *Service) DomainFor(caller identity.Caller) (identity.DomainID, error) {
	if caller.Admin {
		return "", identity.Invalidf("You have tried to create a resource using the admin token. As this token is not within a" +
			" domain you must explicitly include a domain for this resource to belong to.")
	}
	if d := caller.Token.Scope.DomainID(); d != "" {
		return d, nil
	}
	return s.DefaultDomain, nil
}

// scopedDomain is the domain of a domain-scoped caller, who sees only what is in it.
func scopedDomain(caller identity.Caller) identity.DomainID {
	if caller.Token == nil {
		return ""
	}
	return caller.Token.Scope.DomainID()
}

// notInGroup is the answer about a membership that is not there.
func notInGroup(user identity.UserID, group identity.GroupID) error {
	return identity.Failf(identity.NotFound, "User '%s' not found in group '%s'", user, group)
}
