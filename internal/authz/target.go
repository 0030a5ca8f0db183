package authz

import "github.com/lintel-id/lintel/internal/identity"

// The functions below give entities as rules see them: with the attributes that upstream's own representation has.

// User is a user as target.user.
func User(u identity.User) map[string]any {
	return attributes(u.Extra, map[string]any{
		"id": string(u.ID), "name": u.Name, "domain_id": string(u.DomainID), "enabled": u.Enabled,
		"default_project_id": orNull(u.DefaultProjectID), "options": map[string]any(u.Options),
	})
}

// Group is a group as target.group.
func Group(g identity.Group) map[string]any {
	return attributes(g.Extra, map[string]any{
		"id": string(g.ID), "name": g.Name, "domain_id": string(g.DomainID), "description": deref(g.Description),
	})
}

// Domain is a domain as target.domain.
func Domain(d identity.Domain) map[string]any {
	return attributes(d.Extra, map[string]any{
		"id": string(d.ID), "name": d.Name, "enabled": d.Enabled, "description": deref(d.Description),
	})
}

// Project is a project as target.project.
func Project(p identity.Project) map[string]any {
	domain := orNull(p.DomainID)
	if p.DomainID == identity.RootDomain {
		domain = nil
	}
	return attributes(p.Extra, map[string]any{
		"id": string(p.ID), "name": p.Name, "domain_id": domain, "parent_id": orNull(p.ParentID),
		"enabled": p.Enabled, "is_domain": p.IsDomain, "description": deref(p.Description),
	})
}

// Role is a role as target.role.
func Role(r identity.Role) map[string]any {
	return attributes(r.Extra, map[string]any{
		"id": string(r.ID), "name": r.Name, "domain_id": orNull(r.DomainID), "description": deref(r.Description),
	})
}

// Token is a token that somebody asks about, as target.token.
func Token(t *identity.Token) map[string]any {
	return map[string]any{
		"user_id": string(t.User.ID),
		"user":    map[string]any{"domain": map[string]any{"id": string(t.User.DomainID)}},
	}
}

// Credential is a credential as target.credential.
func Credential(c identity.Credential) map[string]any {
	return attributes(c.Extra, map[string]any{
		"id": string(c.ID), "user_id": string(c.UserID), "project_id": orNull(c.ProjectID), "type": c.Type,
	})
}

// Limit is a limit as target.limit. Rules also look for the project or domain that it is for, in it.
func Limit(l identity.Limit) map[string]any {
	return map[string]any{
		"id": string(l.ID), "project_id": orNull(l.ProjectID), "domain_id": orNull(l.DomainID), "service_id": orNull(l.ServiceID),
		"region_id": orNull(l.RegionID), "resource_name": orNull(l.ResourceName), "resource_limit": l.Value,
		"description": deref(l.Description),
	}
}

// Trust is a trust as target.trust.
func Trust(t identity.Trust) map[string]any {
	return attributes(t.Extra, map[string]any{
		"id": string(t.ID), "trustor_user_id": string(t.TrustorUserID), "trustee_user_id": string(t.TrusteeUserID),
		"project_id": orNull(t.ProjectID), "impersonation": t.Impersonation,
	})
}

func deref(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
