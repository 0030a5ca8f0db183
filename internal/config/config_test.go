package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestVectors compares with what oslo.config itself makes of the same files; testdata/vectors.py wrote them.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Files   []string
		Options []string
		Want    map[string]any // nil: refused
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			dir := t.TempDir()
			var files []string
			for n, text := range v.Files {
				files = append(files, write(t, filepath.Join(dir, strconv.Itoa(n)+".conf"), text))
			}
			c, _, err := Load(files, nil)
			if v.Want == nil {
				if err == nil {
					t.Fatalf("%q: got %q, want a refusal", v.Files, values(c, v.Options, v.Want))
				}
				return
			}
			if err != nil {
				t.Fatalf("%q: got error %v, want %v", v.Files, err, v.Want)
			}
			if diff := cmp.Diff(v.Want, values(c, v.Options, v.Want)); diff != "" {
				t.Errorf("%q: -want +got\n%s", v.Files, diff)
			}
		})
	}
}

// values returns the options as vectors.py writes them.
func values(c *Config, names []string, want map[string]any) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		group, opt, _ := strings.Cut(name, ".")
		o, _ := find(group, opt)
		texts := o.get(c)
		switch {
		case o.kind == reflect.TypeFor[[]string]():
			list := []any{}
			if !o.multi && len(texts) == 1 {
				texts = splitList(texts[0])
			}
			for _, s := range texts {
				list = append(list, s)
			}
			m[name] = list
		case texts == nil && o.kind.Kind() == reflect.String && want[name] == "":
			m[name] = "" // unset and empty are one for our strings
		case texts == nil:
			m[name] = nil
		default:
			m[name] = texts[0]
		}
	}
	return m
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOptionsTable compares every option of Keystone's own groups with the list of what upstream registers: name, type,
// limits, default, former name.
func TestOptionsTable(t *testing.T) {
	text, err := os.ReadFile("testdata/options.tsv")
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	listed := map[*option]bool{}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	for _, row := range rows {
		cols := strings.Split(row, "\t")
		group, name, kind, fallback, deprecated := cols[0], cols[1], cols[2], cols[3], cols[4]
		o, old := find(group, name)
		if o == nil || old != 0 {
			t.Errorf("[%s] %s: there is no such option", group, name)
			continue
		}
		listed[o] = true
		if got := o.describe(); got != kind {
			t.Errorf("[%s] %s: got type %s, want %s", group, name, got, kind)
		}
		got := "<unset>"
		if texts := o.get(c); texts != nil {
			if got = strings.Join(texts, ","); got == "" {
				got = "<empty>"
			}
		} else if o.multi {
			got = "<empty>"
		}
		if got != fallback {
			t.Errorf("[%s] %s: got default %s, want %s", group, name, got, fallback)
		}
		got = "-"
		switch {
		case len(o.old) > 0:
			got = "old name [" + o.old[0].group + "] " + o.old[0].name
		case o.removal != "":
			got = "for removal since " + o.removal
		}
		if got != deprecated {
			t.Errorf("[%s] %s: got deprecation %q, want %q", group, name, got, deprecated)
		}
	}
	if len(rows) != 217 {
		t.Errorf("got %d options, want upstream's 217", len(rows))
	}
	oslo := map[string]bool{"DEFAULT": true, "database": true, "cache": true, "cors": true, "oslo_middleware": true, "oslo_policy": true,
		"oslo_messaging_notifications": true, "oslo_messaging_rabbit": true, "healthcheck": true, "lintel": true}
	for _, o := range table {
		if !listed[o] && !oslo[o.group] {
			t.Errorf("[%s] %s is no option upstream", o.group, o.name)
		}
	}
}

// describe names o's type in the words of options.tsv.
func (o *option) describe() string {
	kind := o.kind
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	bounds := ""
	if o.min != nil || o.max != nil {
		show := func(n *int64) string {
			if n == nil {
				return ""
			}
			return strconv.FormatInt(*n, 10)
		}
		bounds = "[" + show(o.min) + ".." + show(o.max) + "]"
	}
	switch {
	case o.multi:
		return "multi-string(repeatable)"
	case o.uri:
		return "uri"
	case o.secret:
		return "string secret"
	case o.fraction:
		return "float"
	case kind == reflect.TypeFor[bool]():
		return "boolean"
	case kind == reflect.TypeFor[int](), kind == reflect.TypeFor[time.Duration]():
		return "integer" + bounds
	case kind == reflect.TypeFor[[]string]():
		return "list(comma)"
	case kind == reflect.TypeFor[map[string][]string]():
		return "dict of lists"
	case o.choices != nil:
		return "string{" + strings.Join(o.choices, "|") + "}"
	}
	return "string"
}

// TestFieldsFollowNames keeps the fields' names those of the options.
func TestFieldsFollowNames(t *testing.T) {
	for _, o := range table {
		f := reflect.TypeFor[Config]().FieldByIndex(o.field)
		if got, want := strings.ToLower(f.Name), strings.ReplaceAll(o.name, "_", ""); got != want {
			t.Errorf("[%s] %s is the field %s", o.group, o.name, f.Name)
		}
	}
}

func TestDurations(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "keystone.conf"),
		"[token]\nexpiration = 90\n[credential]\nauth_ttl = 2\n[security_compliance]\npassword_expires_days = 90\n[ldap]\npool_retry_delay = 0.25\nconnection_timeout = -1\n[catalog]\ncache_time =\n")
	c, _, err := Load([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name      string
		got, want time.Duration
	}{
		{"seconds", c.Token.Expiration, 90 * time.Second},
		{"minutes", c.Credential.AuthTTL, 2 * time.Minute},
		{"days", *c.SecurityCompliance.PasswordExpiresDays, 90 * 24 * time.Hour},
		{"fraction", c.LDAP.PoolRetryDelay, 250 * time.Millisecond},
		{"negative", c.LDAP.ConnectionTimeout, -time.Second},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	if c.Catalog.CacheTime != nil || c.SecurityCompliance.LockoutFailureAttempts != nil {
		t.Error("an empty or missing number is set")
	}
}

// S-127, S-141: every wrong value is refused at once, with its place, and no secret is shown.
func TestAllFaultsAtOnce(t *testing.T) {
	dir := t.TempDir()
	one := write(t, filepath.Join(dir, "one.conf"), `[DEFAULT]
insecure_debug = maybe
strict_password_check = "False "
max_db_limit = -1
list_limit = many
notification_format = both
public_endpoint = keystone
admin_token = hunter2$nothing
nonsense hunter2
[token]
expiration = 9999999999999
provider = uuid
[fernet_tokens]
max_active_keys = 0
[database]
connection = mysql+pymysql://k:hunter2$x@db/k
[domain_config]
additional_whitelisted_options = ldap:url
[ldap]
pool_retry_delay = soon
`)
	two := write(t, filepath.Join(dir, "two.conf"), "stray = 1\n[receipt]\nexpiration = 86401\n[totp]\nincluded_previous_windows = 1_0\n")
	binary := write(t, filepath.Join(dir, "binary.conf"), "[DEFAULT]\n\xff\xfe")
	_, _, err := Load([]string{one, two, binary, filepath.Join(dir, "missing.conf")}, []string{filepath.Join(dir, "missing.d")})
	if err == nil {
		t.Fatal("no error")
	}
	got := strings.ReplaceAll(err.Error(), dir+"/", "")
	want := strings.Join([]string{
		`missing.d: cannot read the configuration directory: no such file or directory`,
		`one.conf:2: [DEFAULT] insecure_debug: "maybe" is not a boolean (true, false, yes, no, on, off, 1 or 0)`,
		`one.conf:3: [DEFAULT] strict_password_check: "False " is not a boolean (true, false, yes, no, on, off, 1 or 0)`,
		`one.conf:4: [DEFAULT] max_db_limit: -1 is less than 0`,
		`one.conf:5: [DEFAULT] list_limit: "many" is not an integer`,
		`one.conf:6: [DEFAULT] notification_format: "both" is not one of basic, cadf`,
		`one.conf:7: [DEFAULT] public_endpoint: "keystone" is not a URL with a scheme and a host`,
		`one.conf:8: [DEFAULT] admin_token: has a $ before what is no option; write \$ for a dollar sign`,
		`one.conf:9: no = or : in the line`,
		`one.conf:11: [token] expiration: 9999999999999 is out of range: at most 9223372036`,
		`one.conf:12: [token] provider: there is no "uuid" here, only fernet, jws`,
		`one.conf:14: [fernet_tokens] max_active_keys: 0 is less than 1`,
		`one.conf:16: [database] connection: has a $ before what is no option; write \$ for a dollar sign`,
		`one.conf:18: [domain_config] additional_whitelisted_options: "ldap:url" is not name:[item,...]`,
		`one.conf:20: [ldap] pool_retry_delay: "soon" is not a number in range`,
		`two.conf:1: the option stray stands before the first [group]`,
		`two.conf:3: [receipt] expiration: 86401 is more than 86400`,
		`two.conf:5: [totp] included_previous_windows: "1_0" is not an integer`,
		`binary.conf:2: the file is not UTF-8`,
		`missing.conf: cannot read the configuration file: no such file or directory`,
	}, "\n")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if strings.Contains(got, "hunter2") {
		t.Errorf("a secret is shown:\n%s", got)
	}
}

func TestWarnings(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "keystone.conf"), `[DEFAULT]
max_param_size = 64
use_syslog = true
colour = blue
max_project_tree_depth =
[assignment]
caching = false
[cache]
memcache_servers = a:11211
[oslo_messaging_rabbit]
rpc_conn_pool_size = 3
[lifesaver]
enabled = true
[auth]
oidc = mapped
openid = default
radius = sap.Radius
[oidc]
remote_id_attribute = HTTP_OIDC_ISS
`)
	c, warnings, err := Load([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, strings.ReplaceAll(w.String(), file, "keystone.conf"))
	}
	if diff := cmp.Diff([]string{"oidc"}, c.MappedMethods); diff != "" {
		t.Errorf("mapped methods, -want +got\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"oidc": "HTTP_OIDC_ISS"}, c.RemoteIDAttributes); diff != "" {
		t.Errorf("attributes of remote ids, -want +got\n%s", diff)
	}
	want := []string{
		"keystone.conf:2: [DEFAULT] max_param_size: is deprecated for removal since 2025.1",
		"keystone.conf:3: [DEFAULT] use_syslog: has no effect in Lintel: write to standard error and let the service manager collect it",
		"keystone.conf:4: [DEFAULT] colour: unknown option",
		"keystone.conf:7: [assignment] caching: is the former name of [resource] caching",
		"keystone.conf:9: [cache] memcache_servers: has no effect in Lintel: Lintel keeps its own cache; see [lintel] coherence",
		"keystone.conf:11: [oslo_messaging_rabbit] rpc_conn_pool_size: has no effect in Lintel: Keystone's notifications do not use it",
		"keystone.conf:13: [lifesaver] enabled: unknown group",
		"keystone.conf:17: [auth] radius: unknown option",
		"keystone.conf:5: [DEFAULT] max_project_tree_depth: is empty; 5 is used",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if c.Default.MaxProjectTreeDepth != 5 || c.Resource.Caching {
		t.Errorf("got depth %d and caching %t", c.Default.MaxProjectTreeDepth, c.Resource.Caching)
	}
}

// TestLayers is how an all-in-one start works: its own settings, then the operator's file, then the directory's.
func TestLayers(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "extra.conf"), "[token]\nexpiration = 60\nprovider = jws\n[fernet_tokens]\nkey_repository = ${DEFAULT_DIR}\n")
	if _, _, err := Load([]string{file}, nil); err == nil {
		t.Error("a reference to nothing is accepted")
	}
	write(t, file, "[token]\nexpiration = 60\nprovider = jws\n[fernet_receipts]\nkey_repository = ${fernet_tokens.key_repository}/receipts\n")
	d := filepath.Join(dir, "d [x]")
	if err := os.Mkdir(d, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(d, "20.conf"), "[token]\nprovider = fernet\n[federation]\ntrusted_dashboard = http://b\n")
	write(t, filepath.Join(d, "10.conf"), "[token]\nprovider = jws\n[federation]\ntrusted_dashboard = http://a\n")
	write(t, filepath.Join(d, "30.conf.bak"), "[token]\nprovider = jws\n")
	write(t, filepath.Join(d, ".40.conf"), "[token]\nprovider = jws\n")
	c, _, err := Load([]string{file}, []string{d}, func(c *Config) {
		c.Token.Expiration = time.Hour
		c.FernetTokens.KeyRepository = "/data/keys"
		c.Lintel.Coherence = "exclusive"
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Token.Expiration, c.Token.Provider, c.Federation.TrustedDashboard, c.FernetReceipts.KeyRepository, c.Lintel.Coherence, c.Catalog.Driver}
	want := []any{time.Minute, "fernet", []string{"http://a", "http://b"}, "/data/keys/receipts", "exclusive", "sql"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}

	t.Setenv("HOME", "/home/me")
	if diff := cmp.Diff([]string{d, d, dir, "/home/me/.keystone", "/home/me", "/etc/keystone", "/etc"}, c.Dirs()); diff != "" {
		t.Errorf("Dirs: -want +got\n%s", diff)
	}
}

func TestPaths(t *testing.T) {
	home := t.TempDir()
	own := filepath.Join(home, ".keystone")
	if err := os.MkdirAll(filepath.Join(own, "keystone.conf.d"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := write(t, filepath.Join(own, "keystone.conf"), "")
	write(t, filepath.Join(home, "keystone.conf"), "")
	confD := filepath.Join(own, "keystone.conf.d")
	early := write(t, filepath.Join(confD, "a.conf"), "")
	for _, tt := range []struct {
		name                string
		files, dirs         []string
		env                 map[string]string
		wantFiles, wantDirs []string
	}{
		{"nothing named", nil, nil, nil, []string{conf}, []string{confD}},
		{"a file", []string{"/x.conf"}, nil, nil, []string{early, "/x.conf"}, nil},
		{"a directory", nil, []string{"/x.d"}, nil, []string{conf}, []string{"/x.d"}},
		{"both", []string{"/x.conf"}, []string{"/x.d"}, nil, []string{"/x.conf"}, []string{"/x.d"}},
		{"environment", nil, nil, map[string]string{"OS_KEYSTONE_CONFIG_FILES": " a.conf ; /b.conf;", "OS_KEYSTONE_CONFIG_DIR": "/etc/x"}, []string{"/etc/x/a.conf", "/b.conf"}, []string{confD}},
		{"environment's directory alone", nil, nil, map[string]string{"OS_KEYSTONE_CONFIG_DIR": "/etc/x"}, []string{"/etc/x/keystone.conf"}, []string{confD}},
		{"environment's files alone", nil, nil, map[string]string{"OS_KEYSTONE_CONFIG_FILES": "a.conf"}, []string{"a.conf"}, []string{confD}},
		{"the command line wins", []string{"/x.conf"}, []string{"/x.d"}, map[string]string{"OS_KEYSTONE_CONFIG_DIR": "/etc/x"}, []string{"/x.conf"}, []string{"/x.d"}},
	} {
		env := func(name string) string {
			if name == "HOME" {
				return home
			}
			return tt.env[name]
		}
		files, dirs := Paths(tt.files, tt.dirs, env)
		if diff := cmp.Diff([][]string{tt.wantFiles, tt.wantDirs}, [][]string{files, dirs}); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}

// FuzzParse checks that no text breaks the parser, and that what it reads, written plainly, is read again the same.
func FuzzParse(f *testing.F) {
	f.Add("[DEFAULT]\na = b\n c\n\n# d\n[x]\ny: 'z'\n")
	f.Add("a\n[\n]\n = \n[]\r[a]\r\nb='\n\xff")
	f.Fuzz(func(t *testing.T, text string) {
		as, bad := parse(text)
		var plain strings.Builder
		for _, a := range as {
			if a.key == "" || a.group == "" || a.line < 1 {
				t.Fatalf("parse(%q) gives %+v", text, a)
			}
			plain.WriteString("[" + a.group + "]\n" + a.key + "='" + strings.ReplaceAll(a.value, "\n", "'\n ") + "'\n")
		}
		for _, e := range bad {
			if e.line < 1 || e.line > 1+strings.Count(text, "\n")+strings.Count(text, "\r") {
				t.Errorf("parse(%q) complains of line %d", text, e.line)
			}
		}
		again, bad := parse(plain.String())
		if len(again) != len(as) || len(bad) > 0 {
			t.Fatalf("parse(%q): %d assignments read again as %d, %v", text, len(as), len(again), bad)
		}
		for i := range as {
			if again[i].group != as[i].group || again[i].key != as[i].key {
				t.Errorf("parse(%q): %+v read again as %+v", text, as[i], again[i])
			}
		}
	})
}

// FuzzLoad checks that no value breaks the conversion of any option's type, nor changes when written and read again.
func FuzzLoad(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "a:[b,c]", "$log_dir", "${token.expiration}", "$auth.methods", "true", "http://a", "a, b,", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		for _, o := range table {
			l := &loader{c: c, done: map[*option]bool{}, busy: map[*option]bool{}}
			l.add(0, assignment{group: o.group, key: o.name, value: text, line: 1})
			if !l.resolve(o) || len(l.faults) > 0 {
				continue
			}
			once := o.get(c)
			if once == nil {
				continue
			}
			if err := o.set(c, once); err != nil {
				t.Errorf("[%s] %s: %q reads as %q, which is then refused: %v", o.group, o.name, text, once, err)
			}
			if twice := o.get(c); !slices.Equal(once, twice) {
				t.Errorf("[%s] %s: %q reads as %q and then as %q", o.group, o.name, text, once, twice)
			}
		}
	})
}
