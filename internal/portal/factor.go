package portal

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
)

var factorPages = []page{
	{method: get, path: "/security/totp/new", serve: (*visit).startFactor, confirmed: true, enrols: true},
	{method: post, path: "/security/totp/new", serve: (*visit).beginFactor, confirmed: true, enrols: true},
	{method: get, path: "/security/totp/scan", serve: (*visit).scan, confirmed: true, enrols: true},
	{method: post, path: "/security/totp/scan", serve: (*visit).tryCode, confirmed: true, enrols: true},
	{method: post, path: "/security/totp/finish", serve: (*visit).finishFactor, confirmed: true, enrols: true},
	{method: get, path: "/security/totp/remove", serve: (*visit).askRemoveFactor, confirmed: true},
	{method: post, path: "/security/totp/remove", serve: (*visit).removeFactor, confirmed: true},
	{method: get, path: "/security/robots", serve: (*visit).robots, confirmed: true},
	{method: post, path: "/security/robots", serve: (*visit).decideRobots, confirmed: true},
	{method: get, path: "/security/recovery-codes", serve: (*visit).recoveryCodes, renews: true},
	{method: post, path: "/security/recovery-codes", serve: (*visit).newRecoveryCodes, confirmed: true, renews: true},
	{method: post, path: "/security/recovery-codes/saved", serve: (*visit).savedRecoveryCodes, confirmed: true, renews: true},
	{method: post, path: "/security/recovery-codes/file", serve: (*visit).recoveryFile, enrols: true, renews: true},
	{method: get, path: "/factor/{secret}", serve: (*visit).askUndoFactor, open: true},
	{method: post, path: "/factor/{secret}", serve: (*visit).undoFactor, open: true},
	{method: get, path: "/d/{domain}/users/{user}/factor", serve: ask(resetFactor), confirmed: true},
	{method: post, path: "/d/{domain}/users/{user}/factor", serve: do(resetFactor), confirmed: true},
}

// confirmForFactor is confirmFor where a second factor is taken away or replaced.
const confirmForFactor = 5 * time.Minute

// stale tells whether the proof of who is there is too old for that.
func (v *visit) stale() bool { return v.p.Now().Sub(v.session.ConfirmedAt) > confirmForFactor }

// fewCodes is when recovery codes are running out.
const fewCodes = 3

// step is one of those on the way to a second factor.
type step struct {
	Label string
	Here  bool
}

func (v *visit) steps(here int) []step {
	all := []step{{Label: v.T("What changes")}, {Label: v.T("Set it up")}, {Label: v.T("Recovery codes")}}
	all[here].Here = true
	return all
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// consequence is what something means for the reader, counted.
type consequence struct {
	Count     string
	What, Why string
	Show      string // where those counted are listed
}

// factorPage is the first step: what a second factor means for its reader.
type factorPage struct {
	chrome
	Steps  []step
	Factor credential.Factor
	Means  []consequence
	Missed bool   // an attempt took too long, or failed too often
	Closed string // why this is not for the reader
	Demand string // why it must be

	Passkeys bool // can be used here
}

func (v *visit) startFactor() error {
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return err
	}
	if f.On && v.stale() {
		return errConfirm
	}
	pg := &factorPage{Steps: v.steps(0), Factor: f, Missed: v.field("missed") != "", Closed: v.closed(f.Closed)}
	pg.Passkeys = v.p.Auth.Passkeys != nil && v.p.Auth.Passkeys.Serves(v.site())
	pg.Section, pg.Title, pg.Lead = "security", v.T("Turn on a second factor"), v.T("After this, your password alone opens nothing.")
	if f.On && f.Authenticators > 0 {
		pg.Title, pg.Lead = v.T("Replace the authenticator"), v.T("The one you have works until the new one has shown that it does.")
	} else if f.On {
		pg.Title, pg.Lead = v.T("Add an authenticator app"), v.T("Beside your passkeys, and for the command line, which takes none.")
	}
	if pg.Closed != "" {
		return v.show(http.StatusOK, "factor", pg)
	}
	pg.Demand = v.demand(f)
	sessions, err := v.p.Auth.Sessions(v.Context(), v.self())
	if err != nil {
		return err
	}
	if others := len(sessions) - 1; others > 0 {
		pg.Means = append(pg.Means, consequence{fmt.Sprint(others), plural(others, v.T("other session is signed out"), v.T("other sessions are signed out")), v.T("This one stays."), "/portal/security"})
	}
	if f.On {
		pg.Means = append(pg.Means, consequence{"10", v.T("new recovery codes"), v.T("The ones you have end."), ""})
		return v.show(http.StatusOK, "factor", pg)
	}
	waiting, err := v.p.Membership.OwnWaitingGrants(v.Context(), v.self())
	if err != nil {
		return err
	}
	if n := len(waiting); n > 0 {
		pg.Means = append(pg.Means, consequence{fmt.Sprint(n), plural(n, v.T("role that waits for it takes effect"), v.T("roles that wait for it take effect")), v.T("They were granted to you for when a second factor is on."), "/portal"})
	}
	pg.Means = append(pg.Means, consequence{v.T("All"), v.T("API tokens without a second factor end at once"), v.T("Scripts that hold one must log in again."), ""})
	why := v.T("They log in without a code, and are refused while the second factor is on.")
	if v.p.Credential.Decides() {
		why = v.T("They log in without a code. In the last step you say which of them you keep.")
	}
	if n := f.ApplicationCredentials; n > 0 {
		pg.Means = append(pg.Means, consequence{fmt.Sprint(n), plural(n, v.T("application credential stops working"), v.T("application credentials stop working")), why, "/portal/credentials"})
	}
	if n := f.AccessTokens; n > 0 {
		pg.Means = append(pg.Means, consequence{fmt.Sprint(n), plural(n, v.T("OAuth access token stops working"), v.T("OAuth access tokens stop working")), v.T("For the same reason."), ""})
	}
	if v.p.Credential.Decides() {
		if n := f.Keys; n > 0 {
			pg.Means = append(pg.Means, consequence{fmt.Sprint(n), plural(n, v.T("S3 key stops working"), v.T("S3 keys stop working")), why, "/portal/credentials"})
		}
		if n := f.Trusts; n > 0 {
			pg.Means = append(pg.Means, consequence{fmt.Sprint(n), plural(n, v.T("trust that you gave stops working"), v.T("trusts that you gave stop working")), why, ""})
		}
	} else {
		pg.Means = append(pg.Means, v.unasked(f)...)
	}
	pg.Terminal = []string{
		"# " + v.T("what your administrator would type"),
		"openstack credential create --type totp " + word(v.User().Name) + " SEED",
		"openstack user set --multi-factor-auth-rule password,totp --enable-multi-factor-auth " + word(v.User().Name),
	}
	return v.show(http.StatusOK, "factor", pg)
}

// demand says what is asked of the reader about a second factor that they do not have; empty for nothing.
func (v *visit) demand(f credential.Factor) string {
	switch {
	case f.On || f.Closed != credential.Open:
		return ""
	case f.Reset:
		return v.T("Your second factor was reset. Set up another: before that nothing else is open.")
	case f.Asked.Required() && v.caller.MustEnrol:
		return v.T("A second factor is required here. Set one up: before that nothing else is open, and you get no tokens.")
	case f.Asked.Required():
		return v.F("From %s on a second factor is required. Whoever has none then can do nothing but set one up.", v.day(f.Asked.From))
	case f.Asked.Level == identity.FactorEncouraged:
		return v.T("Whoever runs this place asks you to turn on a second factor.")
	}
	return ""
}

// unasked counts what logs in for the reader and is never asked for a second factor.
func (v *visit) unasked(f credential.Factor) (all []consequence) {
	if n := f.Keys; n > 0 {
		all = append(all, consequence{fmt.Sprint(n), plural(n, v.T("S3 key does not ask for a second factor"), v.T("S3 keys do not ask for a second factor")),
			v.goOn(f), "/portal/credentials"})
	}
	if n := f.Trusts; n > 0 {
		all = append(all, consequence{fmt.Sprint(n), plural(n, v.T("trust that you gave does not ask for one"), v.T("trusts that you gave do not ask for one")),
			v.T("Whoever you trust proves who they are, not you."), ""})
	}
	return all
}

// goOn says what becomes of what is not asked for a second factor.
func (v *visit) goOn(f credential.Factor) string {
	switch {
	case f.Own && v.p.Credential.Decides():
		return v.T("They work if they were made with the second factor, or you keep them.")
	case !f.On && v.p.Credential.Decides():
		return v.T("They log in by themselves. With a second factor you say which of them you keep.")
	}
	return v.T("They go on working. Delete those that nothing needs.")
}

// closed says why somebody cannot set a second factor up.
func (v *visit) closed(why credential.Closed) string {
	switch why {
	case credential.NoPasscodes:
		return v.T("This cloud does not take one-time codes. Ask whoever runs it to allow the method totp.")
	case credential.ProvidedLogin:
		return v.T("Your organisation’s own sign-in lets you in. A second factor is set up there.")
	case credential.AdministerRule:
		return v.T("An administrator has set the rules by which you sign in. This page does not change them; ask them to.")
	}
	return ""
}

func (v *visit) beginFactor() error {
	_, err := v.p.Credential.BeginFactor(v.Context(), v.self(), v.field("anew") != "")
	if err != nil {
		return err
	}
	v.redirect("/security/totp/scan")
	return nil
}

// scanPage is the second step: the seed, as a picture and in words, and a code to show that it arrived.
type scanPage struct {
	chrome
	Steps        []step
	ID           string
	URI, Secret  string
	Size, Pixels int    // of the picture, in squares and on the screen
	Path         string // of the picture's dark parts
	Until        time.Time
	Off          bool // the clock of the phone, so that two codes in a row are asked for
}

// scanPage is nil when there is nothing to scan, and the browser is sent where that begins.
func (v *visit) scanPage() (*scanPage, error) {
	e, err := v.p.Credential.Enrolment(v.Context(), v.self())
	if errors.Is(err, identity.NotFound) {
		v.redirect("/security/totp/new")
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	pg := &scanPage{Steps: v.steps(1), ID: e.ID, Until: e.Until, Secret: spaced(e.Secret)}
	pg.URI = credential.AuthenticatorURI(v.p.Name, v.User().Name+"@"+v.Domain().Name, e.Secret)
	picture, err := qr.Encode(pg.URI, qr.M)
	if err != nil {
		return nil, err
	}
	pg.Size, pg.Path = picture.Size+8, outline(picture)
	pg.Pixels = 5 * pg.Size
	pg.Section, pg.Title = "security", v.T("Scan and confirm")
	pg.Lead = v.T("Open your authenticator app, add an account, and point it at the picture.")
	return pg, nil
}

// outline draws the dark parts of a picture, row by row, in a frame of four.
func outline(c *qr.Code) string {
	var b strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+4, y+4, n, n)
			}
		}
	}
	return b.String()
}

// spaced is a secret in groups of four.
func spaced(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (v *visit) scan() error {
	pg, err := v.scanPage()
	if pg == nil {
		return err
	}
	return v.show(http.StatusOK, "scan", pg)
}

func (v *visit) tryCode() error {
	codes, err := v.p.Credential.ProveFactor(v.Context(), v.self(), v.field("id"), digits(v.PostForm.Get("code")), digits(v.PostForm.Get("then")))
	wrong, isWrong := errors.AsType[*credential.WrongCodeError](err)
	switch {
	case isWrong && wrong.Tries == 0:
		v.redirect("/security/totp/new?missed=1")
		return nil
	case isWrong, errors.Is(err, credential.ErrOtherSeed):
		pg, other := v.scanPage()
		if pg == nil {
			return other
		}
		pg.Fields = problems{"code": v.T("A newer secret was made in another window. Scan this one.")}
		if isWrong {
			pg.Fields["code"] = v.wrongCode(wrong)
			pg.Off = wrong.Ahead != 0 || v.PostForm.Get("then") != ""
		}
		return v.show(http.StatusUnprocessableEntity, "scan", pg)
	case errors.Is(err, identity.NotFound):
		v.redirect("/security/totp/new?missed=1")
		return nil
	case err != nil:
		return err
	}
	return v.showCodes(http.StatusOK, &codesPage{Steps: v.steps(2), ID: v.field("id"), Codes: codes})
}

// wrongCode says what may be wrong with a code.
func (v *visit) wrongCode(e *credential.WrongCodeError) string {
	left := v.N(e.Tries, "%d try is left.", "%d tries are left.")
	switch off := int(e.Ahead.Abs() / time.Second); {
	case e.Ahead > 0:
		return v.F("The clock of your phone is about %d seconds ahead. Set it to automatic time, or leave it and enter two codes, one after the other.", off) + " " + left
	case e.Ahead < 0:
		return v.F("The clock of your phone is about %d seconds behind. Set it to automatic time, or leave it and enter two codes, one after the other.", off) + " " + left
	}
	return v.T("Not accepted. Enter the six digits that the app shows now for this account; they change every 30 seconds.") + " " + left
}

// codesPage shows recovery codes, this once.
type codesPage struct {
	chrome
	Steps []step
	ID    string // of what they are to finish; empty when they count already
	Codes []string

	Robots []robotRow // to decide on
}

// robotRow is something that logs in for the reader without their second factor, with what they want to do with it.
type robotRow struct {
	identity.Robot
	Key, What  string
	Do, Reason string
	Works      bool   // in any case: it is not asked for the factor
	Renew      string // the page that makes one like it with the factor that is on; empty for none
}

// robotRows are those of the reader, with what the form says of each.
func (v *visit) robotRows() (rows []robotRow, err error) {
	all, err := v.p.Credential.Robots(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	access := map[string]string{}
	if slices.ContainsFunc(all, func(r identity.Robot) bool { return r.Kind == "credential" }) {
		keys, err := v.p.Credential.EC2Keys(v.Context(), v.self(), v.User().ID)
		if err != nil && !errors.Is(err, identity.Forbidden) {
			return nil, err
		}
		for _, k := range keys {
			access[string(k.ID)] = k.Access
		}
	}
	for _, r := range all {
		row := robotRow{Robot: r, Key: credential.RobotKey(r), Works: v.p.Credential.Warns(), Do: v.PostForm.Get("do " + credential.RobotKey(r)), Reason: v.PostForm.Get("why " + credential.RobotKey(r))}
		if _, said := v.PostForm["do "+row.Key]; !said && r.Stand != identity.RobotSuspended {
			row.Do, row.Reason = credential.KeepRobot, r.Reason
		}
		switch r.Kind {
		case "credential":
			row.What = strings.TrimSpace(v.robotKind(r) + " " + access[r.ID])
		case "OS-TRUST:trust":
			row.What = v.T("Trust that you gave")
		default:
			row.What = v.robotKind(r)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// robotKind says what it is that logs in.
func (v *visit) robotKind(r identity.Robot) string {
	switch r.Kind {
	case "application_credential":
		return v.F("Application credential %s", r.Name)
	case "credential":
		return v.T("S3 or EC2 key")
	case "OS-TRUST:trust":
		return v.T("Trust")
	}
	return v.T("OAuth access token")
}

// decisions are what the form says of each robot.
func decisions(rows []robotRow) map[string]credential.Decision {
	all := map[string]credential.Decision{}
	for _, r := range rows {
		all[r.Key] = credential.Decision{Do: r.Do, Reason: r.Reason}
	}
	return all
}

// robotsPage lists what logs in without the reader's second factor, to decide on it.
type robotsPage struct {
	chrome
	Robots []robotRow
	On     bool // the factor
}

func (v *visit) robotsPage() (*robotsPage, error) {
	if !v.p.Credential.Decides() && !v.p.Credential.Warns() {
		return nil, identity.Missing("page", "")
	}
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	pg := &robotsPage{On: f.Own}
	if pg.Robots, err = v.robotRows(); err != nil {
		return nil, err
	}
	for i, r := range pg.Robots {
		if pg.On && r.Kind == "application_credential" && r.Stand == identity.RobotSuspended {
			pg.Robots[i].Renew = Prefix + "/credentials/" + r.ID + "/rotate"
		}
	}
	pg.Section, pg.Title = "security", v.T("What logs in without you")
	pg.Lead = v.T("Programs show no second factor. What you made with it works; the rest works if you keep it.")
	if v.p.Credential.Warns() {
		pg.Lead = v.T("These are never asked for a second factor. Delete those that nothing needs.")
	}
	return pg, nil
}

func (v *visit) robots() error {
	pg, err := v.robotsPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "robots", pg)
}

func (v *visit) decideRobots() error {
	pg, err := v.robotsPage()
	if err != nil {
		return err
	}
	if err := v.p.Credential.Decide(v.Context(), v.self(), decisions(pg.Robots)); err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "robots", pg) })
	}
	v.redirect("/security/robots?done=saved")
	return nil
}

func (v *visit) showCodes(status int, pg *codesPage) error {
	pg.Section, pg.Title = "security", v.T("Recovery codes")
	pg.Lead = v.T("Each lets you in once without your phone. They are shown this once: keep them somewhere else than on the phone.")
	if pg.ID != "" && pg.Robots == nil {
		f, err := v.p.Credential.Factor(v.Context(), v.self())
		if err == nil && !f.On {
			pg.Robots, err = v.robotRows()
		}
		if err != nil {
			return err
		}
	}
	return v.show(status, "codes", pg)
}

// finishFactor turns the factor on when one of the recovery codes was typed back.
func (v *visit) finishFactor() error {
	rows, err := v.robotRows()
	if err != nil {
		return err
	}
	key, err := v.p.Auth.EnableFactor(v.Context(), v.key, v.self(), v.field("id"), v.PostForm.Get("typed"), decisions(rows))
	switch e, ok := errors.AsType[*identity.Error](err); {
	case ok && e.Kind == identity.BadRequest:
		pg := &codesPage{Steps: v.steps(2), ID: v.field("id"), Codes: v.PostForm["codes"]}
		pg.Problem = v.T("Say why you keep it, in at most 255 characters.")
		if errors.Is(err, credential.ErrUndecided) {
			pg.Problem = v.T("Say of each key and trust whether you keep it.")
		}
		return v.showCodes(http.StatusUnprocessableEntity, pg)
	case errors.Is(err, identity.Conflict):
		pg := &codesPage{Steps: v.steps(2), ID: v.field("id"), Codes: v.PostForm["codes"]}
		pg.Fields = problems{"typed": v.T("That is none of these codes. Type one of them as it stands there.")}
		return v.showCodes(http.StatusUnprocessableEntity, pg)
	case errors.Is(err, credential.ErrOtherSeed), errors.Is(err, identity.NotFound):
		v.redirect("/security/totp/new?missed=1")
		return nil
	case err != nil:
		return err
	}
	v.setCookie(sessionCookie, key, 0)
	v.redirect("/security?done=factor")
	return nil
}

// removePage takes the second factor away.
type removePage struct {
	chrome
	Recovery bool // with a recovery code
	Codes    bool // with one of an authenticator
	Passkey  *asked
}

func (v *visit) removePage() (pg *removePage, err error) {
	if err := v.p.Credential.MayRemoveFactor(v.Context(), v.self()); err != nil {
		return nil, err
	}
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	pg = &removePage{Recovery: v.field("way") == "recovery", Codes: f.Authenticators > 0}
	pg.Section, pg.Title = "security", v.T("Turn the second factor off")
	pg.Lead = v.T("After this your password alone lets anybody in who knows it. It takes one more code.")
	if !pg.Recovery {
		pg.Passkey, err = v.askPasskey(v.User().ID, true, asked{Action: "/portal/security/totp/remove", Label: v.T("Turn it off with a passkey"), Main: !pg.Codes})
	}
	pg.Codes = pg.Codes || pg.Passkey == nil
	return pg, err
}

func (v *visit) askRemoveFactor() error {
	if v.stale() {
		return errConfirm
	}
	pg, err := v.removePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "removefactor", pg)
}

func (v *visit) removeFactor() error {
	if v.stale() {
		return errConfirm
	}
	pg, err := v.removePage()
	if err != nil {
		return err
	}
	err = v.p.Auth.DisableFactor(v.Context(), v.self(), v.codeProof(v.User().ID))
	if errors.Is(err, identity.TooManyRequests) {
		return v.tooMany(err, &pg.chrome, func(status int) error { return v.show(status, "removefactor", pg) })
	}
	if errors.Is(err, identity.Unauthorized) {
		pg.Fields = problems{"code": v.whyWrong(err, v.T("Not accepted. Each code works once: wait for the next one."))}
		if v.PostForm.Get("answer") != "" {
			pg.Fields, pg.Problem = nil, v.T("That did not work. Try again, or use another way.")
		}
		return v.show(http.StatusUnprocessableEntity, "removefactor", pg)
	} else if err != nil {
		return err
	}
	v.redirect("/security?done=factor-off")
	return nil
}

// undoPage asks whoever holds the link of a mail whether a second factor was switched off by somebody else. Looking at it changes
// nothing, since mail scanners look.
func (v *visit) undoPage() (*provePage, error) {
	pg := new(provePage)
	pg.Bare = true
	f, err := v.p.Membership.LookFactor(v.Context(), v.PathValue("secret"))
	err = v.wrongLink(err)
	switch {
	case errors.Is(err, identity.Gone), errors.Is(err, identity.NotFound):
		pg.Title, pg.Lead = v.T("This link does not work any more"), v.T("It was used, is older than a day, or somebody has seen to the account since. If something is wrong with it, ask an administrator.")
		return pg, nil
	case err != nil:
		return nil, err
	case f.Do == credential.UndoClose:
		pg.Title, pg.Do = v.T("Was it not you?"), v.T("It was not me: close the account")
		pg.Lead = v.F("Another second factor has been set up for the account %s since. So the account is suspended until an administrator knows who you are. All its sessions and tokens end, and administrators are told.", f.User.Name)
	default:
		pg.Title, pg.Do = v.T("Was it not you?"), v.T("It was not me: undo it")
		pg.Lead = v.F("The second factor of the account %s is turned on again as it was. All its sessions and tokens end, application credentials, keys and trusts that were made since are deleted, and administrators are told. Then you choose a new password.", f.User.Name)
	}
	return pg, nil
}

func (v *visit) askUndoFactor() error {
	pg, err := v.undoPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "prove", pg)
}

func (v *visit) undoFactor() error {
	pg, err := v.undoPage()
	if err != nil {
		return err
	}
	if pg.Do == "" {
		return v.show(http.StatusUnprocessableEntity, "prove", pg)
	}
	reset, err := v.p.Membership.UndoFactorOff(v.Context(), v.PathValue("secret"))
	if err != nil {
		return v.refuse(err, &pg.chrome, func(status int) error { return v.show(status, "prove", pg) })
	}
	if reset != "" {
		v.redirect("/reset/" + reset)
		return nil
	}
	pg.Do, pg.Title, pg.Lead = "", v.T("Thank you"), v.T("All sessions and tokens have ended, and administrators were told. Ask one of them for what comes next.")
	return v.show(http.StatusOK, "prove", pg)
}

// leftPage tells how many recovery codes are left, and makes new ones.
type leftPage struct {
	chrome
	Left, Few int
	Next      string
}

func (v *visit) recoveryCodes() error {
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return err
	}
	if f.Since.IsZero() {
		return identity.Missing("factor", v.User().ID)
	}
	pg := &leftPage{Left: f.RecoveryCodes, Few: fewCodes, Next: local(v.field("next"))}
	pg.Section, pg.Title = "security", v.T("New recovery codes")
	pg.Lead = v.T("Each lets you in once without your phone. New ones end those you have.")
	if v.field("used") != "" {
		pg.Notice = v.T("You signed in with a recovery code. It will not work again.")
	}
	return v.show(http.StatusOK, "recoverycodes", pg)
}

func (v *visit) newRecoveryCodes() error {
	codes, err := v.p.Credential.NewRecoveryCodes(v.Context(), v.self())
	if err != nil {
		return err
	}
	return v.showCodes(http.StatusOK, &codesPage{Codes: codes})
}

// savedRecoveryCodes goes on when one of the new recovery codes, without which the reader may do nothing else, was typed back.
func (v *visit) savedRecoveryCodes() error {
	err := v.p.Credential.SaveRecoveryCodes(v.Context(), v.self(), v.PostForm.Get("typed"))
	if errors.Is(err, identity.Conflict) {
		pg := &codesPage{Codes: v.PostForm["codes"]}
		pg.Fields = problems{"typed": v.T("That is none of these codes. Type one of them as it stands there.")}
		return v.showCodes(http.StatusUnprocessableEntity, pg)
	} else if err != nil {
		return err
	}
	v.redirect("?done=codes-saved")
	return nil
}

// recoveryFile gives back, as a file, the codes that the page which shows them has sent.
func (v *visit) recoveryFile() error {
	codes := v.PostForm["codes"]
	return v.download("recovery-codes.txt", v.F("Recovery codes of %s at %s", v.User().Name, v.p.Name)+"\n\n"+strings.Join(codes, "\n")+"\n")
}

// afterRecovery is where somebody goes who signed in with a recovery code.
func afterRecovery(next string) string {
	return Prefix + "/security/recovery-codes?" + url.Values{"used": {"1"}, "next": {next}}.Encode()
}

// factorMeans says what it means that somebody's second factor is reset.
func (v *visit) factorMeans() []string {
	return []string{
		v.T("Their authenticator, passkeys and recovery codes stop working."),
		v.T("All its sessions and tokens end at once. The password stays, and lets them in to set up another factor: before that nothing else is open."),
		v.T("Make sure that it is they who ask: whoever has the password can set up a factor of their own after this."),
	}
}

// resetDone is what is said when a second factor was reset, or waits for that.
func resetDone(waits *credential.FactorReset) string {
	if waits != nil {
		return "factor-asked"
	}
	return "factor-reset"
}

// byTwo says on the page that asks about a reset that it takes two, where it does, and who has asked for it already.
func (v *visit) byTwo(caller identity.Caller, user identity.UserID, out *actPage) error {
	two, waits, err := v.p.Credential.ResetPlan(v.Context(), caller, user)
	if err != nil || !two {
		return err
	}
	say := v.T("They hold a role of high impact, so it takes two: nothing happens before another helper does the same, within a day.")
	switch {
	case waits == nil:
		out.Do = v.T("Ask for the reset")
	case waits.AskerID == v.User().ID:
		say = v.T("You have asked for this. Another helper must agree before anything happens.")
	default:
		out.Do, say = v.T("Agree and reset it"), v.F("%s has asked for this on %s. You agree, and it is done.", waits.Asker, v.day(waits.AskedAt))
	}
	out.Means = append([]string{say}, out.Means...)
	return nil
}

// resetFactor helps somebody who has lost their second factor and their recovery codes.
var resetFactor = &act{
	action: "identity:update_user", allowed: manages, notSelf: true,
	look: func(v *visit, caller identity.Caller, pg *accountPage, out *actPage) error {
		return v.byTwo(caller, pg.Account.ID, out)
	},
	page: func(v *visit, pg *accountPage) *actPage {
		out := &actPage{Do: v.T("Reset the second factor"), Means: v.factorMeans()}
		out.Title, out.Lead = v.F("Reset the second factor of %s?", pg.Account.Name), v.T("For somebody who has lost their phone and their recovery codes.")
		out.Terminal = lintelUser("reset-mfa", pg)
		return out
	},
	do: func(v *visit, caller identity.Caller, pg *accountPage) error {
		waits, err := v.p.Credential.ResetFactor(v.Context(), caller, pg.Account.ID)
		if err != nil {
			return err
		}
		v.redirect(accountPath(pg) + "?done=" + resetDone(waits))
		return nil
	},
}
