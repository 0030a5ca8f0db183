package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testMadeBesideUserDeletion(t *testing.T, db *store.DB) {
	beside(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "u") }, "grants", "application credentials", "trusts", "credentials")
}

func testMadeBesideProjectDeletion(t *testing.T, db *store.DB) {
	beside(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteProject(ctx, "p") }, "grants", "application credentials", "trusts", "credentials")
}

func testMadeBesideRoleDeletion(t *testing.T, db *store.DB) {
	beside(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteRole(ctx, "r") }, "grants")
}

// beside checks that what another node makes while that which it hangs on is being deleted, after the deletion began to
// read, goes along with it. No foreign key would tell.
func beside(t *testing.T, db *store.DB, remove func(context.Context, *store.Tx) error, gone ...string) {
	t.Helper()
	if db.Dialect() == "sqlite" {
		t.Skip("SQLite has one writer at a time")
	}
	url, _ := urls.Load(db)
	other := Open(t, url.(string))
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "v", Name: "bob"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertDomain(ctx, identity.Domain{ID: "d", Name: "d"}),
			tx.InsertProject(ctx, identity.Project{ID: "p", DomainID: "d", ParentID: "d", Name: "p"}),
			tx.InsertRole(ctx, identity.Role{ID: "r", Name: "r"}),
		)
	})
	made := false
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.User(ctx, "u"); err != nil {
			return err
		}
		if !made {
			made = true
			update(t, other, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.InsertApplicationCredential(ctx, identity.ApplicationCredential{ID: "a", Name: "a", UserID: "u", ProjectID: "p"}, "")
				return errors.Join(
					err,
					tx.PutGrant(ctx, identity.Grant{Role: "r", User: "u", Project: "p"}),
					tx.InsertTrust(ctx, identity.Trust{ID: "t", TrustorUserID: "u", TrusteeUserID: "v", ProjectID: "p"}),
					tx.InsertCredential(ctx, store.SealedCredential{
						Credential: identity.Credential{ID: "c", UserID: "u", ProjectID: "p", Type: "ec2"}, EncryptedBlob: "b", KeyHash: "k",
					}),
				)
			})
		}
		return remove(ctx, tx)
	})
	for _, what := range gone {
		rows := map[string]string{"grants": `"assignment"`, "application credentials": `"application_credential"`, "trusts": `"trust" WHERE "deleted_at" IS NULL`, "credentials": `"credential"`}
		if n := keystoneOf(t, db).count(`SELECT COUNT(*) FROM ` + rows[what]); n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
}
