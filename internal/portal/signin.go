package portal

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

var signInPages = []page{
	{method: get, path: "/login", serve: (*visit).signIn, open: true},
	{method: post, path: "/login", serve: (*visit).trySignIn, open: true},
	{method: get, path: "/login/password", serve: (*visit).expired, open: true},
	{method: post, path: "/login/password", serve: (*visit).changeExpired, open: true},
	{method: get, path: "/login/verify", serve: (*visit).verify, open: true},
	{method: post, path: "/login/verify", serve: (*visit).tryVerify, open: true},
	{method: get, path: "/confirm", serve: (*visit).confirm, enrols: true, renews: true},
	{method: post, path: "/confirm", serve: (*visit).tryConfirm, enrols: true, renews: true},
	{method: post, path: "/logout", serve: (*visit).signOut, open: true},
	{method: get, path: "/signed-out", serve: (*visit).signedOut, open: true},
}

// signInPage asks who somebody is.
type signInPage struct {
	chrome
	Name, DomainName, Next string
	Passkey                *asked
}

func (v *visit) signInPage() (pg *signInPage, err error) {
	pg = &signInPage{Name: v.field("name"), DomainName: v.field("domain"), Next: local(v.field("next"))}
	pg.Title, pg.Bare = v.T("Sign in"), true
	pg.Passkey, err = v.askPasskey("", true, asked{Action: "/portal/login/passkey", Label: v.T("Sign in with a passkey"), Hidden: map[string]string{"next": pg.Next}})
	return pg, err
}

func (v *visit) signIn() error {
	if v.SignedIn() {
		v.w.Header().Set("Location", local(v.field("next")))
		v.w.WriteHeader(http.StatusSeeOther)
		return nil
	}
	pg, err := v.signInPage()
	if err != nil {
		return err
	}
	if v.field("late") != "" {
		pg.Lead = v.T("That took too long. Begin again with the password.")
	}
	if v.field("ended") != "" {
		pg.Lead = v.T("Your session has ended. Sign in to go on where you were.")
	}
	return v.show(http.StatusOK, "signin", pg)
}

// trySignIn begins a session. Whoever cannot sign in gets one sentence; only who knows the right password learns more.
func (v *visit) trySignIn() error {
	pg, err := v.signInPage()
	if err != nil {
		return err
	}
	key, in, err := v.byPassword(pg.Name, pg.DomainName)
	var receipt *auth.ReceiptError
	var expired *directory.ExpiredError
	switch {
	case err == nil:
		return v.begin(key, in, pg.Next)
	case errors.As(err, &expired):
		v.redirect("/login/password?" + url.Values{"name": {expired.User.Name}, "domain": {expired.Domain.Name}, "next": {pg.Next}}.Encode())
		return nil
	case errors.As(err, &receipt):
		return v.askMore(receipt, pg.Next)
	case errors.Is(err, auth.ErrAPIOnly):
		pg.Problem = v.T("This is an API user. It works with the API and the command line, and cannot sign in to the portal.")
		return v.show(http.StatusForbidden, "signin", pg)
	case errors.Is(err, identity.TooManyRequests):
		return v.tooMany(err, &pg.chrome, func(status int) error { return v.show(status, "signin", pg) })
	case errors.Is(err, identity.Unauthorized), errors.Is(err, identity.BadRequest):
		pg.Problem = v.T("That did not work. Check the name and the password. After many failed tries, try again later or set a new password.")
		return v.show(http.StatusUnprocessableEntity, "signin", pg)
	}
	return err
}

// byPassword signs in by what the form says.
func (v *visit) byPassword(name, domain string) (key string, in identity.Session, err error) {
	who, err := v.p.Directory.Called(v.Context(), name, domain)
	if err != nil {
		return "", in, err
	}
	return v.p.Auth.SignIn(v.Context(), auth.Request{
		Methods:  []string{"password"},
		Evidence: map[string]auth.Method{"password": &auth.Password{User: &who, Password: v.PostForm.Get("password")}},
	}, v.device())
}

// begin hands the browser the key of a new session.
func (v *visit) begin(key string, in identity.Session, next string) error {
	if v.key != "" { // somebody was signed in here
		if err := v.p.Auth.SignOut(v.Context(), v.key); err != nil {
			return err
		}
	}
	likes, err := v.p.Membership.Likes(v.Context(), in.UserID)
	if err != nil {
		return err
	}
	if likes.Theme != "" || likes.Language != "" || likes.Zone != "" {
		v.dress(likes)
	}
	v.setCookie(sessionCookie, key, 0)
	v.forget(guestCookie)
	v.w.Header().Set("Location", next)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// expiredPage lets somebody whose password has expired set another.
type expiredPage struct {
	chrome
	Name, DomainName, Next string
	Choose                 passwordForm
}

func (v *visit) expiredPage() (pg *expiredPage, err error) {
	pg = &expiredPage{Name: v.field("name"), DomainName: v.field("domain"), Next: local(v.field("next"))}
	pg.Title, pg.Lead, pg.Bare = v.T("Choose a new password"), v.T("The one you have was right, and has expired."), true
	pg.Choose, err = v.passwordForm(v.domainOf(pg.DomainName), true)
	return pg, err
}

func (v *visit) expired() error {
	pg, err := v.expiredPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "expired", pg)
}

func (v *visit) changeExpired() error {
	pg, err := v.expiredPage()
	if err != nil {
		return err
	}
	_, _, err = v.byPassword(pg.Name, pg.DomainName)
	var old *directory.ExpiredError
	switch {
	case errors.As(err, &old):
		err = v.newPassword(old.User.ID, &pg.chrome)
	case err == nil, errors.Is(err, identity.Unauthorized), errors.Is(err, identity.BadRequest):
		pg.Fields = problems{"password": v.T("That is not your present password.")}
	}
	switch {
	case len(pg.Fields) > 0:
		return v.show(http.StatusUnprocessableEntity, "expired", pg)
	case err != nil:
		return err
	}
	v.PostForm.Set("password", v.PostForm.Get("new"))
	key, in, err := v.byPassword(pg.Name, pg.DomainName)
	if receipt, ok := errors.AsType[*auth.ReceiptError](err); ok {
		return v.askMore(receipt, pg.Next)
	} else if err != nil {
		return err
	}
	return v.begin(key, in, pg.Next)
}

// askMore goes on with a login that needs more methods than were proved.
func (v *visit) askMore(receipt *auth.ReceiptError, next string) error {
	v.setCookie(receiptCookie, receipt.Receipt, receipt.ExpiresAt.Sub(v.p.Now()))
	v.redirect("/login/verify?" + url.Values{"name": {receipt.User.Name}, "domain": {receipt.Domain.Name}, "next": {next}}.Encode())
	return nil
}

// verifyPage asks for a one-time code after the password, for a passkey, or for a recovery code.
type verifyPage struct {
	chrome
	Name, DomainName, Next string
	Recovery               bool
	Clock                  bool   // of the phone is off, so that two codes in a row are asked for
	Codes                  bool   // there is an authenticator that shows some
	Passkey                *asked // nil when there is none, or it asks for a recovery code
	Ways                   []link // what else there is to go on with
}

// verifyPage is nil when there is nothing to go on with, and the browser is sent to start over.
func (v *visit) verifyPage() (*verifyPage, identity.User, error) {
	var u identity.User
	var codes bool
	c, err := v.Cookie(receiptCookie)
	if err == nil {
		u, codes, err = v.p.Auth.Awaited(v.Context(), c.Value)
	}
	if errors.Is(err, http.ErrNoCookie) || errors.Is(err, identity.Unauthorized) {
		v.forget(receiptCookie)
		v.redirect("/login?" + url.Values{"late": {"1"}, "name": {v.field("name")}, "domain": {v.field("domain")}, "next": {local(v.field("next"))}}.Encode())
		return nil, u, nil
	} else if err != nil {
		return nil, u, err
	}
	pg := &verifyPage{Name: u.Name, DomainName: v.field("domain"), Next: local(v.field("next")), Recovery: v.field("way") == "recovery", Clock: v.field("way") == "clock", Codes: codes}
	way := func(name string) string {
		q := url.Values{"name": {pg.Name}, "domain": {pg.DomainName}, "next": {pg.Next}}
		if name != "" {
			q.Set("way", name)
		}
		return Prefix + "/login/verify?" + q.Encode()
	}
	who := u.Name
	if pg.DomainName != "" {
		who = v.F("%s in %s", u.Name, pg.DomainName)
	}
	pg.Title, pg.Bare = v.T("Enter the code"), true
	pg.Lead = v.F("The password of %s was right. Now the six digits that your authenticator app shows.", who)
	passkey, err := v.askPasskey(u.ID, false, asked{
		Action: "/portal/login/verify", Main: !codes, Hidden: map[string]string{"name": pg.Name, "domain": pg.DomainName, "next": pg.Next},
	})
	if err != nil {
		return nil, u, err
	}
	first := v.T("Use the authenticator app")
	switch {
	case passkey != nil && codes:
		first = v.T("Use the authenticator app or a passkey")
	case passkey != nil:
		first = v.T("Use a passkey")
	}
	switch {
	case pg.Recovery:
		pg.Title = v.T("Enter a recovery code")
		pg.Lead = v.F("The password of %s was right. Now one of the codes that you wrote down. It works once.", who)
	case pg.Clock:
		pg.Lead, pg.Codes = v.F("The password of %s was right. Now two codes of your authenticator app, one after the other, so that its clock is known.", who), true
	default:
		if pg.Passkey = passkey; passkey == nil {
			pg.Codes = true
		} else if !codes {
			pg.Title, pg.Lead = v.T("Use your passkey"), v.F("The password of %s was right. Now your passkey.", who)
		}
	}
	if pg.Recovery || pg.Clock {
		pg.Ways = append(pg.Ways, link{first, way("")})
	}
	if !pg.Recovery {
		pg.Ways = append(pg.Ways, link{v.T("Use a recovery code"), way("recovery")})
	}
	if codes && !pg.Clock {
		pg.Ways = append(pg.Ways, link{v.T("The clock of my phone is off"), way("clock")})
	}
	pg.Ways = append(pg.Ways, link{v.T("Start over"), Prefix + "/login"})
	return pg, u, nil
}

func (v *visit) verify() error {
	pg, _, err := v.verifyPage()
	if pg == nil {
		return err
	}
	return v.show(http.StatusOK, "verify", pg)
}

// tryVerify finishes a sign-in, or a proof of who is there, with a code.
func (v *visit) tryVerify() error {
	pg, u, err := v.verifyPage()
	if pg == nil {
		return err
	}
	c, _ := v.Cookie(receiptCookie)
	method := "totp"
	if v.PostForm.Get("answer") != "" {
		method = "webauthn"
	}
	proof := auth.Request{Methods: []string{method}, Evidence: map[string]auth.Method{method: v.codeProof(u.ID)}, Receipt: c.Value}
	var key string
	var in identity.Session
	if v.key != "" {
		key, _, err = v.p.Auth.Confirm(v.Context(), v.key, proof, v.device())
	} else {
		key, in, err = v.p.Auth.SignIn(v.Context(), proof, v.device())
	}
	switch {
	case errors.Is(err, identity.TooManyRequests):
		return v.tooMany(err, &pg.chrome, func(status int) error { return v.show(status, "verify", pg) })
	case method == "webauthn" && errors.Is(err, identity.Unauthorized):
		pg.Problem = v.T("That did not work. Try again, or use another way.")
		return v.show(http.StatusUnprocessableEntity, "verify", pg)
	case pg.Recovery && errors.Is(err, identity.Unauthorized):
		pg.Fields = problems{"code": v.whyWrong(err, v.T("Not accepted. Each recovery code works once."))}
		return v.show(http.StatusUnprocessableEntity, "verify", pg)
	case errors.Is(err, identity.Unauthorized), errors.Is(err, identity.BadRequest):
		pg.Fields = problems{"code": v.whyWrong(err, v.T("Not accepted. Codes change every 30 seconds and work once: wait for the next, and check your phone’s clock."))}
		return v.show(http.StatusUnprocessableEntity, "verify", pg)
	case err != nil:
		return err
	}
	v.forget(receiptCookie)
	if pg.Recovery {
		pg.Next = afterRecovery(pg.Next)
	}
	if v.key == "" {
		return v.begin(key, in, pg.Next)
	}
	v.setCookie(sessionCookie, key, 0)
	v.w.Header().Set("Location", pg.Next)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// whyWrong says what may be wrong with a code, and how many tries are left.
func (v *visit) whyWrong(err error, say string) string {
	wrong, is := errors.AsType[*directory.WrongCodeError](err)
	if !is {
		return say
	}
	if wrong.Used {
		say = v.T("That code was already used. Wait for the next one.")
	}
	return say + " " + v.N(wrong.Left, "%d try is left.", "%d tries are left.")
}

// digits are those of a code, however it was typed: with spaces, or in the wide form of Asian keyboards.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9':
			return r
		case '０' <= r && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, code)
}

// newPassword changes a password by a form with the fields password, new and again. What is wrong with them it says on
// the page.
func (v *visit) newPassword(user identity.UserID, on *chrome) error {
	old, pw := v.PostForm.Get("password"), v.PostForm.Get("new")
	switch {
	case pw == "":
		on.Fields = problems{"new": v.T("Enter a new password.")}
		return nil
	case pw != v.PostForm.Get("again"):
		on.Fields = problems{"again": v.T("The two new passwords are not the same.")}
		return nil
	}
	err := v.p.Directory.ChangePassword(v.Context(), v.caller, user, old, pw)
	switch e, ok := errors.AsType[*identity.Error](err); {
	case !ok:
	case e.Kind == identity.Unauthorized:
		on.Fields = problems{"password": v.T("That is not your present password.")}
		return nil
	case e.Kind == identity.BadRequest, e.Kind == identity.Forbidden:
		on.Fields = problems{"new": v.said(e)}
		return nil
	}
	return err
}

// passwordForm is what a page says beside the field of a new password.
type passwordForm struct {
	Label, Again string // of the fields
	Rules        string // what it must be like
	Least        int    // characters
	Made         string // one to take
	Into         string // the fields that take it
}

// passwordForm is for users of a domain who had passwords before, or had none.
func (v *visit) passwordForm(domain directory.DomainRef, had bool) (out passwordForm, err error) {
	r, err := v.p.Directory.PasswordRules(v.Context(), domain)
	if err != nil {
		return out, err
	}
	var say []string
	if r.Length > 0 {
		say = append(say, v.N(r.Length, "At least %d character.", "At least %d characters."))
	}
	if r.Kinds > 1 {
		say = append(say, v.F("%d of these: lower case, upper case, digits, other characters.", r.Kinds))
	}
	if r.Description != "" {
		say = append(say, r.Description)
	}
	switch {
	case !had || r.Apart == 0:
	case r.Apart == 1:
		say = append(say, v.T("Not the one before it."))
	default:
		say = append(say, v.F("None of the last %d.", r.Apart))
	}
	return passwordForm{v.T("New password"), v.T("New password, again"), strings.Join(say, " "), r.Length, r.Made, "new again"}, nil
}

// othersPassword is for the one field of a page that sets the password of somebody else, who is not asked to differ from those before.
func (v *visit) othersPassword(domain identity.DomainID) (passwordForm, error) {
	out, err := v.passwordForm(directory.DomainRef{ID: domain}, false)
	out.Into = "password"
	return out, err
}

// domainOf is the domain that a form names; without a name it is the default one.
func (v *visit) domainOf(name string) directory.DomainRef {
	if name == "" {
		return directory.DomainRef{ID: v.p.Directory.DefaultDomain}
	}
	return directory.DomainRef{Name: name}
}

// confirmPage asks again who is there, before what matters.
type confirmPage struct {
	chrome
	Next    string
	Passkey *asked
}

func (v *visit) confirmPage() (pg *confirmPage, err error) {
	pg = &confirmPage{Next: local(v.field("next"))}
	pg.Title, pg.Bare = v.T("Confirm it’s you"), true
	pg.Lead = v.F("You are signed in as %s. What comes next matters, so enter your password once more.", v.User().Name)
	pg.Passkey, err = v.askPasskey(v.User().ID, true, asked{Action: "/portal/confirm", Hidden: map[string]string{"next": pg.Next}})
	if pg.Passkey != nil {
		pg.Lead = v.F("You are signed in as %s. What comes next matters, so use your passkey or enter your password once more.", v.User().Name)
	}
	return pg, err
}

func (v *visit) confirm() error {
	pg, err := v.confirmPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "confirm", pg)
}

func (v *visit) tryConfirm() error {
	pg, err := v.confirmPage()
	if err != nil {
		return err
	}
	proof := auth.Request{
		Methods:  []string{"password"},
		Evidence: map[string]auth.Method{"password": &auth.Password{User: &directory.UserRef{ID: v.User().ID}, Password: v.PostForm.Get("password")}},
	}
	if v.PostForm.Get("answer") != "" {
		proof = v.byPasskey(v.User().ID)
	}
	key, _, err := v.p.Auth.Confirm(v.Context(), v.key, proof, v.device())
	if receipt, ok := errors.AsType[*auth.ReceiptError](err); ok {
		return v.askMore(receipt, pg.Next)
	}
	if errors.Is(err, identity.TooManyRequests) {
		return v.tooMany(err, &pg.chrome, func(status int) error { return v.show(status, "confirm", pg) })
	}
	if errors.Is(err, identity.Unauthorized) || errors.Is(err, identity.BadRequest) {
		if _, byPassword := proof.Evidence["password"]; byPassword {
			pg.Fields = problems{"password": v.T("That is not your password.")}
		} else {
			pg.Problem = v.T("That did not work. Try again, or use your password.")
		}
		return v.show(http.StatusUnprocessableEntity, "confirm", pg)
	}
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, key, 0)
	v.w.Header().Set("Location", pg.Next)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (v *visit) signOut() error {
	if v.key != "" {
		if err := v.p.Auth.SignOut(v.Context(), v.key); err != nil {
			return err
		}
	}
	v.forget(sessionCookie)
	v.forget(receiptCookie)
	v.redirect("/signed-out")
	return nil
}

// signedOutPage says that the session is over.
type signedOutPage struct{ chrome }

func (v *visit) signedOut() error {
	pg := new(signedOutPage)
	pg.Title, pg.Lead, pg.Bare = v.T("Signed out"), v.T("Your session has ended on this device."), true
	return v.show(http.StatusOK, "signedout", pg)
}

// address is where the browser is.
func (v *visit) address() string {
	if a := telemetry.ClientAddr(v.Context()); a.IsValid() {
		return a.String()
	}
	return ""
}

// tooMany shows a form again after too many tries.
func (v *visit) tooMany(err error, c *chrome, show func(status int) error) error {
	v.passOn(err)
	c.Problem = v.T("There were too many tries. Wait a minute, then try again.")
	if e, ok := errors.AsType[*identity.Error](err); ok && e.RetryAfter > time.Minute {
		minutes := int((e.RetryAfter + time.Minute - 1) / time.Minute)
		c.Problem = v.N(minutes, "There were too many tries. Wait %d minute, then try again.", "There were too many tries. Wait %d minutes, then try again.")
	}
	return show(http.StatusTooManyRequests)
}

// passOn tells a browser when to try again, as the room said.
func (v *visit) passOn(err error) {
	if e, ok := errors.AsType[*identity.Error](err); ok && e.RetryAfter > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
}
