package directory

import (
	"crypto/sha256"
	"testing"
)

// TestInvalidPasswordHash: as generate_partial_password_hash in keystone/common/password_hashing.py gives it.
func TestInvalidPasswordHash(t *testing.T) {
	p := InvalidPasswords{Hash: sha256.New, Secret: "pepper", Salt: "keystone.identity.backends.sql.Identity"}
	const whole = "AfwZdhmoIeDa/LZ+eRiE5FVaFPdL7Qai5eNAdcPIQJI"
	if got := p.hash("wrong"); got != whole {
		t.Errorf("got %s, want %s", got, whole)
	}
	p.Max = 5
	if got := p.hash("wrong"); got != whole[:5] {
		t.Errorf("got %s, want %s", got, whole[:5])
	}
	if got := (InvalidPasswords{}).hash("wrong"); got != "" {
		t.Errorf("got %s where nothing is to be told", got)
	}
}
