package portal

import (
	"net/http"
	"slices"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

// actPage asks before something is done, and says what that means.
type actPage struct {
	chrome
	Means    []string
	Do       string            // what the button says
	Harmless bool              // the button is no danger
	Password bool              // a field asks for one
	Choose   passwordForm      // beside it
	Reason   bool              // fields ask why, and until when
	Asked    bool              // a field asks why, for whoever asked
	Tell     bool              // the person can be told by mail
	Until    string            // the last day that was typed
	Why      string            // what was typed
	Typed    string            // what must be typed first; empty for nothing
	Hidden   map[string]string // what the form sends beside
	Chosen   []string          // ids of what it is done to, where that is many
	Back     string
}

// act is something to do to an account that is asked about first.
type act struct {
	action string // the rule that guards it
	page   func(v *visit, pg *accountPage) *actPage

	// look completes the page by what has to be looked up; nil for nothing.
	look func(v *visit, caller identity.Caller, pg *accountPage, out *actPage) error

	allowed func(a directory.Account) bool
	notSelf bool // nobody does it to themselves here
	do      func(v *visit, caller identity.Caller, pg *accountPage) error
}

func manages(a directory.Account) bool { return a.Manage }

// ask finds out who is meant and what it would mean.
func (v *visit) ask(a *act) (identity.Caller, *accountPage, *actPage, error) {
	caller, pg, err := v.loadAccount("")
	switch {
	case err != nil:
		return caller, nil, nil, err
	case !a.allowed(pg.Account) && pg.Shield != "":
		return caller, nil, nil, identity.Refusedf("%s", pg.Shield)
	case !a.allowed(pg.Account):
		return caller, nil, nil, identity.NotAllowed(a.action)
	case a.notSelf && pg.Self:
		return caller, nil, nil, identity.Refusedf("This is your own account. Ask another administrator to do this.")
	}
	out := a.page(v, pg)
	if a.look != nil {
		if err := a.look(v, caller, pg, out); err != nil {
			return caller, nil, nil, err
		}
	}
	out.Section, out.Back = "users", Prefix+accountPath(pg)
	if a.notSelf && pg.Service {
		out.Means = append(out.Means, v.T("A service of this cloud logs in with this account. Without it the service stops working for everybody."))
		out.Typed = pg.Account.Name
	}
	return caller, pg, out, nil
}

func ask(a *act) func(*visit) error {
	return func(v *visit) error {
		_, _, out, err := v.ask(a)
		if err != nil {
			return err
		}
		return v.show(http.StatusOK, "act", out)
	}
}

func do(a *act) func(*visit) error {
	return func(v *visit) error {
		caller, pg, out, err := v.ask(a)
		if err != nil {
			return err
		}
		if ok, err := v.typed(out); err != nil || !ok {
			return err
		}
		if out.Problem, err = v.refusal(a.do(v, caller, pg)); err != nil || out.Problem == "" {
			return err
		}
		return v.show(http.StatusUnprocessableEntity, "act", out)
	}
}

// typed tells whether what must be typed was; if not, it shows the page again. What asks for that also wants a proof of who is
// there that is not old.
func (v *visit) typed(out *actPage) (bool, error) {
	switch {
	case out.Typed == "":
		return true, nil
	case !v.PostForm.Has("typed"): // the page before did not ask
		return false, v.show(http.StatusOK, "act", out)
	case v.field("typed") != out.Typed:
		out.Fields = problems{"typed": v.F("Type %s to go on.", out.Typed)}
		return false, v.show(http.StatusUnprocessableEntity, "act", out)
	case v.p.Now().Sub(v.session.ConfirmedAt) > confirmFor:
		return false, errConfirm
	}
	return true, nil
}

// osUser is a command about the account, as its domain and name.
func osUser(command string, pg *accountPage) []string {
	return []string{"openstack user " + command + " --domain " + word(pg.In.Name) + " " + operand(pg.Account.Name)}
}

// lintelUser is osUser for what the openstack command cannot do.
func lintelUser(command string, pg *accountPage) []string {
	return []string{"lintel user " + command + " --domain " + word(pg.In.Name) + " " + operand(pg.Account.Name)}
}

// enabling is the act of writing whether an account is enabled.
func enabling(enabled bool, code string) func(*visit, identity.Caller, *accountPage) error {
	return func(v *visit, caller identity.Caller, pg *accountPage) error {
		_, err := v.p.Directory.UpdateUser(v.Context(), caller, pg.Account.ID, identity.UserUpdate{Enabled: identity.Some(enabled)})
		if err == nil {
			v.redirect(accountPath(pg) + "?done=" + code)
		}
		return err
	}
}

var disableAccount = &act{
	action: "identity:update_user", allowed: manages, notSelf: true, do: enabling(false, "user-disabled"),
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Do: v.T("Disable the account"), Means: slices.Concat(
			[]string{v.T("All its sessions and tokens end at once, and nobody can log in as it, by no credential.")},
			v.some(len(pg.Places), "It keeps its roles in %d place, and has them again when it is enabled.", "It keeps its roles in %d places, and has them again when it is enabled."),
			[]string{v.T("Servers and volumes that it made keep running.")},
		)}
		out.Title, out.Lead = v.F("Disable %s?", pg.Account.Name), v.T("Nothing is deleted, and it can be undone.")
		out.Terminal = osUser("set --disable", pg)
		return out
	},
}

// some says something of a number of things, and nothing of none.
func (v *visit) some(n int, one, many string) []string {
	if n == 0 {
		return nil
	}
	return []string{v.N(n, one, many)}
}

var enableAccount = &act{
	action: "identity:update_user", allowed: manages, do: enabling(true, "user-enabled"),
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Harmless: true, Do: v.T("Enable the account"), Means: append(
			[]string{v.T("It can log in again, with the password and credentials that it had.")}, v.some(len(pg.Places), "It has roles in %d place.", "It has roles in %d places.")...,
		)}
		out.Title, out.Lead = v.F("Enable %s?", pg.Account.Name), v.T("Somebody disabled the account, or it was not used for too long.")
		out.Terminal = osUser("set --enable", pg)
		return out
	},
}

var unlockAccount = &act{
	action: "identity:update_user", allowed: manages, do: enabling(true, "user-unlocked"),
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Harmless: true, Do: v.T("Unlock the account"), Means: []string{
			v.T("The wrong passwords are forgotten and it can log in at once."),
			v.T("If the wrong passwords were not its own, somebody is guessing."),
		}}
		out.Title, out.Lead = v.F("Unlock %s?", pg.Account.Name), v.T("Too many wrong passwords keep it out for a while.")
		out.Terminal = osUser("set --enable", pg)
		return out
	},
}

var suspendAccount = &act{
	action: "identity:update_user", allowed: manages, notSelf: true,
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Reason: true, Tell: v.p.Membership.Mails() && pg.Email(pg.Account.User) != "", Why: v.field("reason"), Until: v.field("until"), Do: v.T("Suspend the account"), Means: []string{
			v.T("All its sessions and tokens end at once, and nobody can log in as it, by no credential."),
			v.T("It keeps its roles, password, factors and credentials, and is what it was when it is restored."),
			v.T("No invitation, new password or directory lets it in meanwhile. Restoring it here does, and nothing else."),
			v.T("Servers and volumes that it made keep running."),
		}}
		out.Title, out.Lead = v.F("Suspend %s?", pg.Account.Name), v.T("For somebody who does harm, or whose account was taken over.")
		out.Terminal = lintelUser("suspend --reason WHY", pg)
		return out
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		wrong := problems{}
		how := directory.Suspending{Reason: v.field("reason"), Until: v.until("until", wrong), Tell: v.field("tell") != ""}
		if len(wrong) > 0 {
			return identity.Invalidf("%s", wrong["until"])
		}
		err := v.p.Directory.Suspend(v.Context(), caller, pg.Account.ID, how)
		if err == nil {
			v.redirect(accountPath(pg) + "?done=user-suspended")
		}
		return err
	},
}

var restoreAccount = &act{
	action: "identity:update_user", allowed: manages, notSelf: true,
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Harmless: true, Do: v.T("Restore the account"), Means: append(
			[]string{v.T("It is what it was before: with its password, factors and credentials, and disabled if it was.")},
			v.some(len(pg.Places), "It has roles in %d place.", "It has roles in %d places.")...,
		)}
		out.Title, out.Lead = v.F("Restore %s?", pg.Account.Name), v.T("What was the reason is settled.")
		out.Terminal = lintelUser("restore", pg)
		return out
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		err := v.p.Directory.Restore(v.Context(), caller, pg.Account.ID)
		if err == nil {
			v.redirect(accountPath(pg) + "?done=user-restored")
		}
		return err
	},
}

var endTokens = &act{
	action: "identity:revoke_tokens_for_user", allowed: func(a directory.Account) bool { return a.End },
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Do: v.T("End all tokens and sessions"), Means: []string{
			v.T("Every browser and program that works as this account is out at its next request."),
			v.T("Its password and application credentials stay good: who has them can log in again."),
		}}
		out.Title, out.Lead = v.F("End all that %s has begun?", pg.Account.Name), v.T("For when a device was lost, or a token may have been seen.")
		out.Terminal = []string{
			"id=$(openstack user show -f value -c id --domain " + word(pg.In.Name) + " " + word(pg.Account.Name) + ")",
			`curl -X DELETE -H "X-Auth-Token: $(openstack token issue -f value -c id)" ` + word(v.p.Endpoint(v.Request)) + `/users/"$id"/tokens`,
		}
		return out
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		if err := v.p.Directory.RevokeTokens(v.Context(), caller, pg.Account.ID); err != nil {
			return err
		}
		v.redirect(accountPath(pg) + "?done=user-ended")
		return nil
	},
}

// passwordShownPage shows a password that was set, once.
type passwordShownPage struct {
	chrome
	Password, Back string
}

var sendReset = &act{
	action: "identity:update_user", allowed: manages, notSelf: true,
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Harmless: true, Do: v.T("Send the link"), Means: []string{
			v.F("The link works once, %s. Nothing changes before it is used; then all sessions and tokens end.", v.lasts(v.p.Membership.ResetLife)),
			v.T("A second factor is asked for as before."),
		}}
		if v.p.Membership.Mails() && pg.Email(pg.Account.User) != "" {
			out.Means = append(out.Means, v.F("It is sent to %s.", pg.Email(pg.Account.User)))
		} else {
			out.Do = v.T("Make the link")
			out.Means = append(out.Means, v.T("It is shown to you once, to be handed over by a way that you trust: no mail can be sent."))
		}
		out.Title, out.Lead = v.F("Let %s set a new password?", pg.Account.Name), v.T("For somebody who forgot the password, or never had one.")
		out.Terminal = lintelUser("send-reset", pg)
		return out
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		secret, err := v.p.Membership.SendReset(v.Context(), caller, pg.Account.ID, v.Lang)
		if err != nil {
			return err
		}
		if secret == "" {
			v.redirect(accountPath(pg) + "?done=link-sent")
			return nil
		}
		return v.showLink(secret, pg.Account.User)
	},
}

// showLink shows a link by which somebody sets a password, once.
func (v *visit) showLink(secret string, u identity.User) error {
	out := &passwordShownPage{Password: v.whole("/reset/" + secret), Back: Prefix + inDomain(u.DomainID) + "/users/" + string(u.ID)}
	out.Section, out.Title = "users", v.F("The link for %s", u.Name)
	out.Lead = v.F("It is shown this once. It works once, %s.", v.lasts(v.p.Membership.ResetLife))
	return v.show(http.StatusOK, "passwordshown", out)
}

var temporaryPassword = &act{
	action: "identity:update_user", allowed: manages, notSelf: true,
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Password: true, Do: v.T("Set the password"), Means: []string{
			v.T("All its sessions and tokens end at once. Application credentials stay."),
			v.T("The password is shown to you once. Hand it over by a way that you trust, and ask for it to be changed at once."),
		}}
		out.Title, out.Lead = v.F("Set a temporary password for %s?", pg.Account.Name), v.T("For somebody who cannot get in any more.")
		out.Terminal = osUser("set --password-prompt", pg)
		return out
	},
	look: func(v *visit, _ identity.Caller, pg *accountPage, out *actPage) (err error) {
		out.Choose, err = v.othersPassword(pg.In.ID)
		return err
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		pw := v.PostForm.Get("password")
		if pw == "" {
			made, err := v.p.Directory.NewPassword(v.Context(), pg.In.ID)
			if err != nil {
				return err
			}
			pw = made
		}
		if _, err := v.p.Directory.UpdateUser(v.Context(), caller, pg.Account.ID, identity.UserUpdate{Password: identity.Some(pw)}); err != nil {
			return err
		}
		out := &passwordShownPage{Password: pw, Back: Prefix + accountPath(pg)}
		out.Section, out.Title = "users", v.F("The password of %s", pg.Account.Name)
		out.Lead = v.T("It is shown this once and cannot be shown again.")
		return v.show(http.StatusOK, "passwordshown", out)
	},
}

var deleteAccount = &act{
	action: "identity:delete_user", allowed: manages, notSelf: true,
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Typed: pg.Account.Name, Do: v.T("Delete the account"), Means: append(v.some(len(pg.Places), "Its roles in %d place are gone.", "Its roles in %d places are gone."),
			v.T("Its application credentials, keys and trusts are gone, and all its sessions and tokens end."),
			v.T("Servers and volumes that it made stay in their projects."),
			v.T("It cannot be brought back: an account of the same name is another account. Disable it instead if you are not sure."),
		)}
		out.Title, out.Lead = v.F("Delete %s?", pg.Account.Name), v.T("The account and all that hangs on it go for good.")
		out.Terminal = osUser("delete", pg)
		return out
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		if err := v.p.Directory.DeleteUser(v.Context(), caller, pg.Account.ID); err != nil {
			return err
		}
		v.redirect(inDomain(pg.In.ID) + "/users?done=user-deleted")
		return nil
	},
}
