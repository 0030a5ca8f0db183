package main

import (
	"bufio"
	"context"
	"database/sql"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lintel is the command under test: this test binary, which TestMain lets act as lintel.
func lintel(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "lintel")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, link, args...)
	cmd.Args[0] = "lintel"
	cmd.Env = append(os.Environ(), "HOME="+dir, "OS_BOOTSTRAP_PASSWORD=")
	return cmd
}

// start runs a command until it says where it serves.
func start(t *testing.T, cmd *exec.Cmd) (url string, said []string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said = append(said, lines.Text())
		if _, url, ok := strings.Cut(lines.Text(), "serves Identity v3 on "); ok {
			if complaints.Len() > 0 {
				t.Errorf("on standard error: %s", complaints.String())
			}
			return url, said
		}
	}
	t.Fatalf("it ended without serving: %q %s", said, complaints.String())
	return "", nil
}

func TestUpTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := lintel(t, "up", "--data", dir, "--listen", "127.0.0.1:0")
	url, said := start(t, first)
	password := regexp.MustCompile(`with the password (\S+)`).FindStringSubmatch(strings.Join(said, "\n"))
	if password == nil {
		t.Fatalf("no password is printed: %q", said)
	}
	for _, name := range []string{"admin-openrc.sh", "clouds.yaml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), password[1]) || !strings.Contains(string(text), url) {
			t.Errorf("%s lacks the password or %s: %s", name, url, text)
		}
		if info, _ := os.Stat(filepath.Join(dir, name)); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode())
		}
	}
	logIn(t, url, password[1])
	links := regexp.MustCompile(`(?m)^http://127\.0\.0\.1:\d+/portal/reset/\S+$`)
	link := links.FindString(strings.Join(said, "\n"))
	chooses(t, link)
	again, err := lintel(t, "bootstrap-link", "--data", dir, "--listen", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/v3")).Output()
	if another := links.FindString(string(again)); err != nil || another == "" || another == link {
		t.Errorf("another link: %q, %v", again, err)
	} else {
		chooses(t, another)
	}
	stop(t, first)

	before := snapshot(t, dir)
	second := lintel(t, "up", "--data", dir, "--listen", "127.0.0.1:0")
	url, said = start(t, second)
	if len(said) != 2 || said[0] != "Browsers find the portal on "+strings.TrimSuffix(url, "/v3")+"/portal" {
		t.Errorf("a second start says something else than where it serves: %q", said)
	}
	logIn(t, url, password[1])
	stop(t, second)
	if after := snapshot(t, dir); after != before {
		t.Errorf("a second start changed something:\n%s\n%s", before, after)
	}
}

func logIn(t *testing.T, url, password string) {
	t.Helper()
	body := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "domain": {"id": "default"}, "password": "` + password + `"}}}}}`
	resp, err := http.Post(url+"/auth/tokens", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusCreated {
		t.Fatalf("log in: %d %s", resp.StatusCode, text)
	}
}

// chooses wants a page where the administrator chooses a password.
func chooses(t *testing.T, link string) {
	t.Helper()
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || !strings.Contains(string(text), "For the account admin") {
		t.Errorf("%s: %d %s", link, resp.StatusCode, text)
	}
}

// stop ends a server as an init system does, and wants exit status 0.
func stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// snapshot is what a data folder holds, but for the days on which people were last seen.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "lintel.db") {
			return err
		}
		text, err := os.ReadFile(path)
		all.WriteString(path + "\n" + string(text) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "lintel.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range []string{"user", "local_user", "password", "project", "role", "implied_role", "assignment", "system_assignment", "region", "service", "endpoint"} {
		rows, err := db.Query(`SELECT * FROM "` + table + `" ORDER BY 1, 2`)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if columns[i] != "last_active_at" {
					all.WriteString(v.String + "|")
				}
			}
			all.WriteString("\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close() //nolint:sqlclosecheck // a loop; what is left open by a failure ends with db
	}
	return all.String()
}

func TestUpSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	database := func(statements ...string) string {
		dir := t.TempDir()
		db, err := sql.Open("sqlite", filepath.Join(dir, "lintel.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"busy port", []string{"--listen", taken.Addr().String(), "--data", t.TempDir()}, "choose another address with --listen"},
		{"no folder", []string{"--data", filepath.Join(file, "data"), "--listen", "127.0.0.1:0"}, "choose another with --data"},
		{"foreign database", []string{"--listen", "127.0.0.1:0", "--data", database(`CREATE TABLE songs (id int)`)}, "choose another folder with --data"},
		{"newer database", []string{"--listen", "127.0.0.1:0", "--data", database(
			`CREATE TABLE local_user (id int)`, `CREATE TABLE alembic_version (version_num varchar(32))`, `INSERT INTO alembic_version VALUES ('f00')`)},
			"start a newer Lintel"},
		{"no configuration", []string{"--data", t.TempDir(), "--config-file", file + ".conf"}, file + ".conf"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := lintel(t, append([]string{"up"}, tt.args...)...)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("it started")
			}
			if lines := strings.Count(string(out), "\n"); lines != 1 || !strings.Contains(string(out), tt.want) {
				t.Errorf("want one line that says %q, got %q", tt.want, out)
			}
		})
	}
}

// S-139, as far as one slow request shows it.
func TestStopFinishesRequests(t *testing.T) {
	cmd := lintel(t, "up", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	url, _ := start(t, cmd)
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/v3"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"auth": {}}`
	io.WriteString(conn, "POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 12\r\nConnection: close\r\n\r\n")
	answer := bufio.NewReader(conn)
	if line, _ := answer.ReadString('\n'); !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q", line)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.WriteString(conn, body)
	rest, _ := io.ReadAll(answer)
	if !strings.Contains(string(rest), "400 Bad Request") {
		t.Errorf("a request in flight is not finished: %q", rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
