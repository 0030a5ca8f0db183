package httpapi

import (
	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/identity"
)

// tokenBody is a token as the API shows it, without its catalog (keystone/common/render_token.py). Every login is answered with one,
// so it is a struct, which is written faster than a map, in the order in which a map would be.
type tokenBody struct {
	OAuth1                object                 `json:"OS-OAUTH1,omitempty"`
	Trust                 object                 `json:"OS-TRUST:trust,omitempty"`
	ApplicationCredential *tokenCredential       `json:"application_credential,omitempty"`
	AuditIDs              []string               `json:"audit_ids"`
	Domain                *named                 `json:"domain,omitempty"`
	ExpiresAt             string                 `json:"expires_at"`
	IsAdminProject        *bool                  `json:"is_admin_project,omitempty"`
	IsDomain              *bool                  `json:"is_domain,omitempty"`
	IssuedAt              string                 `json:"issued_at"`
	Methods               []string               `json:"methods"`
	OAuth2                object                 `json:"oauth2_credential,omitempty"`
	Project               *tokenProject          `json:"project,omitempty"`
	Roles                 any                    `json:"roles,omitempty"` // nil for an unscoped token
	ServiceProviders      []tokenServiceProvider `json:"service_providers,omitempty"`
	System                object                 `json:"system,omitempty"`
	User                  any                    `json:"user"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type tokenProject struct {
	Domain named  `json:"domain"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

type tokenUser struct {
	Domain            named   `json:"domain"`
	ID                string  `json:"id"`
	Name              string  `json:"name"`
	PasswordExpiresAt *string `json:"password_expires_at"`
}

// federatedUser is the user of a token that an identity provider vouched for, and what it said of them.
type federatedUser struct {
	Federation object `json:"OS-FEDERATION"`
	Domain     named  `json:"domain"`
	ID         string `json:"id"`
	Name       string `json:"name"`
}

type tokenCredential struct {
	AccessRules []object `json:"access_rules,omitempty"`
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Restricted  bool     `json:"restricted"`
}

type tokenServiceProvider struct {
	AuthURL string `json:"auth_url"`
	ID      string `json:"id"`
	SPURL   string `json:"sp_url"`
}

func renderToken(issued *auth.Issued) tokenBody {
	t := issued.Token
	b := tokenBody{
		Methods:   append([]string{}, t.Methods...), // [], not null, when there are none
		User:      renderTokenUser(t),
		AuditIDs:  t.AuditIDs,
		ExpiresAt: renderTime(t.ExpiresAt),
		IssuedAt:  renderTime(t.IssuedAt),
	}
	for _, p := range issued.ServiceProviders {
		b.ServiceProviders = append(b.ServiceProviders, tokenServiceProvider{ID: string(p.ID), AuthURL: p.AuthURL, SPURL: p.SPURL})
	}
	switch t.Scope.Kind() {
	case identity.SystemScoped:
		b.System = object{"all": true}
	case identity.DomainScoped:
		b.Domain = &named{string(t.ScopeDomain.ID), t.ScopeDomain.Name}
	case identity.ProjectScoped:
		b.Project = &tokenProject{named{string(t.ScopeDomain.ID), t.ScopeDomain.Name}, string(t.Project.ID), t.Project.Name}
		if len(t.Trusts) > 0 {
			b.Trust = object{
				"id": string(t.TrustID), "impersonation": t.Trusts[0].Impersonation,
				"trustor_user": object{"id": string(t.Trusts[0].TrustorUserID)}, "trustee_user": object{"id": string(t.Trusts[0].TrusteeUserID)},
			}
			break
		}
		b.IsDomain, b.IsAdminProject = &t.Project.IsDomain, t.IsAdminProject
	default:
		return b
	}
	b.Roles = renderTokenRoles(t)
	if c := t.ApplicationCredential; c != nil {
		b.ApplicationCredential = &tokenCredential{accessRules(c.AccessRules), string(c.ID), c.Name, !c.Unrestricted}
	}
	if a := t.AccessToken; a != nil {
		b.OAuth1 = object{"access_token_id": string(a.ID), "consumer_id": string(a.ConsumerID)}
	}
	if t.Thumbprint != "" {
		b.OAuth2 = object{"x5t#S256": t.Thumbprint}
	}
	return b
}

// renderTokenRoles renders the roles of a token; those of trusts and identity providers whole.
func renderTokenRoles(t *identity.Token) any {
	if len(t.Trusts) > 0 || t.Federated {
		roles := make([]object, len(t.Roles))
		for i, role := range t.Roles {
			roles[i] = renderWholeRole(role)
		}
		return roles
	}
	roles := make([]named, len(t.Roles))
	for i, role := range t.Roles {
		roles[i] = named{string(role.ID), role.Name}
	}
	return roles
}

func renderTokenUser(t *identity.Token) any {
	u, d := t.Actor()
	home := named{string(d.ID), d.Name}
	if t.Federated {
		groups := make([]object, len(t.ProvidedGroups))
		for i, g := range t.ProvidedGroups {
			groups[i] = object{"id": string(g)}
		}
		said := object{"groups": groups, "identity_provider": object{"id": string(t.IdentityProviderID)}, "protocol": object{"id": string(t.ProtocolID)}}
		return federatedUser{said, home, string(u.ID), u.Name}
	}
	user := tokenUser{Domain: home, ID: string(u.ID), Name: u.Name}
	if u.PasswordExpiresAt != nil {
		at := u.PasswordExpiresAt.UTC().Format(passwordTimeLayout)
		user.PasswordExpiresAt = &at
	}
	return user
}
