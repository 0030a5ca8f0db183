package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// TestUsersByAddress: users are found by the address that their attributes have, whoever wrote it, and by an index. P1
func TestUsersByAddress(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			db := open(t, d.fresh(t)(t))
			put := func(id identity.UserID, email any) {
				err := db.Update(t.Context(), func(tx *store.Tx) error {
					return tx.InsertUser(t.Context(), identity.User{ID: id, DomainID: "default", Name: string(id), Extra: identity.Extra{"email": email, "n": 1}})
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			exec(t, db, `INSERT INTO "project" ("id", "name", "domain_id", "is_domain", "enabled", "extra")
				VALUES ('default', 'Default', '<<keystone.domain.root>>', TRUE, TRUE, '{}')`)
			for i := range 500 {
				put(identity.UserID(fmt.Sprint("filler", i)), fmt.Sprintf("filler%d@acme.example", i))
			}
			put("ann", "Ann@Acme.example")
			put("zoe", "zoë@acme.example")
			put("number", 7)
			put("long", strings.Repeat("x", 9000)+"@acme.example")
			put("inner", map[string]any{"x": 1})
			put("quote", `"a\b"@acme.example`)
			exec(t, db, `INSERT INTO "user" ("id", "domain_id", "enabled", "extra") VALUES ('bare', 'default', TRUE, NULL)`)
			exec(t, db, `INSERT INTO "user" ("id", "domain_id", "enabled", "extra") VALUES ('broken', 'default', TRUE, '{"email": ')`)
			exec(t, db, `UPDATE "user" SET "extra" = '{"description": "d", "email": "Ben@keystone.example"}' WHERE "id" = 'filler7'`) // as a Keystone writes
			for address, want := range map[string]string{
				"ann@acme.EXAMPLE": "ann", "ben@keystone.example": "filler7", "filler7@acme.example": "", "zoë@acme.example": "zoe", "7": "",
				strings.Repeat("x", 9000) + "@acme.example": "long", strings.Repeat("x", 8999) + "@acme.example": "", "%@acme.example": "",
			} {
				var got []string
				view(t, db, func(tx *store.Tx) error {
					found, err := tx.UsersByAddress(t.Context(), "default", address)
					for _, u := range found {
						got = append(got, string(u.ID))
					}
					return err
				})
				if strings.Join(got, " ") != want {
					t.Errorf("%.30s is of %v, want %s", address, got, want)
				}
			}
			switch d.name {
			case "postgresql":
				exec(t, db, `ANALYZE "user"`)
			case "mariadb":
				exec(t, db, `ANALYZE TABLE "user"`)
			}
			view(t, db, func(tx *store.Tx) error {
				plan, err := tx.AddressPlan(context.Background(), "ann@acme.example")
				if !strings.Contains(plan, "lintel_ix_user_address") {
					t.Error(plan)
				}
				return err
			})
		})
	}
}
