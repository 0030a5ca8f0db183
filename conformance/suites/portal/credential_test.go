package portal

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// credential is an application credential at a terminal.
func (s *Story) credential(id, secret string) *Shell {
	sh := s.Shell("", "", "")
	sh.env = []string{"OS_AUTH_URL=" + s.URL + "/v3", "OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=RegionOne", "OS_AUTH_TYPE=v3applicationcredential",
		"OS_APPLICATION_CREDENTIAL_ID=" + id, "OS_APPLICATION_CREDENTIAL_SECRET=" + secret}
	return sh
}

// Everything that one may choose of an application credential is what the API then shows, and its secret is shown once.
func TestApplicationCredential(t *testing.T) {
	tell(t, "M8 M9 M10 B12 B14 B16", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		p.Press("Credentials").Sees("None yet", "Give each program a credential of its own").PressFirst("Create a credential", "None yet")
		ends := time.Now().AddDate(0, 3, 0).UTC().Format(time.DateOnly)
		p.Fill("Name", "backup").Fill("Description (optional)", "nightly, of acme-web").Choose("It ends", "on a day").Fill("Day, if on a day", ends).Fill("Time of that day (optional)", "12:30").Tick("reader")
		p.Choose("Service", "identity").Choose("Method", "GET").Fill("Path", "/v3/projects/**").Press("Another rule")
		if p.Value("Name") != "backup" || p.Value("Day, if on a day") != ends || !p.Ticked("reader") {
			s.Error("what was typed is gone")
		}
		// Rules are made of what services say they do, and tell what they let through.
		p.Fill("Find an operation", "list projects").Press("Find an operation").Sees("identity GET /v3/projects").PressFirst("Add", "identity GET /v3/projects")
		if got := p.Value("Name"); got != "backup" {
			s.Errorf("the name is %q", got)
		}
		s.alike(p, "project acme-web", p.Terminal(), func() { p.Press("Create the credential").Sees("backup", "shown this once") })
		id, given := p.Shown("id"), p.Shown("secret")
		if _, kept := p.Came("Cache-Control"); kept != "no-store" {
			s.Errorf("the page with the secret may be kept: %q", kept)
		}
		for _, file := range []string{"clouds.yaml", "openrc.sh", ".env", "Terraform"} {
			p.Sees(file)
		}
		sh := s.Shell("ayesha", secret, "project acme-web")
		shown := fmt.Sprint(sh.JSON("openstack application credential show " + id))
		for _, want := range []string{"backup", "nightly, of acme-web", ends + "T12:30:00.000000", "reader", "/v3/projects/**"} {
			if !strings.Contains(shown, want) {
				s.Errorf("the command does not show %q: %s", want, shown)
			}
		}
		if strings.Contains(shown, given) || strings.Contains(shown, "manager") {
			s.Errorf("the command shows %s", shown)
		}
		if out := s.credential(id, given).Run("openstack token issue -f value -c project_id"); !strings.Contains(out, s.id("projects", "acme-web")) {
			s.Error(out)
		}
		// Neither going back nor loading again shows it.
		p.Press("I have saved it").Row("backup", "acme-web", "reader", "2 access rules", "in 9", "Delete")
		p.SeesNot(given)
		p.Open("/portal/credentials/new").Fill("Name", "backup").Press("Create the credential").Sees("You have a credential of this name")

		// Advanced: a secret of one's own, and the right to make more of them.
		p.Fill("Name", "deploy").Choose("It ends", "never").Press("Advanced").Fill("A secret of your own", "my-own-secret").Sees("It may create and delete application credentials").Tick("Unrestricted")
		p.Press("Create the credential").Sees("shown this once")
		deploy := p.Shown("id")
		s.credential(deploy, "my-own-secret").Run("openstack application credential create another --restricted")
		s.credential(id, given).Refused("openstack application credential create another", "401") // beyond its rule
		p.Press("I have saved it").Row("deploy", "Unrestricted", "never")

		p.Press("Delete", "backup").Sees("Delete backup?", "Whatever uses it is refused at its next request")
		s.alike(p, "project acme-web", p.Terminal(), func() { p.Press("Delete the credential").Sees("The credential was deleted") })
		s.credential(id, given).Refused("openstack token issue", "Could not find Application Credential")
	})
}

// The credential is its owner's: with a role that they lose it loses it, and with them it goes.
func TestCredentialDependsOnItsOwner(t *testing.T) {
	scripted(t, "B15 B13", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		s.Grant("ayesha", "manager", "acme-web")
		p.Open("/portal/credentials/new").Fill("Name", "pipeline").Press("Create the credential")
		id, given := p.Shown("id"), p.Shown("secret")
		roles := func() string {
			sh := s.credential(id, given)
			return sh.Run(`curl -s -H "X-Auth-Token: $(openstack token issue -f value -c id)" -H "X-Subject-Token: $(openstack token issue -f value -c id)" ` + s.URL + "/v3/auth/tokens")
		}
		if out := roles(); !strings.Contains(out, `"manager"`) || !strings.Contains(out, `"member"`) {
			s.Error(out)
		}
		s.root.Delete("/v3/projects/" + s.id("projects", "acme-web") + "/users/" + s.id("users", "ayesha") + "/roles/" + s.id("roles", "manager"))
		if out := roles(); strings.Contains(out, `"manager"`) || !strings.Contains(out, `"member"`) {
			s.Error(out)
		}
		s.root.Delete("/v3/users/" + s.id("users", "ayesha"))
		s.credential(id, given).Refused("openstack token issue", "Could not find Application Credential")
	})
}

// S3 and EC2 keys, which know nothing of a second factor.
func TestKeys(t *testing.T) {
	tell(t, "M11 B19", func(s *Story) {
		p := s.member("ayesha", "acme-web")
		p.Press("Credentials").Press("Create an S3 key").Sees("does not ask for a second factor")
		s.alike(p, "project acme-web", p.Terminal(), func() { p.Press("Create the key").Sees("Your S3 key") })
		access, key := p.Shown("access"), p.Shown("secret")
		sh := s.Shell("ayesha", secret, "project acme-web")
		if all := sh.List("openstack ec2 credentials list"); len(all) != 1 || all[0]["Access"] != access || all[0]["Secret"] != key {
			s.Errorf("%v", all)
		}
		if all := sh.List("openstack credential list --type ec2"); len(all) != 1 {
			s.Errorf("%v", all)
		}
		p.Press("I have saved it").Row(access, "acme-web").Press("Delete", access).Sees("Delete this S3 key?", access)
		s.alike(p, "project acme-web", p.Terminal(), func() { p.Press("Delete the key").Sees("The key was deleted") })
	})
}

// Credentials of other kinds, at the terminal.
func TestOtherCredentials(t *testing.T) {
	scripted(t, "B18 B21", func(s *Story) {
		s.User("ayesha")
		s.Project("acme-web")
		s.Grant("ayesha", "member", "acme-web")
		s.User("basil")
		s.Grant("basil", "member", "acme-web")
		root := s.Shell("admin", password, "system")
		root.Run("openstack credential create --type cert ayesha 'a certificate'")
		root.Run("openstack credential create --type totp ayesha GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
		all := s.Shell("ayesha", secret, "project acme-web").List("openstack credential list")
		if text := fmt.Sprint(all); len(all) != 2 || !strings.Contains(text, "a certificate") || !strings.Contains(text, "GEZDGNBVGY3TQOJQ") {
			s.Errorf("%v", all)
		}
		if all := s.Shell("basil", secret, "project acme-web").List("openstack credential list"); len(all) != 0 {
			s.Errorf("somebody else sees %v", all)
		}
	})
}
