package portal

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dashboard starts one that logs people in to the cloud by the code that Horizon does it with, and returns its address.
func (s *Story) dashboard() string {
	s.Helper()
	dir := s.TempDir()
	port := fmt.Sprint(freePort(s.T))
	log := filepath.Join(dir, "log")
	out := must[*os.File](s.T)(os.Create(log))
	cmd := exec.Command(filepath.Join(peers, "clients/bin/python"), "-B", filepath.Join(repo, "conformance/suites/portal/dashboard.py"), s.URL+"/v3", port, dir)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(peers, "horizon"))
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		out.Close()
	})
	at := "http://localhost:" + port
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(at + "/ready"); err == nil {
			r.Body.Close()
			return at
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(log)
			s.Fatalf("the dashboard does not start: %s", text)
		}
	}
}

// The second factor that somebody turns on in the portal is one for the clients that there are: Horizon asks for a code, and so does the
// openstack command; neither takes a wrong one, nor one twice.
func TestClientsWithSecondFactor(t *testing.T) {
	tell(t, "B22 B28 B29", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		board := s.dashboard()
		enter := func() *Person {
			return s.Visitor().Open(board+"/").Fill("User Name", "ayesha").Fill("Password", secret).Press("Sign In")
		}
		sh := s.Shell("ayesha", secret, "project acme-web")
		enter().Sees("ayesha works on acme-web as", "member")
		sh.Run("openstack token issue")

		phone, codes := enrol(p)
		q := enter().Sees("Passcode").SeesNot("acme-web")
		q.Fill("Passcode", phone.Wrong()).Press("Sign In").Sees("Invalid credentials.", "Passcode")
		q.Fill("Passcode", codes[1]).Press("Sign In").Sees("Invalid credentials.", "Passcode") // recovery codes are the portal's
		used := phone.Code()
		q.Fill("Passcode", used).Press("Sign In").Sees("ayesha works on acme-web as", "member", "Projects: acme-web")
		_, _, body := s.root.send("GET", "/v3/auth/tokens", nil, "X-Subject-Token", q.Shown("token"))
		methods, _ := at(body, "token.methods").([]any)
		for _, m := range []any{"password", "totp"} {
			if !slices.Contains(methods, m) {
				s.Errorf("the dashboard's token is by %v", methods)
			}
		}
		enter().Fill("Passcode", used).Press("Sign In").Sees("Invalid credentials.", "Passcode")

		sh.Refused("openstack token issue", "Not all required auth rules were satisfied: [['password', 'totp']]")
		both := s.Shell("ayesha", secret, "project acme-web")
		both.env = append(both.env, "OS_AUTH_TYPE=v3multifactor", "OS_AUTH_METHODS=v3password,v3totp")
		const issue = " openstack token issue -f value -c project_id"
		both.Refused("OS_PASSCODE="+phone.Wrong()+issue, "401")
		both.Refused("OS_PASSCODE="+used+issue, "401")
		used = phone.Code()
		if out := both.Run("OS_PASSCODE=" + used + issue); strings.TrimSpace(out) != s.id("projects", "acme-web") {
			s.Error(out)
		}
		both.Refused("OS_PASSCODE="+used+issue, "401")
	})
}
