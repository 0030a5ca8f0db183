package membership

import (
	"context"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// SetRoleProfile says what people are told of a role, and how heavy it counts; the zero value but for the role forgets it. That decides
// who may act on whose account, so it takes what changing grant rules takes (lintel:manage_grant_rules).
func (s *Service) SetRoleProfile(ctx context.Context, caller identity.Caller, p identity.RoleProfile) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error { return s.setRoleProfile(ctx, tx, caller, p) })
}

// CreateRole makes a role (identity:create_role) of which people are told something from the start, all or nothing.
func (s *Service) CreateRole(ctx context.Context, caller identity.Caller, r identity.Role, p identity.RoleProfile) (made identity.Role, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if made, err = s.Assignment.AddRole(ctx, tx, caller, r); err != nil {
			return err
		}
		if p.RoleID = made.ID; p.Empty() {
			return nil
		}
		return s.setRoleProfile(ctx, tx, caller, p)
	})
	return made, err
}

func (s *Service) setRoleProfile(ctx context.Context, tx *store.Tx, caller identity.Caller, p identity.RoleProfile) error {
	if err := s.editsRules(ctx, tx, caller); err != nil {
		return err
	}
	if !authority.Fresh(caller, tx.Now()) {
		return identity.Refusedf("To say what a role is you must prove again who you are: log in anew.")
	}
	if _, err := tx.Role(ctx, p.RoleID); err != nil {
		return err
	}
	if err := checkProfile(&p); err != nil {
		return err
	}
	var err error
	if p.Empty() {
		err = tx.DropRoleProfile(ctx, p.RoleID)
	} else {
		err = tx.PutRoleProfile(ctx, p)
	}
	if err != nil {
		return err
	}
	return tx.Record(ctx, untold(identity.Updated("role", p.RoleID)).By(caller))
}

// checkProfile refuses what cannot be kept or shown, and takes away what is empty.
func checkProfile(p *identity.RoleProfile) error {
	p.Category, p.DocsURL = strings.TrimSpace(p.Category), strings.TrimSpace(p.DocsURL)
	switch p.Impact {
	case "", identity.NormalImpact, identity.HighImpact:
	default:
		return identity.Invalidf("The impact of a role is normal or high, or found out, not %.80q.", p.Impact)
	}
	switch p.Audience {
	case "", identity.ForProjects, identity.ForOperators:
	default:
		return identity.Invalidf("A role is for projects or for operators, not for %.80q.", p.Audience)
	}
	if utf8.RuneCountInString(p.Category) > 64 {
		return identity.Invalidf("A category has up to 64 characters.")
	}
	if p.Sort < -1000 || p.Sort > 1000 {
		return identity.Invalidf("The place in its category is a number between -1000 and 1000.")
	}
	if u, err := url.Parse(p.DocsURL); p.DocsURL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(p.DocsURL) > 500) {
		return identity.Invalidf("The address of the documentation begins with https:// or http://.")
	}
	for _, texts := range []map[string]string{p.Name, p.Summary, p.Warning} {
		for lang, text := range texts {
			if texts[lang] = strings.TrimSpace(text); texts[lang] == "" {
				delete(texts, lang)
			} else if len(lang) > 8 || utf8.RuneCountInString(text) > 255 {
				return identity.Invalidf("What is said of a role in one language has up to 255 characters.")
			}
		}
	}
	return nil
}
