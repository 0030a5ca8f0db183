package credential

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// RoleRef names a role by id, or a global one by name.
type RoleRef struct {
	ID   identity.RoleID
	Name string
}

// NewApplicationCredential is what an application credential is made from.
type NewApplicationCredential struct {
	Name         string
	Description  *string
	Secret       string                // empty for a generated one
	ExpiresAt    string                // ISO 8601 in UTC; empty for never
	Roles        []RoleRef             // and those that they imply; none for all that the token has
	AccessRules  []identity.AccessRule // by id, or by what they say
	Unrestricted bool
}

// CreateApplicationCredential makes an application credential of the caller on the project of the caller's token, and
// returns it with its secret, which nobody can learn later. What another application credential makes is bound as that
// one is: it ends no later, and is good for no other requests.
func (s *Service) CreateApplicationCredential(ctx context.Context, caller identity.Caller, owner identity.UserID, in NewApplicationCredential) (c identity.ApplicationCredential, secret string, err error) {
	c = identity.ApplicationCredential{
		ID: identity.ApplicationCredentialID(identity.NewID()), UserID: owner, Name: in.Name, Description: in.Description,
		AccessRules: in.AccessRules, Unrestricted: in.Unrestricted,
	}
	if secret = in.Secret; secret == "" {
		secret = newSecret()
	}
	prepare := func(tx *store.Tx) error {
		if err := s.mayCreateApplicationCredential(ctx, caller, owner); err != nil {
			return err
		}
		if err := forAPI(ctx, tx, owner); err != nil {
			return err
		}
		c.ProjectID = caller.Token.Scope.ProjectID()
		if c.Roles, err = s.grantedRoles(ctx, tx, caller.Token, in.Roles); err != nil {
			return err
		}
		if c.ExpiresAt, err = parseExpiry(in.ExpiresAt, tx.Now()); err != nil {
			return err
		}
		if ids, err := resolveRoles(ctx, tx, in.Roles); err != nil {
			return err
		} else if len(ids) < len(in.Roles) { // one of them twice, which upstream's table refuses
			return identity.Conflictf("application_credential", "Duplicate entry found with name %s", c.Name)
		}
		for _, r := range c.AccessRules {
			if err := checkAccessRule(r); err != nil {
				return err
			}
		}
		if err := bind(&c, caller.Token.ApplicationCredential); err != nil {
			return err
		}
		if s.ApplicationCredentialLimit < 0 {
			return nil
		}
		n, err := tx.CountApplicationCredentials(ctx, owner)
		if err == nil && n >= s.ApplicationCredentialLimit {
			err = identity.Refusedf("Unable to create additional application credentials, maximum of %d already exceeded for user.",
				s.ApplicationCredentialLimit)
		}
		return err
	}
	if err := s.DB.View(ctx, prepare); err != nil {
		return c, "", err
	}
	hash, err := s.Directory.HashSecret(ctx, owner, secret)
	if err != nil {
		return c, "", err
	}
	asked := c.AccessRules
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		c.AccessRules = asked
		if err := prepare(tx); err != nil {
			return err
		}
		if c, err = tx.InsertApplicationCredential(ctx, c, hash); err != nil {
			return err
		}
		if err := minted(ctx, tx, caller, c.UserID, "application_credential", string(c.ID)); err != nil {
			return err
		}
		if err := s.tellOfCredential(ctx, tx, c.UserID, c.ProjectID, mail.Values{Words: c.Name}); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Created("application_credential", c.ID).By(caller))
	})
	return c, secret, err
}

// mayCreateApplicationCredential authorizes. Only a token of a project can make an application credential; what upstream
// makes from an unscoped one is good for nothing.
func (s *Service) mayCreateApplicationCredential(ctx context.Context, caller identity.Caller, owner identity.UserID) error {
	action := authz.CreateApplicationCredential
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return err
	}
	if err := s.mayManageApplicationCredentials(caller, true); err != nil {
		return err
	}
	if caller.UserID() != owner {
		return identity.NotAllowed("Cannot create an application credential for another user.")
	}
	if caller.Token.Scope.Kind() != identity.ProjectScoped {
		return identity.NotAllowed(string(action))
	}
	return nil
}

// mayManageApplicationCredentials refuses callers whose rights were handed on: what they make outlives what was delegated.
// Application credentials may look, and make and delete others if they are unrestricted.
func (s *Service) mayManageApplicationCredentials(caller identity.Caller, change bool) error {
	t := caller.Token
	if t == nil || !caller.Delegated {
		return nil
	}
	if !slices.Contains(t.Methods, "application_credential") || t.ApplicationCredential == nil {
		return identity.Deniedf("Cannot manage application credentials with a token issued via delegation.")
	}
	if change && !t.ApplicationCredential.Unrestricted {
		return identity.NotAllowed("Using method 'application_credential' is not allowed for managing additional application credentials.")
	}
	return nil
}

// grantedRoles returns the roles that were named, and those they imply, or all of the token. The token must have each, and
// its user still hold it.
func (s *Service) grantedRoles(ctx context.Context, tx *store.Tx, t *identity.Token, named []RoleRef) ([]identity.Role, error) {
	held, err := s.Assignment.Effective(ctx, tx, t.User.ID, t.GroupIDs, t.Scope)
	if err != nil {
		return nil, err
	}
	wanted := make([]identity.RoleID, len(t.Roles))
	for i, r := range t.Roles {
		wanted[i] = r.ID
	}
	if len(named) > 0 {
		if wanted, err = resolveRoles(ctx, tx, named); err != nil {
			return nil, err
		}
		if wanted, err = withImplied(ctx, tx, wanted); err != nil {
			return nil, err
		}
	}
	roles := make([]identity.Role, len(wanted))
	for i, id := range wanted {
		if !hasRole(t.Roles, id) {
			return nil, invalidApplicationCredential("Cannot create an application credential with unassigned role")
		}
		at := slices.IndexFunc(held, func(r identity.Role) bool { return r.ID == id })
		if at < 0 {
			return nil, invalidApplicationCredential("Could not find role assignment with role: " + string(id) + ", user or group: " +
				string(t.User.ID) + ", project, domain, or system: " + string(t.Scope.ProjectID()) + ".")
		}
		roles[i] = held[at]
	}
	return roles, nil
}

func hasRole(roles []identity.Role, id identity.RoleID) bool {
	return slices.ContainsFunc(roles, func(r identity.Role) bool { return r.ID == id })
}

// resolveRoles finds the ids of roles, each once.
func resolveRoles(ctx context.Context, tx *store.Tx, named []RoleRef) (ids []identity.RoleID, err error) {
	for _, ref := range named {
		id := ref.ID
		if id == "" {
			r, err := tx.RoleByName(ctx, "", ref.Name)
			if errors.Is(err, identity.NotFound) {
				return nil, identity.Failf(identity.NotFound, "Role %s is not defined", ref.Name)
			} else if err != nil {
				return nil, err
			}
			id = r.ID
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// withImplied adds all roles that some roles imply, but those of domains.
func withImplied(ctx context.Context, tx *store.Tx, ids []identity.RoleID) ([]identity.RoleID, error) {
	rules, err := tx.RoleRules(ctx)
	if err != nil {
		return nil, err
	}
	ids = slices.Clone(ids)
	for i := 0; i < len(ids); i++ {
		for _, implied := range rules.Implied[ids[i]] {
			if rules.Global[implied] && !slices.Contains(ids, implied) {
				ids = append(ids, implied)
			}
		}
	}
	return ids, nil
}

// bind keeps a new application credential within the one that makes it, if one does.
func bind(c *identity.ApplicationCredential, parent *identity.ApplicationCredential) error {
	if parent == nil {
		return nil
	}
	switch {
	case parent.ExpiresAt == nil:
	case c.ExpiresAt == nil:
		c.ExpiresAt = parent.ExpiresAt
	case c.ExpiresAt.After(*parent.ExpiresAt):
		return invalidApplicationCredential("Cannot create an application credential that ends later than the one it is created with")
	}
	switch {
	case len(parent.AccessRules) == 0:
	case len(c.AccessRules) == 0:
		c.AccessRules = parent.AccessRules
	case !slices.ContainsFunc(c.AccessRules, func(r identity.AccessRule) bool { return !covered(r, parent.AccessRules) }):
	default:
		return invalidApplicationCredential("Cannot create an application credential with access rules that the one it is created with does not have")
	}
	return nil
}

// checkAccessRule refuses a rule that neither names one nor says all that a rule says.
func checkAccessRule(r identity.AccessRule) error {
	switch {
	case r.ID != "":
		return nil
	case r.Service == "":
		return identity.Expecting("service", "access_rules")
	case r.Path == "":
		return identity.Expecting("path", "access_rules")
	case r.Method == "":
		return identity.Expecting("method", "access_rules")
	}
	return identity.Fits(r.Path, "path", maxRulePath)
}

const maxRulePath = 128 // characters

// covered tells whether a rule is one of others: by id, or by what it says if it has none.
func covered(r identity.AccessRule, rules []identity.AccessRule) bool {
	return slices.ContainsFunc(rules, func(have identity.AccessRule) bool {
		if r.ID != "" {
			return r.ID == have.ID
		}
		return r.Service == have.Service && r.Method == have.Method && r.Path == have.Path
	})
}

func invalidApplicationCredential(detail string) error {
	return identity.Invalidf("Invalid application credential: %s", detail)
}

// ApplicationCredentials lists a user's application credentials.
func (s *Service) ApplicationCredentials(ctx context.Context, caller identity.Caller, owner identity.UserID, q identity.Query) (page identity.Page[identity.ApplicationCredential], err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListApplicationCredentials, nil); err != nil {
		return page, err
	}
	if err := s.mayManageApplicationCredentials(caller, false); err != nil {
		return page, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		page, err = tx.ApplicationCredentials(ctx, owner, q)
		return err
	})
	return page, err
}

// ApplicationCredential shows an application credential.
func (s *Service) ApplicationCredential(ctx context.Context, caller identity.Caller, id identity.ApplicationCredentialID) (c identity.ApplicationCredential, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err = s.loadApplicationCredential(ctx, tx, caller, authz.GetApplicationCredential, id)
		return err
	})
	if err != nil {
		return identity.ApplicationCredential{}, err
	}
	return c, nil
}

// DeleteApplicationCredential deletes an application credential; its tokens end with it.
func (s *Service) DeleteApplicationCredential(ctx context.Context, caller identity.Caller, id identity.ApplicationCredentialID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := s.loadApplicationCredential(ctx, tx, caller, authz.DeleteApplicationCredential, id); err != nil {
			return err
		}
		if err := tx.DeleteApplicationCredential(ctx, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("application_credential", id).By(caller))
	})
}

// loadApplicationCredential reads an application credential for an action on it. The rules name the user of the path, who
// need not be the owner, so they are asked twice: about the path as it is, and about the owner. Who passes only the first
// is told that there is no such credential.
func (s *Service) loadApplicationCredential(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, id identity.ApplicationCredentialID) (identity.ApplicationCredential, error) {
	if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
		return identity.ApplicationCredential{}, err
	}
	if err := s.mayManageApplicationCredentials(caller, action == authz.DeleteApplicationCredential); err != nil {
		return identity.ApplicationCredential{}, err
	}
	c, err := tx.ApplicationCredential(ctx, id)
	if err != nil {
		return c, err
	}
	owned := caller
	owned.Request.Path = map[string]string{}
	maps.Copy(owned.Request.Path, caller.Request.Path)
	owned.Request.Path["user_id"] = string(c.UserID)
	if err := s.Authz.Check(ctx, owned, action, authz.Target{"user_id": string(c.UserID)}); err != nil {
		if !s.Authz.TellMissing {
			err = identity.Missing("Application Credential", id)
		}
		return identity.ApplicationCredential{}, err
	}
	return c, nil
}

// AccessRules lists a user's access rules.
func (s *Service) AccessRules(ctx context.Context, caller identity.Caller, owner identity.UserID, q identity.Query) (page identity.Page[identity.AccessRule], err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.mayUseAccessRules(ctx, tx, caller, authz.ListAccessRules, owner); err != nil {
			return err
		}
		page, err = tx.AccessRules(ctx, owner, q)
		return err
	})
	return page, err
}

// AccessRule shows an access rule of a user.
func (s *Service) AccessRule(ctx context.Context, caller identity.Caller, owner identity.UserID, id identity.AccessRuleID) (r identity.AccessRule, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if err := s.mayUseAccessRules(ctx, tx, caller, authz.GetAccessRule, owner); err != nil {
			return err
		}
		r, err = tx.AccessRule(ctx, owner, id)
		return err
	})
	return r, err
}

// DeleteAccessRule deletes an access rule of a user that no application credential uses.
func (s *Service) DeleteAccessRule(ctx context.Context, caller identity.Caller, owner identity.UserID, id identity.AccessRuleID) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.mayUseAccessRules(ctx, tx, caller, authz.DeleteAccessRule, owner); err != nil {
			return err
		}
		if err := tx.DeleteAccessRule(ctx, owner, id); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("access_rule", id).By(caller))
	})
}

func (s *Service) mayUseAccessRules(ctx context.Context, tx *store.Tx, caller identity.Caller, action authz.Action, owner identity.UserID) error {
	target := authz.Target{}
	u, err := tx.User(ctx, owner)
	if err == nil {
		target["user"] = authz.User(u)
	} else if !errors.Is(err, identity.NotFound) {
		return err
	}
	if err := s.Authz.Check(ctx, caller, action, target); err != nil {
		return err
	}
	return s.mayManageApplicationCredentials(caller, false)
}

// newSecret is a secret of 86 characters, as upstream makes them.
func newSecret() string {
	b := make([]byte, 64)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseExpiry reads when something is to end, which must not be over; empty is never (parse_expiration_date in
// keystone/common/utils.py).
func parseExpiry(text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasSuffix(text, "Z") {
		text += "Z"
	}
	at, ok := identity.ParseTime(text)
	if !ok {
		return nil, malformed("Timestamp not in expected format.")
	}
	if at.Before(now) {
		return nil, malformed("The 'expires_at' must not be before now.")
	}
	return &at, nil
}

func malformed(what string) error {
	return identity.Invalidf("%s The server could not comply with the request since it is either malformed or otherwise incorrect."+
		" The client is assumed to be in error.", what)
}
