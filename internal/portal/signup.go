package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var signUpPages = slices.Concat(
	[]page{
		{method: get, path: "/signup", serve: (*visit).signUp, open: true},
		{method: post, path: "/signup", serve: (*visit).askAccount, open: true},
		{method: get, path: "/signup/sent", serve: (*visit).accountAsked, open: true},
		{method: get, path: "/signup/{secret}", serve: (*visit).proveAccount, open: true},
		{method: post, path: "/signup/{secret}", serve: (*visit).proveAccount, open: true},
		{method: get, path: "/cloud/signups", serve: (*visit).signUps},
	},
	both("/cloud/signups/{signup}", (*visit).admit, true),
	both("/cloud/signups/{signup}/refuse", (*visit).refuseSignUp, false),
)

// SignsUp tells whether anybody may ask for an account.
func (v *visit) SignsUp() bool { return v.p.Membership.SignsUp() }

// signUpPage asks for an account.
type signUpPage struct {
	chrome
	Address, Name, Project, Reason string
	Terms                          string // the page of the terms; empty for none
	Agreed                         bool
}

func (v *visit) signUpPage() (*signUpPage, error) {
	if !v.SignsUp() {
		return nil, identity.Missing("page", "")
	}
	pg := &signUpPage{
		Address: strings.TrimSpace(v.field("email")), Name: strings.TrimSpace(v.field("name")), Project: strings.TrimSpace(v.field("project")), Reason: v.field("reason"),
		Terms: v.p.Terms, Agreed: v.field("terms") != "",
	}
	pg.Bare, pg.Title = true, v.T("Ask for an account")
	pg.Lead = v.T("You get a mail that asks whether the address is yours. Then somebody looks at what you ask for.")
	return pg, nil
}

func (v *visit) signUp() error {
	pg, err := v.signUpPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "signup", pg)
}

// askAccount gives one answer, be there such an account or not. S-118
func (v *visit) askAccount() error {
	pg, err := v.signUpPage()
	if err != nil {
		return err
	}
	pg.Fields = problems{}
	if _, err := membership.Address(pg.Address); err != nil {
		pg.Fields["email"] = v.T("That is not an e-mail address.")
	}
	if pg.Name == "" {
		pg.Fields["name"] = v.T("Choose a name.")
	}
	if pg.Project == "" {
		pg.Fields["project"] = v.T("Give the project a name.")
	}
	if pg.Terms != "" && !pg.Agreed {
		pg.Fields["terms"] = v.T("Without agreeing to the terms there is no account.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "signup", pg)
	}
	in := identity.SignUp{Address: pg.Address, Name: pg.Name, Project: pg.Project, Reason: pg.Reason, Language: v.Lang}
	if err := v.p.Membership.AskAccount(v.Context(), in, v.address(), v.chromeAgent()); err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "signup", pg) })
	}
	v.redirect("/signup/sent")
	return nil
}

func (v *visit) accountAsked() error {
	pg := new(answeredPage)
	pg.Bare, pg.Title, pg.Lead = true, v.T("Look at your mail"), v.T("A mail asks whether the address is yours. Its link works for a day.")
	return v.show(http.StatusOK, "answered", pg)
}

// proveSignUpPage asks whether an address is theirs, by a link from a mail. Looking at it changes nothing.
type proveSignUpPage struct {
	chrome
	Open  bool
	Again bool // it can be asked for once more
}

func (v *visit) proveAccount() error {
	pg := new(proveSignUpPage)
	pg.Bare = true
	in, err := v.p.Membership.LookAccount(v.Context(), v.PathValue("secret"))
	err = v.wrongLink(err)
	over := func(err error) bool { return errors.Is(err, identity.Gone) || errors.Is(err, identity.NotFound) }
	status := http.StatusOK
	if err == nil && v.Method == post {
		if err = v.p.Membership.ProveAccount(v.Context(), v.PathValue("secret")); err == nil {
			pg.Title, pg.Lead = v.T("Thank you"), v.T("Somebody looks at what you ask for. You get a mail with what came of it.")
			return v.show(status, "provesignup", pg)
		}
	}
	switch {
	case over(err):
		pg.Title, pg.Lead = v.T("This link does not work any more"), v.over(err, v.T("Nobody can ask for an account here any more."))
		pg.Again = v.SignsUp()
		if v.Method == post {
			status = http.StatusUnprocessableEntity
		}
	case err != nil:
		return err
	default:
		pg.Open, pg.Title, pg.Lead = true, v.T("Is this your address?"), v.F("%s asks for the account %s, with the project %s.", in.Address, in.Name, in.Project)
	}
	return v.show(status, "provesignup", pg)
}

// signUpsPage lists who asks for an account.
type signUpsPage struct {
	chrome
	Waiting []identity.SignUp
}

func (v *visit) signUps() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	pg := new(signUpsPage)
	if pg.Waiting, err = v.p.Membership.SignUps(v.Context(), caller); err != nil {
		return err
	}
	pg.Section, pg.Title, pg.Lead = "signups", v.T("Sign-ups"), v.T("Who asks for an account and has proved their address.")
	pg.Terminal = []string{"lintel signup list"}
	return v.show(http.StatusOK, "signups", pg)
}

// admitPage lets somebody in who asked for an account, or not.
type admitPage struct {
	chrome
	Wish                membership.Known
	Name, Project, Role string
	Reason              string // for whoever must agree to the role
	Asks                bool   // somebody must
	Roles               []roleGroup
}

func (v *visit) admit() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	pg := new(admitPage)
	if pg.Wish, err = v.p.Membership.LookSignUp(v.Context(), caller, v.PathValue("signup")); err != nil {
		return err
	}
	if pg.Wish.State != identity.SignUpOpen {
		return identity.Missing("sign_up", pg.Wish.ID)
	}
	pg.Name, pg.Project, pg.Role = pg.Wish.Name, pg.Wish.Project, "member"
	pg.Section, pg.Title = "signups", v.F("Let %s in?", pg.Wish.Address)
	pg.Lead = v.T("The account and its project are made together, and a mail lets the person choose a password.")
	pg.Terminal = []string{"lintel signup approve " + pg.Wish.ID, "lintel signup refuse " + pg.Wish.ID + " --reason WHY"}
	roles, err := v.p.Assignment.DescribedRoles(v.Context(), caller, "")
	if err != nil {
		return err
	}
	offer := func() {
		all := make([]offeredRole, len(roles))
		for i, r := range roles {
			all[i] = offeredRole{option{r.Name, r.Name, r.Name == pg.Role}, v.words(r.Role, r.Profile)}
		}
		pg.Roles = v.inGroups(all)
	}
	if offer(); v.Method == get {
		return v.show(http.StatusOK, "admit", pg)
	}
	pg.Name, pg.Project, pg.Role = strings.TrimSpace(v.field("name")), strings.TrimSpace(v.field("project")), v.field("role")
	pg.Reason = strings.TrimSpace(v.field("reason"))
	pg.Asks = pg.Reason != ""
	offer()
	made, err := v.p.Membership.ApproveSignUp(v.Context(), caller, pg.Wish.ID, membership.Admission{Name: pg.Name, Project: pg.Project, Role: pg.Role, Reason: pg.Reason})
	if errors.Is(err, membership.ErrSayWhy) {
		pg.Asks, pg.Fields = true, problems{"reason": v.T("Somebody else must agree: say why.")}
		pg.Terminal[0] += " --role ROLE --reason WHY"
	} else if errors.Is(err, identity.Conflict) {
		pg.Problem = v.T("The domain has a user or a project of this name. Nothing was made.")
	} else if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" || len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "admit", pg)
	}
	if made.Asked != nil {
		v.redirect("/cloud/signups?done=admitted-waits")
		return nil
	}
	v.redirect("/cloud/signups?done=admitted")
	return nil
}

func (v *visit) refuseSignUp() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	wish, err := v.p.Membership.LookSignUp(v.Context(), caller, v.PathValue("signup"))
	if err != nil {
		return err
	}
	if !v.p.Membership.ManagesSignUps(v.Context(), caller) {
		return identity.NotAllowed("lintel:manage_sign_ups")
	}
	out := &actPage{Do: v.T("Give them no account"), Asked: true, Why: v.field("reason"), Back: Prefix + "/cloud/signups"}
	out.Section, out.Title, out.Lead = "signups", v.F("Refuse %s?", wish.Address), v.T("They get a mail with the reason.")
	out.Terminal = []string{"lintel signup refuse " + wish.ID + " --reason WHY"}
	return v.decide(out, func() (string, error) {
		return "/cloud/signups?done=not-admitted", v.p.Membership.RefuseSignUp(v.Context(), caller, wish.ID, v.field("reason"))
	})
}
