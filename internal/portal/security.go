package portal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

var securityPages = []page{
	{method: get, path: "/security", serve: (*visit).security},
	{method: get, path: "/security/password", serve: (*visit).password},
	{method: post, path: "/security/password", serve: (*visit).changePassword},
	{method: post, path: "/security/sessions/end", serve: (*visit).endSession},
	{method: post, path: "/security/sessions/end-others", serve: (*visit).endOtherSessions},
	{method: get, path: "/security/tokens/end", serve: (*visit).endOwnTokens},
	{method: post, path: "/security/tokens/end", serve: (*visit).endOwnTokens},
	{method: post, path: "/security/factor/keep", serve: (*visit).keepFactor},
}

const yearly = 365 * 24 * time.Hour

// securityPage shows how somebody proves who they are, and where they are signed in.
type securityPage struct {
	chrome
	Password    directory.PasswordSpan
	PasswordSet bool // here, and not at a directory or identity provider
	Locked      bool // the user may not change it
	Factor      credential.Factor
	Closed      string        // why there can be no second factor
	Demand      string        // what is asked about one
	Means       []consequence // what is never asked for one
	Decides     bool          // the reader decides on each of these
	Lists       bool          // they stand on a page
	Few         int           // recovery codes that are not many
	Sessions    []identity.Session
	Current     string // the id of this session
	Seen        []auth.Sighting
	Steps       []todo // what to begin with, when nothing is set up

	Reset *credential.FactorReset // of the factor, that waits for somebody else to agree
}

func (v *visit) security() error {
	u := v.User()
	pg := &securityPage{
		PasswordSet: u.Kind == identity.LocalUser, Locked: u.Options.Bool(identity.OptLockPassword), Current: v.session.ID,
	}
	pg.Section, pg.Title = "security", v.T("Security")
	pg.Lead = v.T("How you prove who you are, and where you are signed in.")
	var err error
	if pg.Factor, err = v.p.Credential.Factor(v.Context(), v.self()); err != nil {
		return err
	}
	if pg.Password, err = v.p.Directory.OwnPassword(v.Context(), v.self()); err != nil {
		return err
	}
	if !pg.Factor.On && pg.Factor.Closed == credential.Open {
		pg.Steps = v.suggestions(pg.PasswordSet && !pg.Locked)
	}
	if v.p.Credential.ResetByTwo && pg.Factor.On {
		waits, err := v.p.Credential.FactorReset(v.Context(), v.self(), u.ID)
		if err == nil {
			pg.Reset = &waits
		} else if !errors.Is(err, identity.NotFound) {
			return err
		}
	}
	pg.Demand = v.demand(pg.Factor)
	pg.Decides = v.p.Credential.Decides()
	pg.Lists = pg.Decides || v.p.Credential.Warns()
	suspended := 0
	if pg.Factor.Own && pg.Decides {
		if suspended, err = v.countUnasked(&pg.Factor); err != nil {
			return err
		}
	}
	pg.Closed, pg.Means, pg.Few = v.closed(pg.Factor.Closed), v.unasked(pg.Factor), fewCodes
	if n := pg.Factor.ApplicationCredentials; n > 0 && pg.Factor.On && pg.Decides {
		pg.Means = append([]consequence{{fmt.Sprint(n), plural(n, v.T("application credential"), v.T("application credentials")), v.T("They work if they were made with the second factor, or you keep them."), "/portal/credentials"}}, pg.Means...)
	} else if n > 0 && !pg.Factor.On {
		why := v.T("They log in by themselves. With a second factor they are refused.")
		if pg.Decides {
			why = v.goOn(pg.Factor)
		}
		pg.Means = append([]consequence{{fmt.Sprint(n), plural(n, v.T("application credential"), v.T("application credentials")), why, "/portal/credentials"}}, pg.Means...)
	}
	if suspended > 0 {
		pg.Means = append(pg.Means, consequence{fmt.Sprint(suspended), plural(suspended, v.T("is suspended"), v.T("are suspended")), v.T("Made without the second factor, and not kept."), "/portal/security/robots"})
	}
	if pg.Sessions, err = v.p.Auth.Sessions(v.Context(), v.self()); err != nil {
		return err
	}
	if !u.Surface.NoAPI {
		if pg.Seen, err = v.p.Auth.Sightings(v.Context(), v.self()); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "security", pg)
}

// countUnasked counts anew what logs in beside a second factor, without what is suspended, which it returns the number of.
func (v *visit) countUnasked(f *credential.Factor) (suspended int, err error) {
	all, err := v.p.Credential.Robots(v.Context(), v.self())
	f.ApplicationCredentials, f.Keys, f.Trusts = 0, 0, 0
	for _, r := range all {
		switch {
		case r.Stand == identity.RobotSuspended:
			suspended++
		case r.Kind == "application_credential":
			f.ApplicationCredentials++
		case r.Kind == "credential":
			f.Keys++
		case r.Kind == "OS-TRUST:trust":
			f.Trusts++
		}
	}
	return suspended, err
}

// suggestions are what to do first for somebody who has nothing but a password, what keeps the most out first.
func (v *visit) suggestions(password bool) []todo {
	all := []todo{
		{v.T("Add a passkey, or an authenticator app on your phone."), Prefix + "/security/totp/new", false, v.T("A password that somebody has learnt is not enough then.")},
		{v.T("Save recovery codes, for the day when your phone is lost."), Prefix + "/security/totp/new", false, v.T("You get them with the second factor.")},
	}
	if password {
		return append(all, todo{v.T("Have a password that you use nowhere else."), Prefix + "/security/password", false, v.T("Change it if another service knows it, too.")})
	}
	return append(all, todo{v.T("Look through what was done with your account."), Prefix + "/activity", false, ""})
}

// Proved says in words how somebody proved who they are when they signed in.
func (c *chrome) Proved(s identity.Session) string {
	var how []string
	for _, m := range []struct{ name, word string }{{"password", c.T("password")}, {"webauthn", c.T("passkey")}, {"totp", c.T("code")}} {
		switch {
		case !slices.Contains(s.Methods, m.name):
		case m.name == "totp" && s.ByRecoveryCode:
			how = append(how, c.T("recovery code"))
		default:
			how = append(how, m.word)
		}
	}
	if len(how) == 0 {
		how = append(how, c.T("another sign-in page"))
	}
	return strings.Join(how, ", ")
}

// endOwnTokens ends all that works as the reader by now, this session, too.
func (v *visit) endOwnTokens() error {
	out := &actPage{Do: v.T("End all tokens and sessions"), Back: Prefix + "/security", Means: []string{
		v.T("Every browser and program that works as this account is out at its next request."),
		v.T("You sign in again, here, too."),
		v.T("Its password and application credentials stay good: who has them can log in again."),
	}}
	out.Section, out.Title, out.Lead = "security", v.T("End all tokens and sessions?"), v.T("For when a device was lost, or a token may have been seen.")
	out.Terminal = []string{`curl -X DELETE -H "X-Auth-Token: $(openstack token issue -f value -c id)" ` + word(v.p.Endpoint(v.Request)+"/users/"+string(v.User().ID)+"/tokens")}
	return v.decide(out, func() (string, error) {
		return "/login?ended=1", v.p.Directory.RevokeTokens(v.Context(), v.self(), v.User().ID)
	})
}

// keepFactor stops the reset of the reader's second factor, which they have shown that they have.
func (v *visit) keepFactor() error {
	err := v.p.Credential.KeepsFactor(v.Context(), v.self(), v.User().ID)
	if err != nil && !errors.Is(err, identity.NotFound) {
		return err
	}
	v.redirect("/security?done=factor-kept")
	return nil
}

// passwordPage changes one's own password.
type passwordPage struct {
	chrome
	Choose passwordForm
}

func (v *visit) passwordPage() (pg *passwordPage, err error) {
	pg = new(passwordPage)
	pg.Section, pg.Title = "security", v.T("Change your password")
	pg.Lead = v.T("After this all other sessions and all tokens of yours end. Application credentials stay.")
	pg.Terminal = []string{"openstack user password set"}
	pg.Choose, err = v.passwordForm(directory.DomainRef{ID: v.User().DomainID}, true)
	return pg, err
}

func (v *visit) password() error {
	pg, err := v.passwordPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "password", pg)
}

// changePassword sets the password and signs in again with it, since all sessions have ended.
func (v *visit) changePassword() error {
	pg, err := v.passwordPage()
	if err != nil {
		return err
	}
	user := v.User().ID
	if err := v.newPassword(user, &pg.chrome); err != nil {
		return err
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "password", pg)
	}
	key, in, err := v.p.Auth.SignIn(v.Context(), auth.Request{
		Methods:  []string{"password"},
		Evidence: map[string]auth.Method{"password": &auth.Password{User: &directory.UserRef{ID: user}, Password: v.PostForm.Get("new")}},
	}, v.device())
	if err == nil {
		return v.begin(key, in, Prefix+"/security?done=password")
	}
	v.forget(sessionCookie) // perhaps more is wanted than a password
	v.redirect("/login")
	return nil
}

func (v *visit) endSession() error {
	if _, err := v.p.Auth.EndSession(v.Context(), v.self(), v.field("id"), false); err != nil {
		return err
	}
	v.redirect("/security?done=session")
	return nil
}

func (v *visit) endOtherSessions() error {
	if _, err := v.p.Auth.EndSession(v.Context(), v.self(), v.session.ID, true); err != nil {
		return err
	}
	v.redirect("/security?done=sessions")
	return nil
}
