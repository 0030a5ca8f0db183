package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/testenv"
)

// M9, B12: rules are made of the operations that services say they have, and each tells what it lets through; a day ends where the
// reader is.
func TestAccessRulesAreBuilt(t *testing.T) {
	_, change := policies(t, map[string]string{"volume.yaml": volumes})
	env := testenv.New(t, change)
	admin := env.Admin()
	for _, s := range [][2]string{{"block-storage", "volume"}, {"object-store", "swift"}} {
		id := admin.Post("/v3/services", map[string]any{"service": map[string]any{"type": s[0], "name": s[1]}}).Want(201).Get("service.id")
		admin.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{"service_id": id, "interface": "public", "url": "https://" + s[1] + ".example/api/v3/"}}).Want(201)
	}
	_, project := member(env, "alice", "acme")
	b := env.SignIn("alice", "secret").Open("/portal/credentials/new").Want(200)
	b.Submit("Find an operation", "name", "backup", "find", "volume create").Want(200, "Create a volume.", "POST /api/v3/volumes", "Yes", "Create a volume for several servers.", "No")
	if !strings.Contains(b.Body, `value="backup"`) {
		t.Error("what was typed is gone")
	}
	reader := roleID(env, "reader")
	b.Submit("Find an operation", "find", "list volumes", "role", reader).Want(200, "GET /api/v3/volumes", "Yes")
	b.Submit("Find an operation", "find", "create volume", "role", reader).Want(200, "No")
	b.Submit("Add Create a volume.").Want(200, "Create a volume; Create a volume for several servers")
	if !strings.Contains(b.Body, `value="/api/v3/volumes"`) {
		t.Errorf("the rule was not added: %s", b.Body)
	}
	b.Submit("Another rule", "service", "block-storage", "method", "DELETE", "path", "/volumes").Want(200, "No known operation fits this")
	b.Submit("Another rule", "service", "object-store", "method", "GET", "path", "/v1/**").Want(200, "What this service does is not known here")
	b.Submit("Find an operation", "find", "no such thing").Want(200, "No operation that is known has all these words in it")

	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "nightly", "ends", "date", "date", "2031-01-05", "zone", "Asia/Kolkata").Want(200, "shown this once")
	alice := env.Login("alice", "secret", testenv.OnProjectID(project))
	me := alice.Validate(alice.Token).Get("token.user.id")
	if ends := alice.Get("/v3/users/" + me + "/application_credentials").Want(200).Get("application_credentials.0.expires_at"); ends != "2031-01-04T18:30:00.000000" {
		t.Errorf("it ends at %s", ends)
	}
	// B12: a time of that day, too; and the command that is shown has all that was chosen.
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "at noon", "ends", "date", "date", "2031-01-05", "time", "12:30", "zone", "Asia/Kolkata", "role", reader,
		"description", "it’s late", "service", "block-storage", "method", "GET", "path", "/api/v3/volumes").Want(200, "shown this once",
		`openstack application credential create --description 'it’s late' --expiration 2031-01-05T07:00:00 --role reader --access-rules '[{"method":"GET","path":"/api/v3/volumes","service":"block-storage"}]' 'at noon'`)
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "early", "ends", "date", "date", env.Clock.Now().UTC().Format(time.DateOnly), "time", "00:01").Want(422, "still to come")
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "mine", "ends", "never", "secret", "a secret of mine").Want(200, "openstack application credential create --secret SECRET mine")
	b.Open("/portal/credentials/new").Submit("Create the credential", "name", "later", "ends", "date", "date", "2031-01-05", "zone", "Mars/Olympus").Want(200)
}
