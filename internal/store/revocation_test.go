package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

// chained is a project token that was made from another.
func chained() *identity.Token {
	return &identity.Token{
		AuditIDs: []string{"own", "root"}, IssuedAt: storetest.Now.Add(-time.Minute), ExpiresAt: storetest.Now.Add(time.Hour),
		User: identity.User{ID: "u", DomainID: "default"}, Scope: identity.OnProject("p"), Roles: []identity.Role{{ID: "r"}},
	}
}

// fill writes events as they come in a busy cloud: tokens revoked with their chains, users, projects, trusts; all of now.
func fill(t testing.TB, db *store.DB, n int) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		var rows []string
		for i := range n {
			key := [...]string{"'u%d',NULL,NULL,NULL,NULL", "NULL,'p%d',NULL,NULL,NULL", "NULL,NULL,'a%d',NULL,NULL", "NULL,NULL,NULL,'c%d',NULL",
				"NULL,NULL,NULL,NULL,'t%d'"}[i%5]
			rows = append(rows, "("+fmt.Sprintf(key, i)+",'2026-03-04 05:06:07.000000','2026-03-04 05:06:07.000000')")
			if len(rows) == 1000 || i == n-1 {
				_, err := tx.Exec(t.Context(), `INSERT INTO "revocation_event" ("user_id", "project_id", "audit_id", "audit_chain_id", "trust_id",
					"issued_before", "revoked_at") VALUES `+strings.Join(rows, ","))
				if err != nil {
					return err
				}
				rows = nil
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Servers gather statistics by themselves, in time; SQLite has none unless asked.
	switch db.Dialect() {
	case "postgresql":
		exec(t, db, `ANALYZE "revocation_event"`)
	case "mariadb":
		exec(t, db, `ANALYZE TABLE "revocation_event"`)
	}
}

// TestRevocationPlan asks each database how it looks a token up among many events that are all younger: by ranges of
// indexes, never through the whole table.
func TestRevocationPlan(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			db := open(t, d.fresh(t)(t))
			fill(t, db, 20000)
			view(t, db, func(tx *store.Tx) error {
				plan, err := tx.RevocationPlan(t.Context(), chained())
				for _, index := range []string{"user_id", "project_id", "audit_id", "audit_chain_id", "rest"} {
					if !strings.Contains(plan, "ix_revocation_event_"+index) {
						t.Errorf("no index by %s is used", index)
					}
				}
				if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN revocation_event") {
					t.Error("the whole table is read")
				}
				t.Log(plan)
				return err
			})
		})
	}
}

func BenchmarkRevokedUntil(b *testing.B) {
	for _, n := range []int{0, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := storetest.SQLite(b)
			fill(b, db, n)
			for b.Loop() {
				err := db.View(b.Context(), func(tx *store.Tx) error {
					_, err := tx.RevokedUntil(b.Context(), chained())
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
