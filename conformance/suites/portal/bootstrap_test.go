package portal

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A first start, and the administrator who opens what it prints. M4, P5
func TestFirstStart(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := &Story{T: t, way: w, Cloud: &Cloud{t: t, dir: t.TempDir()}}
			data := filepath.Join(s.dir, "data")
			s.listen("up", "--data", data)
			links := regexp.MustCompile(`http://\S+/portal/reset/\S+`)
			said := s.Said()
			first := regexp.MustCompile(`with the password (\S+)`).FindStringSubmatch(said)
			if first == nil || !strings.Contains(said, s.URL+"/portal\n") {
				t.Fatal(said)
			}
			here := s.Shell("", "", "")
			asAdmin := ". " + data + "/admin-openrc.sh && "
			here.Run(asAdmin + "openstack token issue")

			choose := func(link, password string) *Person {
				t.Helper()
				p := s.Visitor().Open(link).Sees("Choose a new password", "For the account admin")
				p.Fill("New password", password).Fill("New password, again", password).Press("Set the password").Sees("Your password was set")
				return p.Fill("User name", "admin").Fill("Password", password).Press("Sign in")
			}
			link := links.FindString(said)
			phone, _ := confirmPhone(choose(link, "Autumn-Rain-7").Sees("your password alone opens nothing").Press("Continue")) // no passkey, which an address without a name cannot have
			s.Visitor().Open(link).Sees("does not work any more")
			here.Refused(asAdmin+"openstack token issue", "401") // the files lack the new one
			s.Visitor().Open("/portal").Fill("User name", "admin").Fill("Password", first[1]).Press("Sign in").SeesNot("Your access")

			// Locked out, they print another link. Who has the phone still needs it, and who lost it says so.
			rescue := "lintel bootstrap-link --data " + data + " --listen " + strings.TrimPrefix(s.URL, "http://")
			p := choose(strings.TrimSpace(here.Run(rescue)), "Winter-Sun-8").Sees("Enter the code")
			p.Fill("Code", phone.Code()).Press("Continue").Sees("admin")
			p = choose(strings.TrimSpace(here.Run(rescue+" --reset-mfa")), "Spring-Wind-9").Sees("was reset")
			confirmPhone(p.Press("Continue"))
			p.Press("Home").Sees("Your access")
		})
	}
}

// listen starts a server on a free port, by a command line, and waits for it.
func (c *Cloud) listen(args ...string) {
	c.t.Helper()
	port := freePort(c.t)
	c.URL, c.log = fmt.Sprint("http://127.0.0.1:", port), filepath.Join(c.dir, "log")
	out := must[*os.File](c.t)(os.Create(c.log))
	c.serve(out, append(args, "--listen", fmt.Sprint("127.0.0.1:", port))...)
}
