package auth

import (
	"context"
	"errors"
	"slices"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// ErrAsksFactor is behind the answer to whoever is proved by less than a project asks for.
var ErrAsksFactor = errors.New("the project asks for a second factor")

// guard refuses a token that was got with less than its project asks for: people must have proved two factors, and what logs in for them
// must have been made, or be kept, by somebody who had. The demand is the project's and of nobody's account. It holds for whoever has a
// role there, wherever they are from, and not for what is done to the project with a role on its domain or the system. Accounts of programs
// and services are not asked, as nobody is there who could show anything.
func (s *Service) guard(ctx context.Context, tx *store.Tx, t *identity.Token) error {
	project := t.Scope.ProjectID()
	if project == "" {
		return nil
	}
	rules, err := tx.ProjectRules(ctx, project)
	if err != nil || !rules.Factor {
		return err
	}
	owner, kind, id := t.User, "", ""
	switch {
	case len(t.Trusts) > 0: // which are worth what the first was, however often it was handed on
		first := t.Trusts[len(t.Trusts)-1]
		owner, kind, id = first.Trustor, "OS-TRUST:trust", string(first.ID)
	case identity.ProvedTwice(t.Methods):
		return nil
	case t.ApplicationCredentialID != "":
		kind, id = "application_credential", string(t.ApplicationCredentialID)
	case t.AccessTokenID != "":
		kind, id = "OS-OAUTH1:access_token", string(t.AccessTokenID)
	case slices.Contains(t.Methods, "ec2credential") && t.IssuedAt.After(rules.FactorSince):
		return nil // it does not name its key, of which IssueSigned has asked
	}
	if !asksMore(rules, owner, nil) {
		return nil
	}
	if kind != "" {
		stand, err := tx.Stand(ctx, kind, id)
		if err != nil || stand != identity.RobotSuspended {
			return err
		}
	}
	return s.errAsksFactor(t.Project.Name, kind != "")
}

// asksMore tells whether a project asks somebody for more than they have proved in person.
func asksMore(r identity.ProjectRules, of identity.User, methods []string) bool {
	return r.Factor && of.Surface.Kind == identity.PersonAccount && !identity.ProvedTwice(methods)
}

// guardKey is guard for an EC2 key, as far as nothing else binds it.
func (s *Service) guardKey(ctx context.Context, tx *store.Tx, id identity.CredentialID, owner identity.User, project identity.ProjectID) error {
	rules, err := tx.ProjectRules(ctx, project)
	if err != nil || !asksMore(rules, owner, nil) {
		return err
	}
	stand, err := tx.Stand(ctx, "credential", string(id))
	if err == nil && stand == identity.RobotSuspended {
		err = s.errAsksFactor(string(project), true)
	}
	return err
}

func (s *Service) errAsksFactor(project string, robot bool) error {
	where := "in the portal, on the page Security"
	if s.Portal != "" {
		where = "at " + s.Portal + "/security"
	}
	message := "Project " + project + " asks for a second factor"
	if robot {
		message += ", and takes only what was made by somebody who had shown one. The owner of this credential can make a new one, or keep it " + where + "."
	} else {
		message += ". Log in with yours; if you have none, set it up " + where + "."
	}
	return &identity.Error{Kind: identity.Unauthorized, Message: message, Err: ErrAsksFactor}
}

// askMore turns the refusal of guard into a receipt for somebody who can show a second factor and has shown the password alone.
func (s *Service) askMore(ctx context.Context, tx *store.Tx, p *proved, refused error) error {
	if kind, _ := p.robot(); !errors.Is(refused, ErrAsksFactor) || kind != "" || p.trust != nil || !slices.Contains(p.methods, "password") {
		return refused
	}
	u, err := tx.User(ctx, p.user)
	if err != nil {
		return hide(err)
	}
	can, err := s.Credential.CanShow(ctx, tx, u)
	if err != nil {
		return err
	}
	if !can {
		return refused
	}
	return s.receipt(ctx, tx, u, p, [][]string{{"password", "totp"}})
}
