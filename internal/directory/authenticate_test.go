package directory

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/store"
)

const denied = "The request you have made requires authentication."

// refusal checks that a login failed with the one answer that says nothing.
func refusal(t *testing.T, what string, err error) {
	t.Helper()
	e, ok := errors.AsType[*identity.Error](err)
	if !ok || e.Kind != identity.Unauthorized || e.Message != denied {
		t.Errorf("%s: got %v, want the plain 401", what, err)
	}
}

// S-016, S-017: one answer, after the time of one hash.
func TestWhoCannotLogInLearnsNothing(t *testing.T) {
	r := newRoom(t, Compliance{LockoutFailures: 2, LockoutDuration: time.Hour})
	on := identity.User{Enabled: true}
	well := r.user("well", on)
	r.user("elsewhere", identity.User{Enabled: true, DomainID: "off"})
	disabled := r.user("disabled", identity.User{})
	locked := r.user("locked", on)
	for range 2 {
		r.login(locked, "wrong")
	}
	null := r.user("null", on)
	r.patch(null, identity.UserUpdate{Password: identity.Null[string]()})
	bare, err := r.CreateUser(t.Context(), admin, identity.User{Name: "bare", DomainID: "d", Enabled: true}, identity.Opt[string]{})
	if err != nil {
		t.Fatal(err)
	}
	broken := r.user("broken", on)
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.AddPassword(ctx, broken, store.Password{Hash: "$2b$12$damaged"}, 1) // S-026
	})
	costly := r.user("costly", on)
	r.update(func(ctx context.Context, tx *store.Tx) error {
		return tx.AddPassword(ctx, costly, store.Password{Hash: "$pbkdf2-sha512$2147483648$c2FsdA$" + strings.Repeat("A", 86)}, 1) // S-026
	})
	named := func(user, domain string) UserRef { return UserRef{Name: user, Domain: &DomainRef{Name: domain}} }
	for _, tt := range []struct {
		name, password string
		ref            UserRef
	}{
		{"unknown id", "secret", UserRef{ID: "none"}},
		{"unknown name", "secret", named("none", "Dee")},
		{"unknown domain name", "secret", named("well", "None")},
		{"unknown domain id", "secret", UserRef{Name: "well", Domain: &DomainRef{ID: "none"}}},
		{"wrong password", "wrong", UserRef{ID: well}},
		{"empty password", "", UserRef{ID: well}},
		{"other case", "SECRET", UserRef{ID: well}},
		{"space at the end", "secret ", UserRef{ID: well}}, // S-022
		{"disabled user", "secret", UserRef{ID: disabled}},
		{"disabled domain", "secret", named("elsewhere", "Off")},
		{"locked", "secret", UserRef{ID: locked}},
		{"null password", "", UserRef{ID: null}}, // S-023
		{"no password", "", UserRef{ID: bare.ID}},
		{"damaged hash", "secret", UserRef{ID: broken}},
		{"absurd cost", "secret", UserRef{ID: costly}},
		{"root of domains", "secret", UserRef{Name: "well", Domain: &DomainRef{ID: identity.RootDomain}}},
	} {
		before := r.reads.count()
		_, err := r.Authenticate(t.Context(), Proof{User: &tt.ref, Password: tt.password})
		refusal(t, tt.name, err)
		if hashes := (r.reads.count() - before) / 2; hashes != 1 {
			t.Errorf("%s: computed %d hashes, want 1", tt.name, hashes)
		}
	}
}

func TestLogin(t *testing.T) {
	r := newRoom(t, Compliance{})
	id := r.user("alice", identity.User{Enabled: true})
	for name, ref := range map[string]UserRef{
		"by id":                          {ID: id},
		"by name and id of the domain":   {Name: "alice", Domain: &DomainRef{ID: "d"}},
		"by name and name of the domain": {Name: "alice", Domain: &DomainRef{Name: "Dee"}},
		"names win over ids":             {ID: "none", Name: "alice", Domain: &DomainRef{ID: "none", Name: "Dee"}},
	} {
		u, err := r.Authenticate(t.Context(), Proof{User: &ref, Password: "secret"})
		if err != nil || u.ID != id {
			t.Errorf("%s: %v, %v; want %v", name, u.ID, err, id)
		}
	}
	for want, p := range map[string]Proof{
		"Expecting to find user in None.":         {},
		"Expecting to find id or name in user.":   {User: &UserRef{}},
		"Expecting to find domain in user.":       {User: &UserRef{Name: "alice"}},
		"Expecting to find id or name in domain.": {User: &UserRef{Name: "alice", Domain: &DomainRef{}}},
	} {
		_, err := r.Authenticate(t.Context(), p)
		if !errors.Is(err, identity.BadRequest) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	u, err := r.User(t.Context(), admin, id)
	if want := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC); err != nil || !u.LastActiveAt.Equal(want) {
		t.Errorf("last active at %v, %v; want the day %v", u.LastActiveAt, err, want)
	}
}

// S-018, S-019
func TestLockout(t *testing.T) {
	r := newRoom(t, Compliance{LockoutFailures: 5, LockoutDuration: 30 * time.Minute})
	id := r.user("alice", identity.User{Enabled: true})
	exempt := r.user("robot", identity.User{Enabled: true, Options: identity.Options{identity.OptIgnoreLockout: true}})
	fail := func(n int) {
		t.Helper()
		doors := []func() error{
			func() error { return r.login(id, "wrong") },
			func() error {
				_, err := r.Authenticate(t.Context(), Proof{User: &UserRef{Name: "alice", Domain: &DomainRef{ID: "d"}}, Password: "wrong"})
				return err
			},
			func() error {
				_, err := r.Authenticate(t.Context(), Proof{User: &UserRef{Name: "alice", Domain: &DomainRef{Name: "Dee"}}, Password: "wrong"})
				return err
			},
			func() error { return r.ChangePassword(t.Context(), identity.Caller{}, id, "wrong", "new") },
		}
		for i := range n {
			refusal(t, "a wrong password", doors[i%len(doors)]())
		}
	}
	fail(4)
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("after 4 failures: %v", err)
	}
	fail(4)
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("a login resets the count, yet: %v", err)
	}
	fail(5)
	refusal(t, "after 5 failures", r.login(id, "secret"))
	refusal(t, "the change call is a door too", r.ChangePassword(t.Context(), identity.Caller{}, id, "secret", "new"))
	r.clock.advance(29 * time.Minute)
	fail(3) // not counted, and no longer lock
	refusal(t, "before the end", r.login(id, "secret"))
	r.clock.advance(time.Minute)
	fail(1)
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("after the lock and one failure: %v", err)
	}
	fail(5)
	r.patch(id, identity.UserUpdate{Extra: identity.Extra{"description": "x"}})
	refusal(t, "a new description does not unlock", r.login(id, "secret"))
	r.patch(id, identity.UserUpdate{Enabled: identity.Some(true)})
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("an administrator unlocked it: %v", err)
	}
	for range 9 {
		r.login(exempt, "wrong")
	}
	if err := r.login(exempt, "secret"); err != nil {
		t.Errorf("a user who is exempt: %v", err)
	}
}

// S-018: a wall clock that is set ahead frees nobody whom this process has locked; only a new process has to believe it.
func TestLockoutHoldsWhenTheClockIsSet(t *testing.T) {
	r := newRoom(t, Compliance{LockoutFailures: 3, LockoutDuration: 30 * time.Minute})
	steady := &clock{now: r.clock.Now()}
	r.Limits = &Limits{Now: steady.Now}
	id := r.user("alice", identity.User{Enabled: true})
	for range 3 {
		refusal(t, "a wrong password", r.login(id, "wrong"))
	}
	r.clock.advance(2 * time.Hour)
	steady.advance(29 * time.Minute)
	refusal(t, "before the end, on a clock two hours ahead", r.login(id, "secret"))
	r.patch(id, identity.UserUpdate{Enabled: identity.Some(true)})
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("an administrator unlocked it: %v", err)
	}
	for range 3 {
		r.login(id, "wrong")
	}
	r.clock.advance(2 * time.Hour)
	steady.advance(30 * time.Minute)
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// S-018: guesses that run beside each other do not get round the lock.
func TestLockoutHoldsAgainstParallelGuesses(t *testing.T) {
	r := newRoom(t, Compliance{LockoutFailures: 5, LockoutDuration: time.Hour})
	id := r.user("alice", identity.User{Enabled: true})
	a, err := r.account(t.Context(), UserRef{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { r.login(id, "wrong") })
	}
	wg.Wait()
	_, err = r.enter(t.Context(), a, identity.Event{}) // began before the others and knew the password
	refusal(t, "the right guess that ran beside 20 wrong ones", err)
}

// A login is only as good as the account is at its end.
func TestAccountChangesDuringTheLogin(t *testing.T) {
	r := newRoom(t, Compliance{})
	for name, change := range map[string]func(id identity.UserID) error{
		"disabled": func(id identity.UserID) error {
			_, err := r.UpdateUser(t.Context(), admin, id, identity.UserUpdate{Enabled: identity.Some(false)})
			return err
		},
		"new password": func(id identity.UserID) error {
			_, err := r.UpdateUser(t.Context(), admin, id, identity.UserUpdate{Password: identity.Some("new")})
			return err
		},
		"deleted": func(id identity.UserID) error { return r.DeleteUser(t.Context(), admin, id) },
	} {
		id := r.user(name, identity.User{Enabled: true})
		a, err := r.account(t.Context(), UserRef{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		if err := change(id); err != nil {
			t.Fatal(err)
		}
		_, err = r.enter(t.Context(), a, identity.Event{})
		refusal(t, name, err)
	}
}

// S-025
func TestPasswordsEnd(t *testing.T) {
	r := newRoom(t, Compliance{PasswordLife: 10 * aDay, ChangeAtFirstUse: true, Inactivity: 30 * aDay})
	id := r.user("alice", identity.User{Enabled: true})
	expired := "The password is expired and needs to be changed for user: " + string(id) + "."
	wantExpired := func(what string) {
		t.Helper()
		if err := r.login(id, "secret"); !errors.Is(err, identity.Unauthorized) || err.Error() != expired {
			t.Errorf("%s: got %v, want %s", what, err, expired)
		}
	}
	wantExpired("before the first change")
	refusal(t, "a wrong password does not learn that it expired", r.login(id, "wrong"))
	if err := r.ChangePassword(t.Context(), identity.Caller{}, id, "secret", "mine"); err != nil {
		t.Fatalf("changing an expired password: %v", err)
	}
	if err := r.login(id, "mine"); err != nil {
		t.Errorf("after the change: %v", err)
	}
	u, _ := r.User(t.Context(), admin, id)
	if want := r.clock.now.Add(10 * aDay); u.PasswordExpiresAt == nil || !u.PasswordExpiresAt.Equal(want) {
		t.Errorf("the new password expires at %v, want %v", u.PasswordExpiresAt, want)
	}

	r.clock.advance(10*aDay - time.Second)
	if err := r.login(id, "mine"); err != nil {
		t.Errorf("in the last second: %v", err)
	}
	r.clock.advance(time.Second)
	if err := r.login(id, "mine"); err == nil || err.Error() != expired {
		t.Errorf("at the end of its life: got %v, want %s", err, expired)
	}
	r.patch(id, identity.UserUpdate{Options: identity.Options{identity.OptIgnorePasswordExpiry: true}})
	if err := r.login(id, "mine"); err != nil {
		t.Errorf("an exempt user: %v", err)
	}

	// The options of a change count for its own password, those of a creation do not yet.
	r.patch(id, identity.UserUpdate{Options: identity.Options{identity.OptIgnoreChangePassword: true}, Password: identity.Some("secret")})
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("exempt from the change at first use: %v", err)
	}
	robot := r.user("robot", identity.User{Enabled: true, Options: identity.Options{identity.OptIgnoreChangePassword: true}})
	if err := r.login(robot, "secret"); !errors.Is(err, identity.Unauthorized) {
		t.Errorf("created with the exemption: %v, want an expired password", err)
	}

	r.clock.advance(29 * aDay)
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("after 29 days: %v", err)
	}
	r.clock.advance(30 * aDay)
	refusal(t, "inactive for 30 days", r.login(id, "secret"))
	refusal(t, "the change call is not open to the inactive", r.ChangePassword(t.Context(), identity.Caller{}, id, "secret", "other"))
	if u, _ := r.User(t.Context(), admin, id); u.Enabled {
		t.Error("an inactive user reads as enabled")
	}
	r.patch(id, identity.UserUpdate{Enabled: identity.Some(true)})
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("enabled again: %v", err)
	}
	r.clock.advance(40 * aDay)
	r.patch(id, identity.UserUpdate{Options: identity.Options{identity.OptIgnoreUserInactivity: true}})
	if err := r.login(id, "secret"); err != nil {
		t.Errorf("exempt from the rule on inactivity: %v", err)
	}
}

// S-021, S-022
func TestPasswordsAreComparedInFull(t *testing.T) {
	r := newRoom(t, Compliance{})
	r.Passwords = &password.Pool{Hasher: password.Hasher{Algorithm: password.BcryptSHA256, Rounds: 4}, Now: r.reads.Now}
	r.Rules.MaxBytes = r.Passwords.Hasher.Limit()
	id := r.user("alice", identity.User{Enabled: true})
	for _, pw := range []string{
		strings.Repeat("a", 100),
		" leading and trailing ",
		"пароль из слов, довольно длинный, больше чем шестьдесят четыре знака 🔑🔑",
		"e\u0301",
	} {
		r.patch(id, identity.UserUpdate{Password: identity.Some(pw)})
		if err := r.login(id, pw); err != nil {
			t.Errorf("%q: %v", pw, err)
		}
		runes := []rune(pw)
		for _, i := range []int{0, len(runes) - 1, min(72, len(runes)-1)} {
			other := append([]rune{}, runes...)
			other[i]++
			refusal(t, "another character in "+pw, r.login(id, string(other)))
		}
		refusal(t, "one character less of "+pw, r.login(id, string(runes[:len(runes)-1])))
	}
	refusal(t, "another form of the same letter", r.login(id, "é"))

	for _, tt := range []struct {
		pw   string
		kind identity.Kind
	}{{"a\x00b", identity.BadRequest}, {"a\xff", identity.BadRequest}, {strings.Repeat("x", 1<<20), identity.Forbidden}} {
		before := r.reads.count()
		_, err := r.UpdateUser(t.Context(), admin, id, identity.UserUpdate{Password: identity.Some(tt.pw)})
		if !errors.Is(err, tt.kind) || r.reads.count() != before {
			t.Errorf("setting %.10q: %v, want %v before any hash", tt.pw, err, tt.kind)
		}
	}
}

func TestTooManyLogins(t *testing.T) {
	r := newRoom(t, Compliance{})
	// At twelve rounds a login takes long enough for all the others to arrive meanwhile.
	r.Passwords = &password.Pool{Hasher: password.Hasher{Rounds: 12}, Workers: 1, Queue: 1}
	id := r.user("alice", identity.User{Enabled: true})
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = r.login(id, "wrong") })
	}
	wg.Wait()
	refused := 0
	for _, err := range errs {
		if e, ok := errors.AsType[*identity.Error](err); ok && e.Kind == identity.TooManyRequests && e.RetryAfter >= time.Second {
			refused++
		}
	}
	if refused == 0 {
		t.Errorf("8 logins at once on one worker and one place to wait: none was told to come later: %v", errs)
	}
}
