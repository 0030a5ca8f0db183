package identity

import (
	"slices"
	"strings"
	"time"
)

// DomainRules are what a domain asks of its people beyond what the cloud asks of all. Zero values ask for nothing more. Where both
// ask, the stricter holds.
type DomainRules struct {
	PasswordLength  int  `json:"password_length,omitempty"`  // characters, at least
	PasswordKinds   int  `json:"password_kinds,omitempty"`   // of lower case, upper case, digits and others, at least
	PasswordDays    int  `json:"password_days,omitempty"`    // how long a password lasts
	PasswordHistory int  `json:"password_history,omitempty"` // how many of the last ones may not be chosen again
	FirstUse        bool `json:"first_use,omitempty"`        // a password that somebody else set must be changed first

	LockoutFailures int `json:"lockout_failures,omitempty"` // wrong passwords in a row that lock an account …
	LockoutMinutes  int `json:"lockout_minutes,omitempty"`  // … for so long

	InactiveDays int `json:"inactive_days,omitempty"` // without a login, after which nobody gets in

	Factor FactorDemand `json:"factor,omitzero"`

	NoInvitations bool     `json:"no_invitations,omitempty"` // nobody is invited to the domain's projects
	MailDomains   []string `json:"mail_domains,omitempty"`   // the only ones that addresses of its people may be in; none for any
}

// ProjectRules are how a project lets people in. Zero values leave it to the domain and the cloud.
type ProjectRules struct {
	InviteRoles []string `json:"invite_roles,omitempty"` // ids of those that an invitation is to unless it names others
	InviteDays  int      `json:"invite_days,omitempty"`  // in which an invitation must be accepted, at most
	AccessDays  int      `json:"access_days,omitempty"`  // for which the roles of an invitation last from when it is sent, at most

	Factor      bool      `json:"factor,omitempty"` // nobody works in it by one proof alone
	FactorSince time.Time `json:"factor_since,omitzero"`
}

// AllowsAddress tells whether an e-mail address is in one of the domains that the rules name, or below one that begins with a dot.
func (r DomainRules) AllowsAddress(address string) bool {
	if len(r.MailDomains) == 0 || address == "" {
		return true
	}
	at := strings.ToLower(address[strings.LastIndex(address, "@")+1:])
	for _, d := range r.MailDomains {
		if d = strings.ToLower(d); at == d || strings.HasPrefix(d, ".") && strings.HasSuffix(at, d) {
			return true
		}
	}
	return false
}

// FactorDemand is what somebody asks of people about a second factor. The zero value asks for nothing.
type FactorDemand struct {
	Level FactorLevel `json:"level,omitempty"`

	// Roles are those for whose holders FactorForRoles requires one, wherever they hold them, or what implies them: by id, or by name
	// when they are of no domain.
	Roles []string `json:"roles,omitempty"`

	// From is when a factor that is required must be there: from then on who has none can do nothing but set one up. Zero is at once.
	From time.Time `json:"from,omitzero"`
}

// FactorLevel is how much is asked.
type FactorLevel string

// The levels, in the order of how much they ask.
const (
	FactorOff        FactorLevel = ""
	FactorEncouraged FactorLevel = "encourage"
	FactorForRoles   FactorLevel = "roles"
	FactorForAll     FactorLevel = "all"
)

// FactorLevels are all levels, the one that asks for least first.
var FactorLevels = []FactorLevel{FactorOff, FactorEncouraged, FactorForRoles, FactorForAll}

// Less tells whether a level asks for less than another.
func (l FactorLevel) Less(than FactorLevel) bool {
	return slices.Index(FactorLevels, l) < slices.Index(FactorLevels, than)
}

// Required tells whether a factor is required of somebody.
func (d FactorDemand) Required() bool { return d.Level == FactorForRoles || d.Level == FactorForAll }
