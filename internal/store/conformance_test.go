package store_test

import (
	"testing"

	"github.com/lintel-id/lintel/internal/store/storetest"
)

func TestSQLite(t *testing.T) { storetest.Run(t, storetest.SQLite) }

func TestPostgreSQL(t *testing.T) { storetest.Run(t, storetest.Server(t, "LINTEL_TEST_POSTGRESQL")) }

func TestMariaDB(t *testing.T) { storetest.Run(t, storetest.Server(t, "LINTEL_TEST_MARIADB")) }
