package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 123_456_789, time.UTC)

// write hands h one record of noon.
func write(ctx context.Context, h slog.Handler, level slog.Level, msg string, args ...any) {
	r := slog.NewRecord(noon, level, msg, 0)
	r.Add(args...)
	if h.Enabled(ctx, level) {
		h.Handle(ctx, r)
	}
}

// inRequest returns a context as Handler makes them.
func inRequest(ctx context.Context, global string) context.Context {
	ctx = withRequest(ctx, &Request{ID: "req-1", GlobalID: global})
	SetCaller(ctx, "alice", "acme")
	return ctx
}

func TestLine(t *testing.T) {
	var b bytes.Buffer
	h := newLineHandler(&b, slog.LevelInfo)
	pid := strconv.Itoa(os.Getpid())
	for _, tt := range []struct {
		name string
		do   func()
		want string
	}{
		{"outside of a request", func() { write(t.Context(), h, slog.LevelInfo, "ready", "url", "http://127.0.0.1:5000") },
			"INFO lintel [-] ready url=http://127.0.0.1:5000"},
		{"in a request", func() { write(inRequest(t.Context(), ""), h, slog.LevelWarn, "hm") },
			"WARNING lintel [None req-1 alice acme - - - -] hm"},
		{"with the client's id", func() {
			write(inRequest(t.Context(), "req-2"), h, slog.LevelError, "no", "error", errors.New("disk full"))
		},
			`ERROR lintel [req-2 req-1 alice acme - - - -] no error="disk full"`},
		{"critical", func() { write(t.Context(), h, levelCritical, "gone") }, "CRITICAL lintel [-] gone"},
		{"below the level", func() { write(t.Context(), h, slog.LevelDebug, "x") }, ""},
		{"named, with groups", func() {
			g := h.WithAttrs([]slog.Attr{slog.String("logger", "store"), slog.Int("node", 3)}).WithGroup("tx").WithAttrs([]slog.Attr{slog.Bool("ok", true)})
			write(t.Context(), g, slog.LevelInfo, "done", "took", 2*time.Second, slog.Group("sql", "n", uint(4), "at", noon))
		}, "INFO lintel.store [-] done node=3 tx.ok=true tx.took=2s tx.sql.n=4 tx.sql.at=2026-11-26T12:00:00.123456789Z"},
	} {
		b.Reset()
		tt.do()
		want := tt.want
		if want != "" {
			want = "2026-11-26 12:00:00.123 " + pid + " " + want + "\n"
		}
		if got := b.String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
		}
	}
}

// S-125: a line break cannot forge a record.
func TestOneRecordIsOneLine(t *testing.T) {
	hostile := "x\n2026-11-26 12:00:00.000 1 INFO lintel [-] admin logged in\r\u2028\u2029\u0085\x1b[2J\x00\xff\u202e"
	for name, open := range map[string]func(*bytes.Buffer) slog.Handler{
		"line": func(b *bytes.Buffer) slog.Handler { return newLineHandler(b, slog.LevelInfo) },
		"json": func(b *bytes.Buffer) slog.Handler { return newJSONHandler(b, slog.LevelInfo) },
	} {
		var b bytes.Buffer
		h := open(&b)
		write(t.Context(), h, slog.LevelInfo, hostile)
		write(t.Context(), h, slog.LevelInfo, "m", hostile, 1)
		write(t.Context(), h, slog.LevelInfo, "m", "user", hostile, "err", errors.New(hostile), "any", []string{hostile})
		write(t.Context(), h.WithGroup(hostile), slog.LevelInfo, "m", "a", 1)
		if got := strings.Count(b.String(), "\n"); got != 4 {
			t.Errorf("%s: got %d lines for 4 records:\n%s", name, got, b.String())
		}
		if strings.ContainsAny(b.String(), "\r\u2028\u2029\x1b\x00") {
			t.Errorf("%s: control characters in %q", name, b.String())
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	h := newJSONHandler(&b, slog.LevelInfo)
	write(inRequest(t.Context(), "req-2"), h, slog.LevelWarn, "hm", "level", "mine", "time", 5, "n", 1)
	write(t.Context(), h.WithAttrs([]slog.Attr{slog.String("logger", "store")}), slog.LevelInfo, "x", "password", "hunter2")
	var got []map[string]any
	for line := range strings.Lines(b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if m["process"] != float64(os.Getpid()) {
			t.Errorf("got process %v", m["process"])
		}
		delete(m, "process")
		delete(m, "hostname")
		got = append(got, m)
	}
	want := []map[string]any{
		{"asctime": "2026-11-26 12:00:00.123", "levelname": "WARNING", "message": "hm", "name": "lintel", "level": "mine", "time": 5., "n": 1.,
			"context": map[string]any{"request_id": "req-1", "global_request_id": "req-2", "user_id": "alice", "project_id": "acme"}},
		{"asctime": "2026-11-26 12:00:00.123", "levelname": "INFO", "message": "x", "name": "lintel.store", "password": "***"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	const (
		fernet = "gAAAAABpJu9kX1Yq-0pYw3b8VYJ5Q0aVb2o_7Wk2nC3mWw=="
		jwt    = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
		secret = "hunter2"
		link   = "pWQ3vN0c8qk2D-yB7m_Hs5tZ1xJ4fR6aL9eGoUiTnXw"
	)
	type login struct{ User, Password string }
	for i, args := range [][]any{
		{"password", secret},
		{"admin_token", secret},
		{"X-Auth-Token", secret},
		{"UserPassword", secret},
		{"client secret", secret},
		{"Openstack-Auth-Receipt", secret},
		{"totp", secret},
		{"password", []byte(secret)},
		{"id", fernet},
		{"err", fmt.Errorf("bad token %s", fernet)},
		{"note", "Bearer " + jwt},
		{"dsn", "mysql+pymysql://keystone:" + secret + "@db:3306/keystone"},
		{"dsn", "postgresql://keystone:" + secret + "p@ss/w:rd@db/keystone"},
		{"err", errors.New(`cannot decode {"auth": {"password": "` + secret + `"}}`)},
		{"err", errors.New("cannot decode {'secret': '" + secret + "'}")},
		{"err", errors.New("form password=" + secret + "&x=1")},
		{"err", errors.New("X-Subject-Token: " + secret)},
		{"err", errors.New("Authorization: Basic " + secret)},
		{"path", "/portal/factor/" + link}, {"path", "/portal/address/" + link}, {"path", "/portal/signup/" + link}, {"path", "/portal/unsubscribe/" + link},
		{"path", "/portal/login?next=%2Fportal%2Freset%2F" + link},
		{"login", login{"alice", secret}},
		{"header", http.Header{"X-Auth-Token": {secret}, "Cookie": {secret}}},
		{slog.Group("token", "id", secret)},
		{slog.Group("request", slog.Group("credentials", "secret", secret))},
	} {
		var b bytes.Buffer
		for _, h := range []slog.Handler{newLineHandler(&b, slog.LevelInfo), newJSONHandler(&b, slog.LevelInfo)} {
			b.Reset()
			write(t.Context(), h, slog.LevelInfo, "m", args...)
			for _, leak := range []string{secret, fernet, jwt, link, "w:rd"} {
				if strings.Contains(b.String(), leak) {
					t.Errorf("case %d leaks: %s", i, b.String())
				}
			}
			if !strings.Contains(b.String(), masked) {
				t.Errorf("case %d: nothing masked in %s", i, b.String())
			}
			b.Reset()
			write(t.Context(), h, slog.LevelInfo, fmt.Sprintf("it was %s, %s and password=%s", fernet, jwt, secret))
			for _, leak := range []string{secret, fernet, jwt} {
				if strings.Contains(b.String(), leak) {
					t.Errorf("message leaks: %s", b.String())
				}
			}
		}
	}
}

func TestProseIsNotMasked(t *testing.T) {
	for _, s := range []string{
		"GET /v3/auth/tokens", "invalid token: expired", "The password is expired and needs to be changed for user: alice",
		"listening on http://127.0.0.1:5000", "rule identity:validate_token", "10:47:54", "secret rotation done", "user=alice",
	} {
		if got := scrub(s); got != s {
			t.Errorf("scrub(%q) = %q", s, got)
		}
	}
	if a := redact(nil, slog.Int("tokens", 3)); a.Value.Int64() != 3 {
		t.Errorf("got %v for a count of tokens", a)
	}
}

// openLog opens the log and returns it with what it writes to standard output and error.
func openLog(t *testing.T, o LogOptions) (l *Log, out, err *bytes.Buffer) {
	t.Helper()
	out, err = new(bytes.Buffer), new(bytes.Buffer)
	o.Out, o.Err = out, err
	l, e := OpenLog(o)
	if e != nil {
		t.Fatal(e)
	}
	t.Cleanup(func() { l.Close() })
	return l, out, err
}

func TestWhereTheLogGoes(t *testing.T) {
	dir := t.TempDir()
	read := func(name string) string {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		return string(text)
	}
	pythonINI := filepath.Join(dir, "logging.conf")
	for _, tt := range []struct {
		name             string
		options          LogOptions
		python           string // log_config_append
		file             string
		out, err, toFile bool
		debug            bool
	}{
		{name: "nothing asked for", out: true},
		{name: "stderr", options: LogOptions{Stderr: true}, err: true},
		{name: "quiet", options: LogOptions{Stderr: true, Quiet: true}},
		{name: "debug", options: LogOptions{Stderr: true, Debug: true}, err: true, debug: true},
		{name: "file", options: LogOptions{File: filepath.Join(dir, "a.log")}, file: "a.log", toFile: true},
		{name: "file and stderr", options: LogOptions{File: filepath.Join(dir, "b.log"), Stderr: true}, file: "b.log", toFile: true, err: true},
		{name: "dir", options: LogOptions{Dir: dir, Program: "lintel"}, file: "lintel.log", toFile: true},
		{name: "dir and file", options: LogOptions{Dir: dir, File: "c.log"}, file: "c.log", toFile: true},
		{name: "dir and absolute file", options: LogOptions{Dir: "/nowhere", File: filepath.Join(dir, "d.log")}, file: "d.log", toFile: true},
		// As openstack-helm writes it.
		{name: "python, keystone's logger", python: "[loggers]\nkeys = root,keystone\n[handlers]\nkeys = stdout,stderr,null\n[formatters]\nkeys = context\n" +
			"[logger_root]\nlevel = WARNING\nhandlers = 'null'\n[logger_keystone]\nlevel = DEBUG\nhandlers = stdout\nqualname = keystone\n" +
			"[handler_null]\nclass = logging.NullHandler\nargs = ()\n[handler_stdout]\nclass = StreamHandler\nargs = (sys.stdout,)\nformatter = context\n" +
			"[handler_stderr]\nclass = StreamHandler\nargs = (sys.stderr,)\n", out: true, debug: true},
		{name: "python, file of the root", python: "# c\n[logger_root]\nlevel: INFO\nhandlers: f, e\n[handler_f]\nclass = logging.handlers.WatchedFileHandler\n" +
			"args = ('" + filepath.Join(dir, "p.log") + "', 'a')\n[handler_e]\nclass = logging.StreamHandler\nargs = (sys.stderr,)\nlevel = ERROR\n", file: "p.log", toFile: true},
		{name: "python, what there is not", python: "[logger_root]\nlevel = INFO\nhandlers = fluent\n[handler_fluent]\nclass = fluent.handler.FluentHandler\nargs = ('openstack.keystone', 'localhost', 24224)\n", err: true},
		{name: "python, nothing to be read", python: "nonsense\n[logger_root]\nlevel = INFO\n", err: true},
		{name: "python, null", python: "[logger_root]\nlevel = INFO\nhandlers = n\n[handler_n]\nclass = logging.NullHandler\n"},
		{name: "python, no propagation", python: "[logger_root]\nlevel = INFO\nhandlers = e\n[logger_k]\nqualname = keystone\nlevel = NOTSET\npropagate = 0\nhandlers = o\n" +
			"[handler_e]\nclass = StreamHandler\nargs = (sys.stderr,)\n[handler_o]\nclass = StreamHandler\nargs = (sys.stdout,)\n", out: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.options
			if tt.python != "" {
				if err := os.WriteFile(pythonINI, []byte(tt.python), 0o600); err != nil {
					t.Fatal(err)
				}
				o.ConfigAppend = pythonINI
			}
			l, out, errOut := openLog(t, o)
			l.Info("hello")
			l.Close()
			for _, p := range []struct {
				place string
				got   string
				want  bool
			}{{"stdout", out.String(), tt.out}, {"stderr", errOut.String(), tt.err}, {"file", read(tt.file), tt.toFile}} {
				if got := strings.HasSuffix(p.got, " INFO lintel [-] hello\n"); got != p.want {
					t.Errorf("%s holds %q, want a line: %t", p.place, p.got, p.want)
				}
			}
			if got := l.Enabled(t.Context(), slog.LevelDebug); got != tt.debug {
				t.Errorf("debug is on: %t, want %t", got, tt.debug)
			}
		})
	}
}

func TestPythonsJSONFormatter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logging.conf")
	text := "[logger_root]\nlevel = INFO\nhandlers = o\n[handler_o]\nclass = StreamHandler\nargs = (sys.stdout,)\nformatter = j\n[formatter_j]\nclass = oslo_log.formatters.JSONFormatter\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, out, _ := openLog(t, LogOptions{ConfigAppend: path})
	l.Info("hello")
	l.Close()
	if !json.Valid(out.Bytes()) {
		t.Errorf("got %s, want JSON", out)
	}
}

// S-141
func TestLogThatCannotBeOpened(t *testing.T) {
	for _, o := range []LogOptions{{File: "/nowhere/keystone.log"}, {ConfigAppend: "/nowhere/logging.conf"}, {Dir: "/nowhere", Program: "lintel"}} {
		_, err := OpenLog(o)
		if err == nil || !strings.Contains(err.Error(), "/nowhere/") {
			t.Errorf("%+v: got error %v, want one that names the file", o, err)
		}
	}
}

func TestLogFollowsRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keystone.log")
	l, _, _ := openLog(t, LogOptions{File: path})
	now := noon
	l.files[0].now = func() time.Time { return now }
	l.files[0].checked = now
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	l.Info("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	l.Info("two") // within the second: still to the old file, and not lost
	now = now.Add(time.Second)
	l.Info("three")
	if got := read(path + ".1"); !strings.Contains(got, "one\n") || !strings.Contains(got, "two\n") {
		t.Errorf("the rotated file holds %q", got)
	}
	if got := read(path); !strings.Contains(got, "three\n") || strings.Contains(got, "two\n") {
		t.Errorf("the new file holds %q", got)
	}
	// A signal does not wait.
	if err := os.Rename(path, path+".2"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Info("four")
	if got := read(path); !strings.Contains(got, "four\n") {
		t.Errorf("after Reopen the file holds %q", got)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("message", "key", "value")
	f.Add("a\nb", "c d", "gAAAAABpJu9kX1Yq-0pYw3b8VYJ5Q0aVb2o")
	f.Fuzz(func(t *testing.T, msg, key, value string) {
		var b bytes.Buffer
		h := newLineHandler(&b, slog.LevelInfo)
		write(t.Context(), h, slog.LevelInfo, msg, slog.String(key, value))
		if got := strings.Count(b.String(), "\n"); got != 1 || !strings.HasSuffix(b.String(), "\n") {
			t.Errorf("got %d line breaks in %q", got, b.String())
		}
	})
}
