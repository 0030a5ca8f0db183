package testenv

import (
	"os"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/store/storetest"
)

// Pair starts two servers on one database and one set of keys, with one clock: two nodes. If the environment names a
// database server, as it does for the suite of the store, their database is one of its own there.
func Pair(t testing.TB, changes ...func(*config.Config)) (a, b *Env) {
	t.Helper()
	for _, variable := range []string{"LINTEL_TEST_MARIADB", "LINTEL_TEST_POSTGRESQL"} {
		if os.Getenv(variable) != "" {
			url := storetest.Database(t, variable)
			changes = append(changes, func(c *config.Config) { c.Database.Connection = url })
		}
	}
	a = New(t, changes...)
	return a, Open(t, a.Dir, a.Clock, changes...)
}
