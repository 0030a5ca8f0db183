package auth_test

import (
	"encoding/base32"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/token"
	"github.com/lintel-id/lintel/internal/totp"
)

// guarded is a cloud where bob has a seed of one-time codes.
type guarded struct {
	*cloud
	seed []byte
}

func locking(cfg *config.Config) {
	attempts := 5
	cfg.SecurityCompliance.LockoutFailureAttempts = &attempts
}

func newGuarded(t *testing.T, changes ...func(*config.Config)) *guarded {
	t.Helper()
	c := &guarded{cloud: newCloud(t, append(changes, locking)...)}
	c.seed = c.addSeed("bob's first seed")
	return c
}

func (c *guarded) addSeed(text string) []byte {
	blob := base32.StdEncoding.EncodeToString([]byte(text))
	c.admin.Post("/v3/credentials", object{"credential": object{"type": "totp", "user_id": c.bob, "blob": blob}}).Want(201)
	return []byte(text)
}

// code is the code of a seed some periods from now.
func (c *guarded) code(seed []byte, ahead int64) string {
	return totp.Code(seed, totp.Step(c.Clock.Now())+ahead)
}

// wrong is a code that is not right at this time.
func (c *guarded) wrong() string {
	for code := 0; ; code++ {
		text := fmt.Sprintf("%06d", code)
		if text != c.code(c.seed, 0) && text != c.code(c.seed, -1) {
			return text
		}
	}
}

func (c *guarded) passcode(code string) string {
	return `"totp": {"user": {"id": "` + c.bob + `", "passcode": "` + code + `"}}`
}

func (c *guarded) byCode(code string, scope ...string) string {
	return auth(`"methods": ["totp"], `+c.passcode(code), scope...)
}

const rightPassword = "secret"

// both is a login by password and code.
func (c *guarded) both(password, code string) string {
	return auth(`"methods": ["password", "totp"], "password": {"user": {"id": "` + c.bob + `", "password": "` + password + `"}}, ` + c.passcode(code))
}

// next moves on to codes that nobody has used.
func (c *guarded) next() { c.Clock.Advance(2 * totp.Period) }

func TestPasscodes(t *testing.T) {
	c := newGuarded(t)
	r := c.Authenticate(c.byCode(c.code(c.seed, 0), testenv.OnProjectID(c.project))).Want(201)
	if got := fmt.Sprint(r.List("token.methods"), r.Get("token.user.id")); got != "[totp]"+c.bob {
		t.Errorf("got %s", got)
	}
	if shown := c.admin.Validate(r.Actor().Token).Want(200); shown.Body != r.Body {
		t.Errorf("issued as\n%s\nshown as\n%s", r.Body, shown.Body)
	}
	c.Authenticate(c.byCode(c.code(c.seed, -1))).Want(201) // the previous period counts
	c.next()
	byName := auth(`"methods": ["totp"], "totp": {"user": {"name": "bob", "domain": {"name": "shop"}, "passcode": "` + c.code(c.seed, 0) + `"}}`)
	c.Authenticate(byName).Want(201)
	second := c.addSeed("bob's second seed")
	c.Authenticate(c.byCode(c.code(second, 0))).Want(201)
	// A seed that makes no codes is none, and spoils no other.
	for _, blob := range []string{"not base32", "MFRGG", ""} {
		c.admin.Post("/v3/credentials", object{"credential": object{"type": "totp", "user_id": c.bob, "blob": blob}}).Want(201)
	}
	c.next()
	c.Authenticate(c.byCode(c.code(c.seed, 0))).Want(201)
}

// S-030
func TestPasscodeCountsOnce(t *testing.T) {
	c := newGuarded(t)
	other := testenv.Open(t, c.Dir, c.Clock, func(cfg *config.Config) {
		cfg.FernetTokens, cfg.FernetReceipts = c.cfg.FernetTokens, c.cfg.FernetReceipts
	}, locking)
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"ignore_lockout_failure_attempts": true}}}`).Want(200)
	refused := func(what, body string) {
		t.Helper()
		for _, env := range []*testenv.Env{c.Env, other} {
			if r := env.Authenticate(body); r.Status != 401 {
				t.Errorf("%s: got %d, want 401", what, r.Status)
			}
		}
	}
	code := c.code(c.seed, 0)
	c.Authenticate(c.byCode(code)).Want(201)
	refused("again", c.byCode(code))
	c.next()
	code = c.code(c.seed, 0)
	other.Authenticate(c.byCode(code, testenv.OnProjectID(c.project))).Want(201)
	refused("for another scope", c.byCode(code, testenv.Unscoped))
	c.next()
	refused("two periods ago", c.byCode(c.code(c.seed, -2)))
	refused("a period ahead", c.byCode(c.code(c.seed, 1)))

	// The same seed twice is one seed.
	c.next()
	c.addSeed("bob's first seed")
	code = c.code(c.seed, 0)
	c.Authenticate(c.byCode(code)).Want(201)
	refused("by the seed's twin", c.byCode(code))

	// A code that led to a receipt only is used, too.
	c.next()
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}`).Want(200)
	code = c.code(c.seed, 0)
	receipt := c.Authenticate(c.byCode(code)).Want(401).Header.Get("Openstack-Auth-Receipt")
	if receipt == "" {
		t.Fatal("no receipt")
	}
	if r := c.Authenticate(c.byCode(code)); r.Status != 401 || r.Header.Get("Openstack-Auth-Receipt") != "" {
		t.Errorf("a second receipt for one code: %d %v", r.Status, r.Header)
	}
	refused("after a receipt", c.both(rightPassword, code))
	c.Post("/v3/auth/tokens", c.body(rightPassword), "Openstack-Auth-Receipt", receipt).Want(201)
}

// S-030: a code that some send at once is taken by one. They are fewer than would lock the account.
func TestPasscodeAtOnce(t *testing.T) {
	c := newGuarded(t)
	body := c.byCode(c.code(c.seed, 0))
	got := make([]int, 4)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() { got[i] = c.Authenticate(body).Status })
	}
	wait.Wait()
	slices.Sort(got)
	if want := []int{201, 401, 401, 401}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

// rules sets what bob must show.
func (c *guarded) rules(rules string) {
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"multi_factor_auth_rules": `+rules+`}}}`).Want(200)
}

// S-020, S-019
func TestWrongPasscodesLock(t *testing.T) {
	for name, guess := range map[string]func(c *guarded){
		"alone":                  func(c *guarded) { c.Authenticate(c.byCode(c.wrong())).Want(401) },
		"after a right password": func(c *guarded) { c.Authenticate(c.both(rightPassword, c.wrong())).Want(401) },
		"with a receipt": func(c *guarded) {
			receipt := c.login().Want(401).Header.Get("Openstack-Auth-Receipt")
			c.Post("/v3/auth/tokens", c.byCode(c.wrong()), "Openstack-Auth-Receipt", receipt).Want(401)
		},
	} {
		c := newGuarded(t)
		c.rules(`[["password", "totp"]]`)
		lock := func() {
			for range 5 {
				guess(c)
			}
			if r := c.Authenticate(c.both(rightPassword, c.code(c.seed, 0))); r.Status != 401 || r.Header.Get("Openstack-Auth-Receipt") != "" {
				t.Errorf("%s: a right code after five wrong ones: %d", name, r.Status)
			}
			if r := c.login(); r.Header.Get("Openstack-Auth-Receipt") != "" {
				t.Errorf("%s: the password is not locked", name)
			}
		}
		lock()
		c.Clock.Advance(30 * time.Minute)
		c.Authenticate(c.both(rightPassword, c.code(c.seed, 0))).Want(201)
		for range 4 {
			guess(c)
		}
		c.next()
		c.Authenticate(c.both(rightPassword, c.code(c.seed, 0))).Want(201) // which forgets the four
		for range 4 {
			guess(c)
		}
		c.next()
		c.Authenticate(c.both(rightPassword, c.code(c.seed, 0))).Want(201)
		lock()
	}
}

// S-023, S-025, S-016
func TestPasscodesThatDoNotCount(t *testing.T) {
	c := newGuarded(t, func(cfg *config.Config) {
		life := 10 * 24 * time.Hour
		cfg.SecurityCompliance.PasswordExpiresDays = &life
	})
	first := c.Authenticate(c.byCode(c.wrong())).Want(401)
	for _, user := range []string{
		`"id": "unknown", "passcode": "123456"`, `"name": "bob", "domain": {"name": "unknown"}, "passcode": "123456"`,
		`"name": "unknown", "domain": {"name": "shop"}, "passcode": "123456"`,
	} {
		if r := c.Authenticate(auth(`"methods": ["totp"], "totp": {"user": {` + user + `}}`)); r.Status != 401 || r.Body != first.Body {
			t.Errorf("%s: %d %s", user, r.Status, r.Body)
		}
	}
	for _, section := range []string{
		`null`, `1`, `[]`, `"x"`, `{}`, `{"user": null}`, `{"user": 1}`, `{"user": {}}`, `{"user": {"passcode": "1"}}`, `{"user": {"name": "bob", "passcode": "1"}}`,
		`{"user": {"name": "bob", "domain": {}, "passcode": "1"}}`, `{"user": {"id": {"x": 1}, "passcode": "1"}}`,
	} {
		if r := c.Authenticate(auth(`"methods": ["totp"], "totp": ` + section)); r.Status != 400 && r.Status != 401 {
			t.Errorf("%s: got %d", section, r.Status)
		}
	}
	c.admin.Patch("/v3/users/"+c.bob, `{"user": {"options": {"ignore_lockout_failure_attempts": true}}}`).Want(200)
	for _, code := range []string{`null`, c.code(c.seed, 0), `true`, `["` + c.code(c.seed, 0) + `"]`, `{}`, `""`} {
		body := auth(`"methods": ["totp"], "totp": {"user": {"id": "` + c.bob + `", "passcode": ` + code + `}}`)
		if r := c.Authenticate(body); r.Status != 400 && r.Status != 401 {
			t.Errorf("passcode %s: got %d", code, r.Status)
		}
	}
	c.Authenticate(auth(`"methods": ["totp"], "totp": {"user": {"id": "` + c.bob + `"}}`)).Want(401)
	alice := c.user("alice") // who has no seed
	c.Authenticate(auth(`"methods": ["totp"], "totp": {"user": {"id": "` + alice + `", "passcode": ""}}`)).Want(401)

	set := func(enabled bool) {
		c.admin.Patch("/v3/users/"+c.bob, object{"user": object{"enabled": enabled}}).Want(200)
	}
	c.Clock.Advance(10 * time.Minute) // until codes are looked at again
	set(false)
	c.Authenticate(c.byCode(c.code(c.seed, 0))).Want(401)
	set(true)
	c.Authenticate(c.byCode(c.code(c.seed, 0))).Want(201)
	c.Clock.Advance(10 * 24 * time.Hour)
	c.Authenticate(c.byCode(c.code(c.seed, 0))).Want(401) // the password has expired
}

// S-028
func TestPasswordAndPasscode(t *testing.T) {
	c := newGuarded(t)
	c.rules(`[["password", "totp"]]`)
	r := c.login(testenv.Unscoped).Want(401)
	receipt := r.Header.Get("Openstack-Auth-Receipt")
	if got := fmt.Sprint(r.Value("receipt.methods"), r.Value("required_auth_methods")); receipt == "" || got != "[password] [[password totp]]" {
		t.Errorf("receipt: %v %s", r.Header, r.Body)
	}
	r = c.Post("/v3/auth/tokens", c.byCode(c.code(c.seed, 0), testenv.OnProjectID(c.project)), "Openstack-Auth-Receipt", receipt).Want(201)
	if got := fmt.Sprint(r.List("token.methods")); got != "[totp password]" {
		t.Errorf("methods: %s", got)
	}
	c.next()
	c.Authenticate(c.both(rightPassword, c.code(c.seed, 0))).Want(201)
	c.next()
	c.Authenticate(auth(`"methods": ["totp", "password"], "password": {"user": {"id": "` + c.bob + `", "password": "secret"}}, ` + c.passcode(c.code(c.seed, 0)))).Want(201)
	c.next()
	c.Authenticate(c.both("wrong", c.code(c.seed, 0))).Want(401)

	// S-031: methods of two users prove neither.
	alice := c.user("alice")
	c.next()
	c.Authenticate(auth(`"methods": ["password", "totp"], "password": {"user": {"id": "` + alice + `", "password": "secret"}}, ` + c.passcode(c.code(c.seed, 0)))).Want(401)
}

// Receipts outlive a rotation of their keys, and end with the key that sealed them. S-029
func TestReceiptsAndTheirKeys(t *testing.T) {
	c := newGuarded(t)
	c.rules(`[["password", "totp"]]`)
	keys := token.Repository{Dir: c.cfg.FernetReceipts.KeyRepository, MaxActive: c.cfg.FernetReceipts.MaxActiveKeys}
	receipt := c.login().Want(401).Header.Get("Openstack-Auth-Receipt")
	rotate := func() {
		t.Helper()
		if err := keys.Rotate(); err != nil {
			t.Fatal(err)
		}
		c.next()
	}
	rotate()
	c.Post("/v3/auth/tokens", c.byCode(c.code(c.seed, 0)), "Openstack-Auth-Receipt", receipt).Want(201)
	for range c.cfg.FernetReceipts.MaxActiveKeys - 1 {
		rotate()
	}
	r := c.Post("/v3/auth/tokens", c.byCode(c.code(c.seed, 0)), "Openstack-Auth-Receipt", receipt).Want(401)
	if r.Message() != "Could not find auth receipt: "+receipt+"." {
		t.Errorf("got %s", r.Body)
	}
	fresh := c.login().Want(401).Header.Get("Openstack-Auth-Receipt")
	c.next()
	c.Post("/v3/auth/tokens", c.byCode(c.code(c.seed, 0)), "Openstack-Auth-Receipt", fresh).Want(201)
}
