package membership

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// Where a cloud allows it, anybody may ask for an account. Nothing is kept of it until a link that is mailed to the address is used; then it
// waits for an administrator of the cloud, who lets them in, with a project of their own, or not. Whoever asks learns nothing of who is
// there: what was asked for is looked at by nobody before. S-118

const (
	toSignUp   = "signup"
	signUpLife = 24 * time.Hour

	signUpsPerSource, signUpsPerAddress, signUpsPerDay = 3, 3, 200
	mostSignUps                                        = 200
)

// SignsUp tells whether anybody may ask for an account.
func (s *Service) SignsUp() bool { return s.SignUp && s.Mails() }

// AskAccount sends a link to the address of somebody who asks for an account. source is where that came from. It is open to all.
func (s *Service) AskAccount(ctx context.Context, in identity.SignUp, source, agent string) (err error) {
	if !s.SignsUp() {
		return identity.Missing("sign_up", "")
	}
	if in.Address, err = Address(in.Address); err != nil {
		return err
	}
	in.Name, in.Project, in.Reason = strings.TrimSpace(in.Name), strings.TrimSpace(in.Project), strings.TrimSpace(in.Reason)
	for say, text := range map[string]string{"Give a name of up to 64 characters.": in.Name, "Give a project of up to 64 characters.": in.Project} {
		if n := utf8.RuneCountInString(text); n == 0 || n > 64 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return identity.Invalidf("%s", say)
		}
	}
	if utf8.RuneCountInString(in.Reason) > maxWords || !utf8.ValidString(in.Reason) || strings.ContainsRune(in.Reason, 0) {
		return identity.Invalidf("The reason may have %d characters at most.", maxWords)
	}
	in.Language = mails.Language(in.Language)
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	const often = "That was asked for too often. Please try again later."
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := limited(ctx, tx, signUpsPerSource, time.Hour, often, "sign-up from", source); err != nil {
			return err
		}
		if err := limited(ctx, tx, signUpsPerAddress, aDay, often, "sign-up of", strings.ToLower(in.Address)); err != nil {
			return err
		}
		if err := limited(ctx, tx, signUpsPerDay, aDay, often, "sign-ups"); err != nil {
			return err
		}
		until := tx.Now().Add(signUpLife)
		secret, err := s.link(ctx, tx, toSignUp, digest(strings.ToLower(in.Address)), string(data), until)
		if err != nil {
			return err
		}
		code, err := s.mailed(ctx, tx, in.Address, secret, until)
		if err != nil {
			return err
		}
		_, err = s.Office.Post(ctx, tx, mails.SignUp, in.Language, mails.Values{
			To: in.Address, Address: in.Address, Name: in.Name, Project: in.Project, Link: "/signup/" + secret, Code: code, Until: until, From: cut(source + ", " + agent), Request: requestID(ctx),
		})
		return err
	})
}

// LookAccount is what a link from a mail asks for. It is open to who has the link, and changes nothing; Gone when it opens nothing any more.
func (s *Service) LookAccount(ctx context.Context, secret string) (in identity.SignUp, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		in, err = s.signUp(ctx, tx, secret)
		return err
	})
	return in, err
}

func (s *Service) signUp(ctx context.Context, tx *store.Tx, secret string) (in identity.SignUp, err error) {
	l, err := tx.Link(ctx, toSignUp, digest(secret))
	if err == nil && !s.SignsUp() {
		err = errLinkOver
	}
	if err == nil {
		err = over(tx, l)
	}
	if err != nil {
		return in, err
	}
	return in, json.Unmarshal([]byte(l.Data), &in)
}

// ProveAccount lets a wish for an account wait for an administrator, now that its address is proved. The link is used up.
func (s *Service) ProveAccount(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		in, err := s.signUp(ctx, tx, secret)
		if err != nil {
			return err
		}
		if used, err := tx.UseLink(ctx, toSignUp, digest(secret)); err != nil || !used {
			return errors.Join(err, errLinkOver)
		}
		in.ID, in.State = tx.NewID(), identity.SignUpOpen
		if err := tx.InsertSignUp(ctx, in); err != nil {
			return err
		}
		b, err := s.Authority.Book(ctx, tx)
		if err != nil {
			return err
		}
		masters, err := s.masters(ctx, tx, b)
		if err != nil {
			return err
		}
		for _, u := range masters {
			err := s.Office.Inform(ctx, tx, mails.SignUpWaits, u, mails.Values{Address: in.Address, Name: in.Name, Project: in.Project, Words: in.Reason, Link: "/cloud/signups/" + in.ID})
			if err != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Done("sign_up", "created", in.ID))
	})
}

// SignUps lists the wishes for an account that wait, the oldest first (lintel:list_sign_ups).
func (s *Service) SignUps(ctx context.Context, caller identity.Caller) (all []identity.SignUp, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListSignUps, nil); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = tx.SignUps(ctx, identity.SignUpOpen, mostSignUps)
		return err
	})
	return all, err
}

// Known is a wish for an account, with the users who have its address already.
type Known struct {
	identity.SignUp
	Users []identity.User
}

// LookSignUp returns a wish for an account (lintel:list_sign_ups).
func (s *Service) LookSignUp(ctx context.Context, caller identity.Caller, id string) (k Known, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ListSignUps, nil); err != nil {
		return k, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if k.SignUp, err = tx.SignUp(ctx, id); err != nil {
			return err
		}
		k.Users, err = tx.UsersByAddress(ctx, "", k.Address)
		return err
	})
	return k, err
}

// Admission is how somebody who asked for an account is let in. What is empty is as they asked for it.
type Admission struct {
	Name, Project, Role string // the role is member unless another is named
	Domain              identity.DomainID
	Reason              string // for whoever must agree to the role, if somebody else must
}

// ManagesSignUps tells whether the caller may let people in who asked for an account (lintel:manage_sign_ups).
func (s *Service) ManagesSignUps(ctx context.Context, caller identity.Caller) bool {
	return s.Authz.Allowed(ctx, caller, authz.ManageSignUps, nil)
}

// ApproveSignUp makes an account and its project, with a role there, and sends a link to set the first password, all of it or nothing
// (lintel:manage_sign_ups, and what guards making each). A role to which somebody else must agree waits as it does in Enroll.
func (s *Service) ApproveSignUp(ctx context.Context, caller identity.Caller, id string, as Admission) (out Enrolled, err error) {
	wish, err := s.openSignUp(ctx, caller, id)
	if err != nil {
		return out, err
	}
	u := identity.User{DomainID: as.Domain, Name: or(as.Name, wish.Name), Enabled: true, Extra: identity.Extra{"email": wish.Address}}
	if u.DomainID == "" {
		u.DomainID = s.Directory.DefaultDomain
	}
	out.User, err = s.Directory.CreateUserWith(ctx, caller, u, identity.Opt[string]{}, func(tx *store.Tx, made identity.User) error {
		p := identity.Project{DomainID: made.DomainID, ParentID: identity.ProjectID(made.DomainID), Name: or(as.Project, wish.Project), Enabled: true}
		if err := s.Authz.Check(ctx, caller, authz.CreateProject, authz.Target{"project": authz.Project(p)}); err != nil {
			return err
		}
		if out.Project, err = s.Directory.AddProject(ctx, tx, p); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Created("project", out.Project.ID).By(caller)); err != nil {
			return err
		}
		roles, err := assignment.RolesNamed(ctx, tx, out.Project.ID, []string{or(as.Role, "member")})
		if err != nil {
			return err
		}
		if out.Roles, out.Asked, err = s.endow(ctx, tx, caller, made.ID, out.Project.ID, roles, as.Reason); err != nil {
			return err
		}
		home := made
		home.DefaultProjectID = out.Project.ID
		if err := tx.UpdateUser(ctx, made, home); err != nil {
			return err
		}
		if err := s.answerSignUp(ctx, tx, caller, wish, identity.SignUpApproved, ""); err != nil {
			return err
		}
		return s.setUp(ctx, tx, caller, Enrolment{Language: wish.Language}, made, &out)
	})
	return out, err
}

func or(text, otherwise string) string {
	if text = strings.TrimSpace(text); text != "" {
		return text
	}
	return otherwise
}

// openSignUp returns a wish for an account that the caller may answer.
func (s *Service) openSignUp(ctx context.Context, caller identity.Caller, id string) (wish identity.SignUp, err error) {
	if err := s.Authz.Check(ctx, caller, authz.ManageSignUps, nil); err != nil {
		return wish, err
	}
	if err := inPerson(caller); err != nil {
		return wish, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if wish, err = tx.SignUp(ctx, id); err == nil && wish.State != identity.SignUpOpen {
			err = errSignUpOver
		}
		return err
	})
	return wish, err
}

var errSignUpOver = &identity.Error{Kind: identity.Conflict, Message: "Somebody has answered this already."}

func (s *Service) answerSignUp(ctx context.Context, tx *store.Tx, caller identity.Caller, wish identity.SignUp, state identity.SignUpState, why string) error {
	wish.State, wish.DeciderID, wish.Answer = state, caller.UserID(), why
	if open, err := tx.DecideSignUp(ctx, wish); err != nil || !open {
		return errors.Join(err, errSignUpOver)
	}
	return tx.Record(ctx, identity.Done("sign_up", string(state), wish.ID).By(caller))
}

// RefuseSignUp gives somebody no account, and tells them, with a reason if there is one (lintel:manage_sign_ups).
func (s *Service) RefuseSignUp(ctx context.Context, caller identity.Caller, id, why string) error {
	wish, err := s.openSignUp(ctx, caller, id)
	if err != nil {
		return err
	}
	if why = strings.TrimSpace(why); utf8.RuneCountInString(why) > maxReason {
		return identity.Invalidf("The reason may have %d characters at most.", maxReason)
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.answerSignUp(ctx, tx, caller, wish, identity.SignUpRefused, why); err != nil || !s.Mails() {
			return err
		}
		_, err := s.Office.Post(ctx, tx, mails.SignUpDenied, wish.Language, mails.Values{
			To: wish.Address, Project: wish.Project, Words: why, At: tx.Now(), Request: requestID(ctx),
		})
		return err
	})
}
