package credential_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

func TestCredentialsOfAnOwner(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	me := admin.Validate(admin.Token).Get("token.user.id")
	made := admin.Post("/v3/credentials", map[string]any{"credential": map[string]any{
		"type": "totp", "user_id": me, "blob": "JBSWY3DPEHPK3PXP", "label": "phone",
	}}).Want(201)
	id := made.Get("credential.id")
	shown := admin.Get("/v3/credentials/" + id).Want(200)
	if got, want := shown.Get("credential.blob"), "JBSWY3DPEHPK3PXP"; got != want {
		t.Errorf("blob: got %q, want %q", got, want)
	}
	if got := shown.Value("credential.label"); got != "phone" {
		t.Errorf("the extra attribute is lost: %v", got)
	}
	admin.Patch("/v3/credentials/"+id, `{"credential": {"blob": "NEW"}}`).Want(200)
	admin.Patch("/v3/credentials/"+id, `{"credential": {"blob": "NEW", "type": "cert"}}`).Want(400)
	if got, want := admin.Get("/v3/credentials?type=totp").Want(200).Texts("credentials", "blob"), []string{"NEW"}; !slices.Equal(got, want) {
		t.Errorf("list: got %v, want %v", got, want)
	}
	admin.Delete("/v3/credentials/" + id).Want(204)
	admin.Get("/v3/credentials/" + id).Want(404)
}

func TestEC2Keys(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	token := admin.Validate(admin.Token)
	create := func(blob string) *testenv.Response {
		return admin.Post("/v3/credentials", map[string]any{"credential": map[string]any{
			"type": "ec2", "user_id": token.Get("token.user.id"), "project_id": token.Get("token.project.id"), "blob": blob,
		}})
	}
	for blob, want := range map[string]string{
		"{":                   "Invalid blob in credential",
		"[]":                  "Expecting to find blob in credential.",
		`{"secret": "s"}`:     "Expecting to find access in credential.",
		`{"access": {"a":1}}`: "Expecting to find access in credential.",
	} {
		if r := create(blob); r.Status != 400 || !strings.HasPrefix(r.Message(), want) {
			t.Errorf("%s: got %d %s, want 400 %s", blob, r.Status, r.Body, want)
		}
	}
	made := create(`{"access": "a1", "secret": "s1"}`).Want(201)
	// sha256 of "a1"
	if got, want := made.Get("credential.id"), "f55ff16f66f43360266b95db6f8fec01d76031054306ae4a4b380598f6cfd114"; got != want {
		t.Errorf("id: got %s, want %s", got, want)
	}
	create(`{"access": "a1", "secret": "other"}`).Want(409)
	// S-059
	id := made.Get("credential.id")
	for _, key := range []string{"trust_id", "app_cred_id", "access_token_id"} {
		admin.Patch("/v3/credentials/"+id, map[string]any{"credential": map[string]any{
			"blob": `{"access": "a1", "secret": "s1", "` + key + `": "x"}`,
		}}).Want(400)
	}
	admin.Patch("/v3/credentials/"+id, map[string]any{"credential": map[string]any{"blob": `{"access": "a1", "secret": "s2"}`}}).Want(200)
}

// S-061
func TestBlobsAreEncrypted(t *testing.T) {
	env := testenv.New(t)
	admin := env.Admin()
	me := admin.Validate(admin.Token).Get("token.user.id")
	for _, blob := range []string{"first-secret", "second-secret"} {
		admin.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "cert", "user_id": me, "blob": blob}}).Want(201)
	}
	db, err := sql.Open("sqlite", env.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var stored string
	if err := db.QueryRow(`SELECT group_concat(encrypted_blob || coalesce(extra, '')) FROM credential`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stored, "secret") {
		t.Error("the database holds plain text")
	}
	if _, err := db.Exec(`UPDATE credential SET encrypted_blob = 'damaged' WHERE id = (SELECT min(id) FROM credential)`); err != nil {
		t.Fatal(err)
	}
	if got := admin.Get("/v3/credentials").Want(200).List("credentials"); len(got) != 1 {
		t.Errorf("one damaged credential of two: %d are listed, want 1", len(got))
	}
}
