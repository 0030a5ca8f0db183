package portal

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What happened is told to those whom it concerns: to oneself, to who looks after a project, a domain or the cloud.
func TestActivity(t *testing.T) {
	tell(t, "M13 J8 D12 A9 C20", func(s *Story) {
		moira := s.team()
		s.login("ayesha", "wrong", nil)
		moira.people("acme-web").Press("Update", "basil").Tick("reader").Press("Review the change").Press("Save the change")
		// Her own.
		ayesha := s.SignIn("ayesha", secret).Press("Activity").Sees("Your sign-ins, those that failed")
		ayesha.Choose("Outcome", "failed").Press("Search").Sees("ayesha").SeesNot("basil")
		ayesha.Choose("Outcome", "any outcome").Choose("What", "sign-ins").Press("Search").Sees("127.0.0.1")
		// What its command tells is what the page tells.
		if out := s.Shell("ayesha", secret, "").Run(strings.Join(ayesha.Terminal(), "\n") + " -f json"); !json.Valid([]byte(out)) || strings.Contains(out, "basil") {
			s.Error(out)
		}
		// The project's, for who looks after it.
		moira.Open("/portal/p/"+s.id("projects", "acme-web")+"/activity").Sees("Who signed in to acme-web").Row("basil", "You", "reader")
		if ayesha.Open("/portal/p/" + s.id("projects", "acme-web")); ayesha.Has("People") {
			s.Error("a member is led to the people")
		}
		// The domain's, and the cloud's with saved searches.
		moira.Press("Audit").Sees("What the people of Default did").Fill("Who: name or ID", "moira").Press("Search").Sees("basil")
		admin := s.admin().Open("/portal/cloud/audit").Sees("Who did what in the whole cloud").Fill("Whom or what: name or ID", "basil").Choose("What", "roles, groups and invitations").Press("Search").Sees("moira", "reader")
		admin.Fill("A name for this search", "Basil’s roles").Press("Keep this search").Sees("Basil’s roles")
		admin.Open("/portal/cloud/audit").Press("Basil’s roles").Sees("moira", "reader").Press("Delete", "Basil’s roles").Sees("Deleted.").SeesNot("Basil’s roles")
		admin.Fill("Whom or what: name or ID", "basil").Choose("What", "roles, groups and invitations").Press("Search")
		kept := admin.Address()
		admin.Open("/portal").Open(kept).Sees("moira", "reader")
		s.SignIn("ayesha", secret).Open("/portal/cloud/audit").Sees("Not found")
		if status := s.Login("ayesha", secret, onProject("acme-web")).Status("GET", "/v3/lintel/events", nil); status != 403 {
			s.Errorf("a member asks for all events and gets %d", status)
		}
	})
}

// A line of the trail is changed with plain SQL: the command and the page say so, and where.
func TestAuditChain(t *testing.T) {
	tell(t, "A9", func(s *Story) {
		s.team()
		sh := s.Shell("admin", password, "system")
		sealed := func() bool { // all: of sign-ins that are alike only so many are written
			out := sh.Run("lintel audit verify -f json")
			return !strings.Contains(out, `"seals": 0,`) && strings.Contains(out, `"unsealed": 0`)
		}
		for end := time.Now().Add(4 * patience); !sealed(); {
			if time.Now().After(end) {
				s.Fatal("nothing was sealed: ", sh.Run("lintel audit verify"))
			}
		}
		admin := s.admin().Open("/portal/cloud/audit").Sees("Entries are kept for 365 days").SeesNot("not as it was sealed").Press("Verify").Press("Verify").Sees("Unbroken")
		if out := sh.Run(strings.Join(admin.Terminal(), "\n")); !strings.Contains(out, "unbroken") {
			s.Error(out)
		}
		s.sql(`UPDATE lintel_trail SET body = REPLACE(body, 'moira', 'ayesha') WHERE seq = (SELECT seq FROM (SELECT MIN(seq) AS seq FROM lintel_trail WHERE body LIKE '%moira%') AS oldest)`)
		out, err := sh.Try("lintel audit verify")
		if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(out, "BROKEN: changed, seal ") {
			s.Errorf("%v: %s", err, out)
		}
		admin.Open("/portal/cloud/audit").Sees("The audit trail is not as it was sealed.", "were changed").Press("Verify").Sees("broken", "were changed")
		sh.Refused("OS_USERNAME=ayesha OS_PASSWORD='"+secret+"' OS_SYSTEM_SCOPE= OS_PROJECT_NAME=acme-web OS_PROJECT_DOMAIN_ID=default lintel audit verify", "403")
	})
}

// sql runs a statement on the cloud's database, past the server.
func (s *Story) sql(stmt string) {
	s.Helper()
	var cmd *exec.Cmd
	switch os.Getenv("DB") {
	case "mariadb":
		cmd = exec.CommandContext(s.Context(), "mariadb", "--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", os.Getenv("DB_PORT"), "-u", "root", "-e", stmt, s.db)
	case "postgresql":
		cmd = exec.CommandContext(s.Context(), "psql", "-X", "-h", "127.0.0.1", "-p", os.Getenv("DB_PORT"), "-U", "root", "-q", "-v", "ON_ERROR_STOP=1", "-c", stmt, s.db)
	default:
		cmd = exec.CommandContext(s.Context(), "python3", "-c", "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=30) as db: db.execute(sys.argv[2])", strings.TrimPrefix(databaseURL(s.db), "sqlite:///"), stmt)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%v: %s", err, out)
	}
}
