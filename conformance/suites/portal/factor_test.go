package portal

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
)

// Phone is an authenticator app. It says no code twice.
type Phone struct {
	URI  *url.URL
	seed []byte
	used int64
}

// scan reads what the picture on the page says.
func scan(p *Person) *Phone {
	p.t.Helper()
	u := must[*url.URL](p.t)(url.Parse(p.Shown("uri")))
	seed := must[[]byte](p.t)(base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret")))
	return &Phone{URI: u, seed: seed}
}

const period = 30 // seconds that a code lasts

// Code is one that was not used, of those that the server takes. For a third within a minute one must wait.
func (p *Phone) Code() string {
	for {
		now := time.Now().Unix()
		for step := now/period - 1; step <= now/period; step++ {
			if step > p.used && (step == now/period || now%period < 20) {
				p.used = step
				return p.at(step)
			}
		}
		time.Sleep(time.Until(time.Unix((now/period+1)*period, 0)))
	}
}

func (p *Phone) at(step int64) string {
	mac := hmac.New(sha1.New, p.seed)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

// Wrong is a code that is right at no time near now.
func (p *Phone) Wrong() string {
	now := time.Now().Unix() / period
	for n := 0; ; n++ {
		code, near := fmt.Sprintf("%06d", n), false
		for d := int64(-40); d <= 40; d++ {
			near = near || p.at(now+d) == code
		}
		if !near {
			return code
		}
	}
}

// enrol turns a second factor on for who is signed in, and returns the phone and the recovery codes.
func enrol(p *Person) (*Phone, []string) {
	p.t.Helper()
	p.Press("Security").Press("Turn on a second factor")
	return finishEnrolment(p)
}

// finishEnrolment turns on a second factor for who sees what that means.
func finishEnrolment(p *Person) (*Phone, []string) {
	p.t.Helper()
	return confirmPhone(p.Sees("your password alone opens nothing").Press("Continue with an authenticator app"))
}

// confirmPhone turns a second factor on for who sees the picture to scan.
func confirmPhone(p *Person) (*Phone, []string) {
	p.t.Helper()
	phone := scan(p.Sees("Scan and confirm"))
	p.Fill("The six digits that the app shows", phone.Code()).Press("Continue").Sees("Your recovery codes")
	codes := strings.Fields(p.Shown("codes"))
	p.Fill("Type one of them back", codes[0]).Press("Turn it on").Sees("Your second factor is on")
	return phone, codes
}

// A second factor of one's own, from what it means to taking it off again.
func TestSecondFactor(t *testing.T) {
	tell(t, "M4 M6 P2 B17 B20 B22 B23 B24 B25 B26 B27 B28 B29", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		elsewhere := s.SignIn("ayesha", secret)
		p.Open("/portal/credentials/new").Fill("Name", "backup").Press("Create the credential")
		robot := s.credential(p.Shown("id"), p.Shown("secret"))
		robot.Run("openstack token issue")
		sh := s.Shell("ayesha", secret, "project acme-web")
		sh.Run("openstack ec2 credentials create")
		before := s.Login("ayesha", secret, onProject("acme-web"))

		// What it means for her, counted. B26, B20
		p.Press("Security").Sees("Does not ask for a second factor").Press("Turn on a second factor")
		p.Row("other session", "1", "This one stays").Row("application credential", "1").Row("S3 key", "1")
		p.Sees("API tokens without a second factor end at once", "If you lose the device").Press("Continue with an authenticator app")
		phone := scan(p)
		if got := phone.URI.Path; got != "/Northwind Cloud:ayesha@Default" || phone.URI.Query().Get("issuer") != "Northwind Cloud" {
			s.Errorf("the picture says %s", phone.URI)
		}
		// A wrong code keeps the secret. B23
		p.Fill("The six digits that the app shows", phone.Wrong()).Press("Continue").Sees("Not accepted", "4 tries are left")
		if again := scan(p); again.URI.String() != phone.URI.String() {
			s.Error("the secret changed")
		}
		old := phone
		p.Press("Start with a new secret")
		if phone = scan(p); phone.URI.String() == old.URI.String() {
			s.Error("the secret did not change")
		}
		p.Fill("The six digits that the app shows", phone.Code()).Press("Continue").Sees("Your recovery codes")
		codes := strings.Fields(p.Shown("codes"))
		if len(codes) != 10 {
			s.Errorf("there are %d recovery codes", len(codes))
		}
		p.Fill("Type one of them back", "AAAAA-AAAAA").Press("Turn it on").Sees("none of these codes")
		p.Fill("Type one of them back", codes[2]).Press("Turn it on").Sees("Your second factor is on", "10 recovery codes are left")

		// Tokens without it are dead, other sessions too, and this one goes on. B24, B27
		if status := s.root.Status("GET", "/v3/auth/tokens", nil); status == 200 {
			s.Error("a question about no token is answered")
		}
		status, _, _ := s.root.send("GET", "/v3/auth/tokens", nil, "X-Subject-Token", before.Token)
		if status != 404 {
			s.Errorf("a token from before is %d", status)
		}
		if elsewhere.Reload(); !strings.HasPrefix(elsewhere.Address(), "/portal/login") {
			s.Errorf("another session goes on at %s", elsewhere.Address())
		}
		p.Press("Home").Sees("acme-web")

		// Signing in asks for a code. P2, B28
		q := s.Visitor().Open("/portal")
		q.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Sees("Enter the code", "The password of ayesha in Default was right")
		q.Fill("Code", phone.Wrong()).Press("Continue").Sees("Not accepted", "check your phone’s clock")
		used := phone.Code()
		q.Fill("Code", used[:3]+" "+used[3:]).Press("Continue").Sees("Your access")
		r := s.Visitor().Open("/portal")
		r.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Fill("Code", used).Press("Continue").Sees("That code was already used")
		r.Press("Use a recovery code").Fill("Recovery code", codes[5]).Press("Continue").Sees("You signed in with a recovery code", "9 recovery codes are left")
		r.Press("Go on").Sees("Your access")
		again := s.Visitor().Open("/portal")
		again.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Press("Use a recovery code").Fill("Recovery code", codes[5]).Press("Continue").Sees("Each recovery code works once")
		again.Press("Start over").Sees("User name")

		// At the terminal: without a code there is a receipt, with one a token; the credential is refused, with a reason. B17, B28, B29
		status, header, body := s.login("ayesha", secret, onProject("acme-web"))
		if status != 401 || header.Get("Openstack-Auth-Receipt") == "" || fmt.Sprint(body["required_auth_methods"]) != "[[password totp]]" {
			s.Errorf("a password alone gets %d %v", status, body)
		}
		sh.Refused("openstack token issue", "Not all required auth rules were satisfied: [['password', 'totp']]")
		robot.Refused("openstack token issue", "The owner of this credential has turned on a second factor")
		p.Press("Terminal")
		rc := see[string](p, "text", "#openrc")
		file := s.Shell("", "", "")
		file.env, file.Input = nil, secret+"\n"+phone.Code()+"\n"
		if out := file.Run("cat >openrc.sh <<'END'\n" + rc + "\nEND\n. ./openrc.sh && openstack token issue -f value -c project_id"); !strings.Contains(out, s.id("projects", "acme-web")) {
			s.Error(out)
		}

		// It is taken off with a code. B25
		p.Press("Security").Press("Turn it off").Fill("Code", phone.Wrong()).Press("Turn it off").Sees("Not accepted")
		p.Fill("Code", phone.Code()).Press("Turn it off").Sees("Your second factor is off")
		sh.Run("openstack token issue")
		robot.Run("openstack token issue")
	})
}

// Who did not turn their second factor off undoes it by the mail about that.
func TestUndoFactorOff(t *testing.T) {
	tell(t, "M4", func(s *Story) {
		const better = "another-4-You"
		thief := s.member("ayesha", "acme-web")
		phone, _ := enrol(thief)
		thief.Press("Security").Press("Turn it off").Fill("Code", phone.Code()).Press("Turn it off").Sees("Your second factor is off")
		sh := s.Shell("ayesha", secret, "project acme-web")
		sh.Run("openstack token issue")
		link := s.Mail("ayesha@northwind.example", "turned off").Link(s)
		p := s.Visitor().Open(link).Sees("Was it not you?", "ayesha is turned on again as it was").Press("It was not me: undo it").Sees("Choose a new password")
		p.Fill("New password", better).Fill("New password, again", better).Press("Set the password")
		sh.Refused("openstack token issue", "401")
		thief.Open("/portal/security").Sees("Sign in")
		p.Fill("User name", "ayesha").Fill("Password", better).Press("Sign in").Sees("Enter the code").Fill("Code", phone.Code()).Press("Continue").Sees("Your access")
		s.Visitor().Open(link).Sees("does not work any more")
	})
}

// Recovery codes are made anew, and the authenticator is replaced.
func TestReplaceFactor(t *testing.T) {
	tell(t, "M6", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		phone, codes := enrol(p)
		p.Press("New recovery codes").Sees("New ones end those you have").Press("Make ten new codes").Sees("Your recovery codes")
		fresh := strings.Fields(p.Shown("codes"))
		p.Press("I have saved them").Press("Replace the authenticator").Sees("works until the new one has shown").Press("Continue")
		next := scan(p)
		p.Fill("The six digits that the app shows", next.Code()).Press("Continue")
		latest := strings.Fields(p.Shown("codes"))
		p.Fill("Type one of them back", latest[9]).Press("Turn it on").Sees("Your second factor is on")
		q := s.Visitor().Open("/portal")
		q.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Fill("Code", phone.Code()).Press("Continue").Sees("Not accepted")
		q.Press("Use a recovery code")
		for _, dead := range []string{codes[1], fresh[1]} {
			q.Fill("Recovery code", dead).Press("Continue").Sees("Not accepted")
		}
		q.Fill("Recovery code", latest[1]).Press("Continue").Sees("9 recovery codes are left")
	})
}

// Whoever has used up the recovery codes makes new ones, and types one of them back, before anything else.
func TestRecoveryCodesRunOut(t *testing.T) {
	tell(t, "M6 P2", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		_, codes := enrol(p)
		var q *Person
		for _, code := range codes {
			q = s.Visitor().Open("/portal").Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Press("Use a recovery code")
			q.Fill("Recovery code", code).Press("Continue").Sees("You signed in with a recovery code")
		}
		q.Sees("No recovery code is left").Open("/portal/profile").Sees("No recovery code is left").Press("Make ten new codes").Sees("Your recovery codes")
		q.Open("/portal/credentials").Sees("You have not said that you keep your new recovery codes").Press("Make ten new codes")
		fresh := strings.Fields(q.Shown("codes"))
		q.Fill("Type one of them back", codes[0]).Press("I have saved them").Sees("none of these codes")
		p.Press("Home").Sees("You have not said that you keep your new recovery codes")
		q.Fill("Type one of them back", fresh[2]).Press("I have saved them").Sees("All is open again", "Your access")
		p.Open("/portal/security").Sees("10 recovery codes are left")
	})
}

// It takes two to reset the second factor of somebody who can do much, who is told and can stop it.
func TestResetByTwo(t *testing.T) {
	tellWith(t, "M6 D5", "[lintel]\nfactor_reset_by_two = true", func(s *Story) {
		for _, name := range []string{"tom", "ada"} {
			s.User(name)
			s.root.Put("/v3/system/users/"+s.id("users", name)+"/roles/"+s.id("roles", "admin"), nil)
		}
		tom := s.SignIn("tom", secret)
		enrol(tom)
		page := "/portal/d/default/users/" + s.id("users", "tom") + "/factor"
		ask := func() {
			s.admin().Open(page).Sees("it takes two").Press("Ask for the reset").Sees("The reset was asked for")
		}
		ask()
		s.Mail("tom@northwind.example", "wants to reset")
		tom.Press("Security").Sees("admin wants to reset your second factor").Press("I still have it: stop this").Sees("The reset was stopped")
		ask()
		ada := s.SignIn("ada", secret).Open(page).Sees("admin has asked for this")
		ada.Press("Agree and reset it").Sees("The second factor was reset")
		s.Visitor().Open("/portal").Fill("User name", "tom").Fill("Password", secret).Press("Sign in").Sees("Your second factor was reset")
	})
}

// authenticator gives somebody's browser a place to keep passkeys, which asks for a finger or a PIN and gets it.
func (p *Person) authenticator() {
	p.t.Helper()
	call(p, webauthn.Enable, webauthn.EnableParams{})
	call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
}

// A passkey instead of a password, and beside it.
func TestPasskey(t *testing.T) {
	scripted(t, "M5 P1 P2", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		p.authenticator()
		p.Press("Security").Press("Turn on a second factor").Press("Continue with a passkey").Sees("Make a passkey")
		p.Fill("What do you call it?", "this laptop").Press("Make the passkey").Sees("Your recovery codes")
		codes := strings.Fields(p.Shown("codes"))
		p.Fill("Type one of them back", codes[0]).Press("Turn it on").Sees("Your second factor is on", "Signing in takes a passkey")
		p.Press("Account of ayesha").Press("Sign out").Press("Sign in again").Press("Sign in with a passkey").Sees("Your access", "ayesha")
		p.Press("Account of ayesha").Press("Sign out").Press("Sign in again").Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Press("Use a passkey").Sees("Your access")
		p.Press("Security").Press("1 passkey").Row("this laptop", "On one device").Press("Change this laptop").Fill("New name", "my desk").Press("Rename").Sees("Saved", "my desk")
		p.Press("Change my desk").Press("Remove").Sees("Remove the passkey my desk?").Press("Remove the passkey").Sees("the last factor that is left")
		// Without scripts there is another way.
		q := open(s.T, s.Cloud, ways[1]).Open("/portal")
		q.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in").Sees("Passkeys need a browser that knows them").Press("Use a recovery code").Fill("Recovery code", codes[3]).Press("Continue").Sees("9 recovery codes are left")
	})
}
