package server_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
)

// start runs a server once, changes what lies in its folder, and tells how starting it again ends.
func start(t *testing.T, change func(dir string, c *config.Config)) error {
	t.Helper()
	env := testenv.New(t)
	cfg, _, err := config.Load(nil, nil, server.UpDefaults(env.Dir))
	if err != nil {
		t.Fatal(err)
	}
	change(env.Dir, cfg)
	s, err := server.Open(t.Context(), cfg, server.Options{Now: env.Clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		s.Close()
	}
	return err
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // in spite of the umask
		t.Fatal(err)
	}
}

// S-015, S-079
func TestUnsafeStartsAreRefused(t *testing.T) {
	if err := start(t, func(string, *config.Config) {}); err != nil {
		t.Fatalf("nothing wrong: %v", err)
	}
	null := strings.Repeat("A", 43) + "="
	for _, tt := range []struct {
		what   string
		change func(dir string, c *config.Config)
		says   string // beside the path
	}{
		{"keys open to all", func(_ string, c *config.Config) {
			os.Chmod(c.FernetTokens.KeyRepository, 0o755)
			os.Chmod(filepath.Join(c.FernetTokens.KeyRepository, "1"), 0o644)
		}, "open to everyone"},
		{"a folder of keys that all may change", func(_ string, c *config.Config) { os.Chmod(c.FernetTokens.KeyRepository, 0o777) }, "changed by everyone"},
		{"the key of zeros", func(_ string, c *config.Config) {
			write(t, filepath.Join(c.FernetTokens.KeyRepository, "7"), null, 0o600)
		}, "all zeros"},
		{"the credential keys", func(_ string, c *config.Config) { c.Credential.KeyRepository = c.FernetTokens.KeyRepository }, "credential key repository"},
		{"no keys", func(_ string, c *config.Config) { os.RemoveAll(c.FernetTokens.KeyRepository) }, "create keys with"},
	} {
		var repo string
		err := start(t, func(dir string, c *config.Config) { tt.change(dir, c); repo = c.FernetTokens.KeyRepository })
		if err == nil || !strings.Contains(err.Error(), repo) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v; want %s and %q", tt.what, err, repo, tt.says)
		}
	}
	for what, text := range map[string]string{
		"not a map":  "- a\n- b\n",
		"cut":        `{"identity:get_user": "role:admin`,
		"bad rule":   `"identity:get_user": "role:admin and"`,
		"a bad type": `"identity:get_user": 5`,
	} {
		var path string
		err := start(t, func(dir string, c *config.Config) {
			path = filepath.Join(dir, "policy.yaml")
			write(t, path, text, 0o600)
			c.OsloPolicy.PolicyFile = path
		})
		if err == nil || !strings.Contains(err.Error(), "policy.yaml") {
			t.Errorf("policy file, %s: %v", what, err)
		}
	}
}

// TestStrictLimitsNeedAFlatTree: the strict model of limits is refused where projects stand deeper than it knows of.
func TestStrictLimitsNeedAFlatTree(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	parent := "default"
	open := func() error {
		cfg, _, err := config.Load(nil, nil, server.UpDefaults(env.Dir), func(c *config.Config) { c.UnifiedLimit.EnforcementModel = "strict_two_level" })
		if err != nil {
			t.Fatal(err)
		}
		s, err := server.Open(t.Context(), cfg, server.Options{Now: env.Clock.Now, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			s.Close()
		}
		return err
	}
	for level := 1; level <= 3; level++ {
		parent = admin.Post("/v3/projects", map[string]any{"project": map[string]any{"name": strconv.Itoa(level), "parent_id": parent}}).Want(201).Value("project.id").(string)
		if err := open(); level < 3 && err != nil {
			t.Fatalf("%d levels: %v", level, err)
		} else if level == 3 && (err == nil || !strings.Contains(err.Error(), parent)) {
			t.Errorf("three levels: %v", err)
		}
	}
}

// TestPolicyFile: overrides count, and a rule that nobody defined denies. S-079
func TestPolicyFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "policy.yaml"), `
"identity:list_users": "rule:nobody_defined_this"
"identity:list_groups": "!"
"identity:get_auth_projects": "@"
`, 0o600)
	env := testenv.New(t, func(c *config.Config) { c.OsloPolicy.PolicyFile = filepath.Join(dir, "policy.yaml") })
	admin := env.Admin()
	admin.Get("/v3/users").Want(403)
	admin.Get("/v3/groups").Want(403)
	admin.Get("/v3/projects").Want(200)
}

// TestDatabasePassword: an address that cannot be reached is told without the password in it. S-124
func TestDatabasePassword(t *testing.T) {
	for _, scheme := range []string{"postgresql+psycopg2", "mysql+pymysql"} {
		err := start(t, func(_ string, c *config.Config) {
			c.Database.Connection = scheme + "://lintel:canary@127.0.0.1:1/none?connect_timeout=1"
		})
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// TestBootstrapTwice: however often and by however many at once it is run, there is one administrator, with the password
// given. S-078
func TestBootstrapTwice(t *testing.T) {
	dir := t.TempDir()
	rounds := 4
	cfg, _, err := config.Load(nil, nil, server.UpDefaults(dir), func(c *config.Config) { c.Identity.PasswordHashRounds = &rounds })
	if err != nil {
		t.Fatal(err)
	}
	opt := server.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }}
	node := func() *store.DB {
		db, err := server.OpenDatabase(t.Context(), cfg, opt)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	nodes := []*store.DB{node(), node(), node()}
	if err := nodes[0].Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	for _, db := range nodes {
		go func() {
			b := server.DefaultBootstrap()
			b.Password, b.Region, b.PublicURL, b.InternalURL, b.AdminURL = testenv.Password, "RegionOne", "http://a/v3", "http://a/v3", "http://a/v3"
			done <- b.Run(t.Context(), cfg, db)
		}()
	}
	for range nodes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	fresh := testenv.New(t)
	env := testenv.Open(t, dir, fresh.Clock)
	admin := env.Admin()
	for _, path := range []string{"users", "projects", "domains", "roles", "services", "endpoints"} {
		got, want := len(admin.Get("/v3/"+path).Want(200).List(path)), len(fresh.Admin().Get("/v3/"+path).Want(200).List(path))
		if got != want {
			t.Errorf("%d %s, want %d", got, path, want)
		}
	}
	for _, password := range []string{"", "admin", "password", "secret", "changeme"} {
		env.Authenticate(testenv.Body("admin", password)).Want(401)
	}
}

// TestUpTakesOneTimeCodes: the method comes after all others, since tokens know a method by its place in the list.
func TestUpTakesOneTimeCodes(t *testing.T) {
	plain, _, err := config.Load(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	up, _, err := config.Load(nil, nil, server.UpDefaults(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if want := append(slices.Clone(plain.Auth.Methods), "totp"); !slices.Equal(up.Auth.Methods, want) {
		t.Errorf("got %v, want %v", up.Auth.Methods, want)
	}
}
