package httpapi

import (
	"bytes"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/identity"
)

// writeOwn writes a token as the API shows it, without its catalog and what closes the object
// (keystone/common/render_token.py). Every login is answered with one, so what most tokens have is written straight, at a fraction of
// what a map or a struct would cost; the members come in the order in which a map's would.
func writeOwn(issued *auth.Issued) ([]byte, error) {
	t := issued.Token
	trusted := t.Scope.Kind() == identity.ProjectScoped && len(t.Trusts) > 0
	scoped := t.Scope.Kind() != identity.Unscoped
	w := newObjectText()
	w.object("token", func() {
		if a := t.AccessToken; a != nil && scoped {
			w.any("OS-OAUTH1", object{"access_token_id": string(a.ID), "consumer_id": string(a.ConsumerID)})
		}
		if trusted {
			w.any("OS-TRUST:trust", object{
				"id": string(t.TrustID), "impersonation": t.Trusts[0].Impersonation,
				"trustor_user": object{"id": string(t.Trusts[0].TrustorUserID)}, "trustee_user": object{"id": string(t.Trusts[0].TrusteeUserID)},
			})
		}
		if c := t.ApplicationCredential; c != nil && scoped {
			w.object("application_credential", func() {
				if len(c.AccessRules) > 0 {
					w.any("access_rules", accessRules(c.AccessRules))
				}
				w.text("id", string(c.ID))
				w.text("name", c.Name)
				w.flag("restricted", !c.Unrestricted)
			})
		}
		w.texts("audit_ids", t.AuditIDs)
		if t.Scope.Kind() == identity.DomainScoped {
			w.named("domain", string(t.ScopeDomain.ID), t.ScopeDomain.Name)
		}
		w.text("expires_at", renderTime(t.ExpiresAt))
		if t.Scope.Kind() == identity.ProjectScoped && !trusted {
			if t.IsAdminProject != nil {
				w.flag("is_admin_project", *t.IsAdminProject)
			}
			w.flag("is_domain", t.Project.IsDomain)
		}
		w.text("issued_at", renderTime(t.IssuedAt))
		w.texts("methods", t.Methods)
		if t.Thumbprint != "" && scoped {
			w.any("oauth2_credential", object{"x5t#S256": t.Thumbprint})
		}
		if t.Scope.Kind() == identity.ProjectScoped {
			w.object("project", func() {
				w.named("domain", string(t.ScopeDomain.ID), t.ScopeDomain.Name)
				w.text("id", string(t.Project.ID))
				w.text("name", t.Project.Name)
			})
		}
		if scoped {
			writeTokenRoles(w, t)
		}
		if len(issued.ServiceProviders) > 0 {
			var all []object
			for _, p := range issued.ServiceProviders {
				all = append(all, object{"id": string(p.ID), "auth_url": p.AuthURL, "sp_url": p.SPURL})
			}
			w.any("service_providers", all)
		}
		if t.Scope.Kind() == identity.SystemScoped {
			w.any("system", object{"all": true})
		}
		writeTokenUser(w, t)
	})
	b, err := w.end()
	return bytes.TrimSuffix(b, tokenEnd), err
}

// writeTokenRoles writes the roles of a token; those of trusts and identity providers whole.
func writeTokenRoles(w *objectText, t *identity.Token) {
	if len(t.Trusts) > 0 || t.Federated {
		roles := make([]object, len(t.Roles))
		for i, role := range t.Roles {
			roles[i] = renderWholeRole(role)
		}
		w.any("roles", roles)
		return
	}
	w.list("roles", len(t.Roles), func(i int) { w.namedElement(string(t.Roles[i].ID), t.Roles[i].Name) })
}

// writeTokenUser writes whose a token is, and what an identity provider said of them.
func writeTokenUser(w *objectText, t *identity.Token) {
	u, home := t.Actor()
	w.object("user", func() {
		if t.Federated {
			groups := make([]object, len(t.ProvidedGroups))
			for i, g := range t.ProvidedGroups {
				groups[i] = object{"id": string(g)}
			}
			w.any("OS-FEDERATION", object{
				"groups": groups, "identity_provider": object{"id": string(t.IdentityProviderID)}, "protocol": object{"id": string(t.ProtocolID)},
			})
		}
		w.named("domain", string(home.ID), home.Name)
		w.text("id", string(u.ID))
		w.text("name", u.Name)
		switch {
		case t.Federated:
		case u.PasswordExpiresAt == nil:
			w.null("password_expires_at")
		default:
			w.text("password_expires_at", u.PasswordExpiresAt.UTC().Format(passwordTimeLayout))
		}
	})
}
