package directory

import (
	"crypto/hmac"
	"encoding/base64"
	"hash"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// attempt is one that a password was tried at: a login, or the change of a password, of which Keystone tells differently.
type attempt struct {
	user     UserRef
	password string
	login    bool
	caller   identity.Caller // of a change, who may be nobody
}

// event is that of an attempt at an account.
func (t attempt) event(a account) identity.Event {
	e := identity.LoggedIn(a.User)
	if a.home.ID != "" {
		e.Home = &identity.Party{Kind: "domain", ID: string(a.home.ID), Name: a.home.Name}
		e.Initiator.Actor = identity.Party{Kind: "user", ID: string(a.ID), Name: a.Name, In: a.home.Name}
	}
	by := identity.Event{}.By(t.caller).Initiator
	e.Initiator.ProjectID, e.Initiator.DomainID = by.ProjectID, by.DomainID
	return e
}

// failure is the event of an attempt that failed, with its reason (CadfNotificationWrapper in keystone/notifications.py,
// BaseUserInfo in keystone/auth/plugins/core.py). Of logins to what is disabled Keystone tells nobody.
func (s *Service) failure(a account, t attempt) (e identity.Event, why *identity.EventReason, tell bool) {
	e = t.event(a)
	e.Cause = a.cause()
	switch {
	case a.unknown != nil && t.login:
		return unknownUser(*a.unknown), reasonUnknown(*a.unknown), true
	case a.ID == "":
		e.Initiator.UserID = t.user.ID
		return e, nil, !t.login
	case a.locked:
		return e, &identity.EventReason{Text: "The account is locked for user: " + string(a.ID) + ".", Code: 401}, true
	case a.closed != "":
		return e, nil, !t.login
	}
	if t.login {
		e.PasswordHash = s.InvalidPasswords.hash(t.password)
	}
	return e, nil, true
}

// cause is why a login to the account fails.
func (a account) cause() string {
	switch {
	case a.ID == "":
		return identity.CauseUnknown
	case a.locked:
		return identity.CauseLocked
	case a.closed != "":
		return identity.CauseClosed
	}
	return identity.CausePassword
}

func expired(u identity.User) *identity.Error {
	return identity.Failf(identity.Unauthorized, "The password is expired and needs to be changed for user: %s.", u.ID)
}

func unknownUser(c identity.LoginClaim) identity.Event {
	return identity.Event{Resource: "authenticate", Initiator: &identity.Initiator{Claim: &c}}
}

func reasonUnknown(c identity.LoginClaim) *identity.EventReason {
	name := c.Name
	if name == "" {
		name = string(c.UserID)
	}
	return &identity.EventReason{Text: "Could not find user: " + name + ".", Code: 404}
}

// maxUserID is the most characters of a user's id in a database.
const maxUserID = 64

// claim is what a login said of a user who is not there; nil where Keystone gets no further than the domain.
func claim(ref UserRef, d identity.Domain) *identity.LoginClaim {
	switch {
	case ref.Name == "" && len(ref.ID) > maxUserID:
		return nil // and may be a secret in the wrong place
	case ref.Name == "":
		return &identity.LoginClaim{UserID: ref.ID}
	case d.ID == "" || !d.Enabled:
		return nil
	}
	return &identity.LoginClaim{Name: ref.Name, DomainID: d.ID, DomainName: d.Name}
}

// InvalidPasswords says how the events of logins tell one wrong password from another, without telling either
// ([security_compliance] report_invalid_password_hash).
type InvalidPasswords struct {
	Hash   func() hash.Hash // nil: they do not
	Secret string
	Salt   string // names the back end
	Max    int    // characters shown; 0 is all
}

// hash is what an event shows of a wrong password (generate_partial_password_hash in keystone/common/password_hashing.py).
func (p InvalidPasswords) hash(password string) string {
	if p.Hash == nil {
		return ""
	}
	salted := hmac.New(p.Hash, []byte(p.Salt))
	salted.Write([]byte(password))
	peppered := hmac.New(p.Hash, []byte(p.Secret))
	peppered.Write(salted.Sum(nil))
	text := strings.TrimRight(base64.StdEncoding.EncodeToString(peppered.Sum(nil)), "=")
	if p.Max > 0 && len(text) > p.Max {
		text = text[:p.Max]
	}
	return text
}
