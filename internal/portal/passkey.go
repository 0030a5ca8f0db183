package portal

import (
	"errors"
	"net/http"
	"slices"

	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

var passkeyPages = []page{
	{method: post, path: "/login/passkey", serve: (*visit).tryPasskey, open: true},
	{method: get, path: "/security/passkeys", serve: (*visit).passkeys},
	{method: post, path: "/security/passkeys", serve: (*visit).beginPasskey, confirmed: true, enrols: true},
	{method: get, path: "/security/passkeys/new", serve: (*visit).newPasskey, confirmed: true, enrols: true},
	{method: post, path: "/security/passkeys/new", serve: (*visit).addPasskey, confirmed: true, enrols: true},
	{method: post, path: "/security/passkeys/rename", serve: (*visit).renamePasskey},
	{method: get, path: "/security/passkeys/remove", serve: (*visit).askRemovePasskey, confirmed: true},
	{method: post, path: "/security/passkeys/remove", serve: (*visit).removePasskey, confirmed: true},
}

// asked is a form that a script fills in with what the browser answers for a passkey.
type asked struct {
	*visit
	Action, Options, Label string
	Hidden                 map[string]string
	Main                   bool // it is what the page is for
}

// site is where the browser takes the portal to stand: as configured, else as the request has it.
func (v *visit) site() string {
	if p := v.p.Auth.Passkeys; p != nil && p.Origin != "" {
		return p.Origin
	}
	at := telemetry.From(v.Context())
	return at.Scheme + "://" + at.Host
}

// askPasskey is a form that asks for a passkey, if any is of use here.
func (v *visit) askPasskey(user identity.UserID, alone bool, a asked) (*asked, error) {
	options, err := v.p.Auth.AskPasskey(v.Context(), v.site(), user, alone)
	if err != nil || options == "" {
		return nil, err
	}
	a.visit, a.Options = v, options
	if a.Label == "" {
		a.Label = v.T("Use a passkey")
	}
	return &a, nil
}

// byPasskey is a login by what the form says for a passkey.
func (v *visit) byPasskey(user identity.UserID) auth.Request {
	return auth.Request{Methods: []string{"webauthn"}, Evidence: map[string]auth.Method{"webauthn": v.passkeyAnswer(user)}}
}

func (v *visit) passkeyAnswer(user identity.UserID) *auth.Passkey {
	return &auth.Passkey{Answer: v.PostForm.Get("answer"), Origin: v.site(), User: user}
}

// tryPasskey begins a session by a passkey alone.
func (v *visit) tryPasskey() error {
	pg, err := v.signInPage()
	if err != nil {
		return err
	}
	key, in, err := v.p.Auth.SignIn(v.Context(), v.byPasskey(""), v.device())
	receipt, more := errors.AsType[*auth.ReceiptError](err)
	switch {
	case err == nil:
		return v.begin(key, in, pg.Next)
	case more:
		pg.Name, pg.DomainName = receipt.User.Name, receipt.Domain.Name
		pg.Problem = v.T("An administrator has set how you sign in here: with your password.")
	case errors.Is(err, identity.TooManyRequests):
		return v.tooMany(err, &pg.chrome, func(status int) error { return v.show(status, "signin", pg) })
	case errors.Is(err, auth.ErrLateAnswer):
		pg.Problem = v.T("That took too long. Try again.")
	case errors.Is(err, identity.Unauthorized):
		pg.Problem = v.T("That did not work. Try again, or use your password.")
	default:
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "signin", pg)
}

// passkeysPage lists the passkeys of the reader.
type passkeysPage struct {
	chrome
	Factor credential.Factor
	Closed string
	Usable bool   // here
	RPID   string // the domain that passkeys are bound to here
}

func (v *visit) passkeysPage() (*passkeysPage, error) {
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	pg := &passkeysPage{Factor: f, Closed: v.closed(f.Closed)}
	if p := v.p.Auth.Passkeys; p != nil {
		pg.Usable, pg.RPID = p.Serves(v.site()), p.ID
	}
	pg.Section, pg.Title = "security", v.T("Passkeys")
	pg.Lead = v.T("A passkey is kept by your phone, computer or security key, and signs you in without a password.")
	return pg, nil
}

func (v *visit) passkeys() error {
	pg, err := v.passkeysPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "passkeys", pg)
}

func (v *visit) beginPasskey() error {
	if f, err := v.p.Credential.Factor(v.Context(), v.self()); err != nil {
		return err
	} else if f.On && v.stale() {
		return errConfirm
	}
	if err := v.p.Credential.BeginPasskey(v.Context(), v.self(), v.site()); err != nil {
		return err
	}
	v.redirect("/security/passkeys/new")
	return nil
}

// newPasskeyPage asks the browser for a passkey.
type newPasskeyPage struct {
	chrome
	Steps []step // on the way to a second factor; none when there is one
	Ask   *asked
	Name  string
	Back  string
}

// newPasskeyPage is nil when nothing was begun, and the browser is sent where that is done.
func (v *visit) newPasskeyPage() (*newPasskeyPage, error) {
	n, err := v.p.Credential.NewPasskey(v.Context(), v.self(), v.site())
	if errors.Is(err, identity.NotFound) {
		v.redirect("/security/passkeys")
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	pg := &newPasskeyPage{Name: v.PostForm.Get("name"), Back: "/portal/security/passkeys"}
	if pg.Name == "" {
		pg.Name = v.chromeAgent()
	}
	pg.Ask = &asked{visit: v, Action: "/portal/security/passkeys/new", Options: n.Options, Label: v.T("Make the passkey"), Hidden: map[string]string{"id": n.ID}, Main: true}
	pg.Section, pg.Title, pg.Lead = "security", v.T("Make a passkey"), v.T("Your browser asks where to keep it: on this device, your phone, or a security key.")
	if !f.On {
		pg.Steps, pg.Back = v.steps(1), "/portal/security"
	}
	return pg, nil
}

func (v *visit) newPasskey() error {
	pg, err := v.newPasskeyPage()
	if pg == nil {
		return err
	}
	return v.show(http.StatusOK, "newpasskey", pg)
}

func (v *visit) addPasskey() error {
	codes, err := v.p.Credential.ProvePasskey(v.Context(), v.self(), v.site(), v.field("id"), v.PostForm.Get("answer"), v.PostForm.Get("name"))
	e, isOurs := errors.AsType[*identity.Error](err)
	switch {
	case err == nil && codes == nil:
		v.redirect("/security/passkeys?done=passkey")
		return nil
	case err == nil:
		return v.showCodes(http.StatusOK, &codesPage{Steps: v.steps(2), ID: v.field("id"), Codes: codes})
	case errors.Is(err, credential.ErrOtherSeed), isOurs && e.Kind == identity.NotFound:
		v.redirect("/security/passkeys")
		return nil
	case isOurs && (e.Kind == identity.BadRequest || e.Kind == identity.Conflict):
		pg, other := v.newPasskeyPage()
		if pg == nil {
			return other
		}
		pg.Problem = v.T("That did not work. Try again, perhaps with another device.")
		if e.Kind == identity.Conflict {
			pg.Problem = v.T("That passkey is known here already. Use another device or key.")
		}
		return v.show(http.StatusUnprocessableEntity, "newpasskey", pg)
	}
	return err
}

func (v *visit) renamePasskey() error {
	err := v.p.Credential.RenamePasskey(v.Context(), v.self(), v.field("id"), v.PostForm.Get("name"))
	if errors.Is(err, identity.BadRequest) {
		pg, other := v.passkeysPage()
		if other != nil {
			return other
		}
		pg.Problem = v.T("A passkey needs a name, of at most 60 characters.")
		return v.show(http.StatusUnprocessableEntity, "passkeys", pg)
	} else if err != nil {
		return err
	}
	v.redirect("/security/passkeys?done=saved")
	return nil
}

// removePasskeyPage asks before a passkey goes.
func (v *visit) removePasskeyPage() (*actPage, error) {
	f, err := v.p.Credential.Factor(v.Context(), v.self())
	if err != nil {
		return nil, err
	}
	for _, k := range f.Passkeys {
		if k.ID == v.field("id") {
			pg := &actPage{Do: v.T("Remove the passkey"), Back: "/portal/security/passkeys", Means: slices.Concat(
				[]string{v.T("It does not sign you in any more. Delete it on the device, too.")},
				v.some(len(f.Passkeys)-1, "%d other passkey stays.", "%d other passkeys stay."),
				v.some(f.Authenticators, "%d authenticator app stays.", "%d authenticator apps stay."),
			)}
			pg.Section, pg.Title, pg.Lead = "security", v.F("Remove the passkey %s?", k.Name), v.T("For one that you have lost, or do not use.")
			return pg, nil
		}
	}
	return nil, identity.Missing("passkey", v.field("id"))
}

func (v *visit) askRemovePasskey() error {
	if v.stale() {
		return errConfirm
	}
	pg, err := v.removePasskeyPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "act", pg)
}

func (v *visit) removePasskey() error {
	if v.stale() {
		return errConfirm
	}
	err := v.p.Credential.RemovePasskey(v.Context(), v.self(), v.field("id"))
	if errors.Is(err, credential.ErrLastFactor) {
		pg, other := v.removePasskeyPage()
		if other != nil {
			return other
		}
		pg.Problem = v.T("This is the last factor that is left. Set up another one first, or turn the second factor off.")
		return v.show(http.StatusUnprocessableEntity, "act", pg)
	} else if err != nil {
		return err
	}
	v.redirect("/security/passkeys?done=passkey-removed")
	return nil
}

// codeProof is a proof by what the form of a code says.
func (v *visit) codeProof(user identity.UserID) auth.Method {
	ref := &directory.UserRef{ID: user}
	switch {
	case v.PostForm.Get("answer") != "":
		return v.passkeyAnswer(user)
	case v.field("way") == "recovery":
		return &auth.RecoveryCode{User: ref, Code: v.PostForm.Get("code")}
	}
	return &auth.TOTP{User: ref, Passcode: digits(v.PostForm.Get("code")), Then: digits(v.PostForm.Get("then"))}
}
