package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// second is the second of Now, and so that of events written without a time.
var second = Now.Truncate(time.Second)

// someToken is a project token that was made from another, with two roles.
func someToken() *identity.Token {
	return &identity.Token{
		AuditIDs: []string{"own", "root"}, IssuedAt: second.Add(-time.Minute), ExpiresAt: second.Add(time.Hour),
		User: identity.User{ID: "u", DomainID: "ud"}, Scope: identity.OnProject("p"), ScopeDomain: identity.Domain{ID: "pd"},
		Roles: []identity.Role{{ID: "r1"}, {ID: "r2"}},
	}
}

func revoke(t *testing.T, db *store.DB, events ...identity.RevocationEvent) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for _, e := range events {
			if err := tx.Revoke(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func revokedUntil(t testing.TB, db *store.DB, token *identity.Token) (until time.Time) {
	t.Helper()
	err := db.View(context.Background(), func(tx *store.Tx) (err error) {
		until, err = tx.RevokedUntil(context.Background(), token)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return until
}

// testRevocationRules goes through each field of an event: it ends the token when it agrees, and not when it differs,
// whatever other fields agree.
func testRevocationRules(t *testing.T, db *store.DB) {
	onDomain := func(k *identity.Token) { k.Scope = identity.OnDomain("sd") }
	first := func(k *identity.Token) { k.AuditIDs = []string{"own"} }
	later := func(k *identity.Token) { k.IssuedAt = second }
	tooLate := func(k *identity.Token) { k.IssuedAt = second.Add(time.Second) }
	same := func(*identity.Token) {}
	trust := func(k *identity.Token) { k.TrustID = "t" }
	oauth := func(k *identity.Token) { k.AccessToken = &identity.AccessToken{ConsumerID: "c"} }
	ends := someToken().ExpiresAt
	for _, tt := range []struct {
		name    string
		event   identity.RevocationEvent
		token   func(*identity.Token)
		revoked bool
	}{
		{"user", identity.RevocationEvent{UserID: "u"}, same, true},
		{"user, issued in the second of the event", identity.RevocationEvent{UserID: "u"}, later, true},
		{"user, issued after it", identity.RevocationEvent{UserID: "u"}, tooLate, false},
		{"user, event of old", identity.RevocationEvent{UserID: "u", IssuedBefore: second.Add(-time.Hour)}, same, false},
		{"another user", identity.RevocationEvent{UserID: "x"}, same, false},
		{"another user, own audit id", identity.RevocationEvent{UserID: "x", AuditID: "own"}, same, false},
		{"project", identity.RevocationEvent{ProjectID: "p"}, same, true},
		{"another project", identity.RevocationEvent{ProjectID: "x"}, same, false},
		{"user and project", identity.RevocationEvent{UserID: "u", ProjectID: "p"}, same, true},
		{"user, another project", identity.RevocationEvent{UserID: "u", ProjectID: "x"}, same, false},
		{"project, token of a domain", identity.RevocationEvent{ProjectID: "p"}, onDomain, false},
		{"audit id", identity.RevocationEvent{AuditID: "own"}, same, true},
		{"audit id of the root", identity.RevocationEvent{AuditID: "root"}, same, false},
		{"chain", identity.RevocationEvent{AuditChainID: "root"}, same, true},
		{"chain, token is the root", identity.RevocationEvent{AuditChainID: "own"}, first, false},
		{"another chain", identity.RevocationEvent{AuditChainID: "own"}, same, false},
		{"chain on the project", identity.RevocationEvent{AuditChainID: "root", ProjectID: "p"}, same, true},
		{"chain on another project", identity.RevocationEvent{AuditChainID: "root", ProjectID: "x"}, same, false},
		{"user's domain", identity.RevocationEvent{DomainID: "ud"}, same, true},
		{"project's domain", identity.RevocationEvent{DomainID: "pd"}, same, false},
		{"scope's domain", identity.RevocationEvent{DomainID: "sd"}, onDomain, true},
		{"another domain", identity.RevocationEvent{DomainID: "x"}, onDomain, false},
		{"domain and expiry: scope's", identity.RevocationEvent{DomainID: "sd", ExpiresAt: ends}, onDomain, true},
		{"domain and expiry: user's", identity.RevocationEvent{DomainID: "ud", ExpiresAt: ends}, onDomain, false},
		{"user and expiry", identity.RevocationEvent{UserID: "u", ExpiresAt: ends}, same, true},
		{"user and expiry, with microseconds", identity.RevocationEvent{UserID: "u", ExpiresAt: ends},
			func(k *identity.Token) { k.ExpiresAt = ends.Add(999 * time.Microsecond) }, true},
		{"user and another expiry", identity.RevocationEvent{UserID: "u", ExpiresAt: ends.Add(time.Second)}, same, false},
		{"role", identity.RevocationEvent{RoleID: "r2"}, same, true},
		{"role not held", identity.RevocationEvent{RoleID: "r3"}, same, false},
		{"user and role not held", identity.RevocationEvent{UserID: "u", RoleID: "r3"}, same, false},
		{"trust", identity.RevocationEvent{TrustID: "t"}, trust, true},
		{"trust, token of none", identity.RevocationEvent{TrustID: "t"}, same, false},
		{"user and another trust", identity.RevocationEvent{UserID: "u", TrustID: "x"}, trust, false},
		{"consumer", identity.RevocationEvent{ConsumerID: "c"}, oauth, true},
		{"consumer, token of none", identity.RevocationEvent{ConsumerID: "c"}, same, false},
		{"another consumer", identity.RevocationEvent{ConsumerID: "x"}, oauth, false},
		{"user and access token, which is not compared", identity.RevocationEvent{UserID: "u", AccessTokenID: "x"}, same, true},
		{"nothing: all tokens", identity.RevocationEvent{}, same, true},
	} {
		token := someToken()
		tt.token(token)
		rollback := errors.New("not to be kept")
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			if err := tx.Revoke(t.Context(), tt.event); err != nil {
				return err
			}
			until, err := tx.RevokedUntil(t.Context(), token)
			if err == nil && until.IsZero() == tt.revoked {
				t.Errorf("%s: revoked is %v, want %v", tt.name, !until.IsZero(), tt.revoked)
			}
			if tt.revoked && !until.Equal(second) {
				t.Errorf("%s: revoked until %v, want %v", tt.name, until, second)
			}
			return errors.Join(err, rollback)
		})
		if err.Error() != rollback.Error() {
			t.Fatal(err)
		}
	}
}

// testRevocationReach: a second event for a user in one second covers what was issued after the first.
func testRevocationReach(t *testing.T, db *store.DB) {
	token := someToken()
	token.IssuedAt = second
	for n := range 3 {
		revoke(t, db, identity.RevocationEvent{UserID: "u"})
		until := revokedUntil(t, db, token)
		if want := second.Add(time.Duration(n) * time.Second); !until.Equal(want) {
			t.Fatalf("after event %d: revoked until %v, want %v", n+1, until, want)
		}
		token.IssuedAt = until.Add(time.Second)
		if until := revokedUntil(t, db, token); !until.IsZero() {
			t.Fatalf("a token issued after event %d is revoked until %v", n+1, until)
		}
	}
	for range 100 {
		revoke(t, db, identity.RevocationEvent{UserID: "u"})
	}
	if got, want := revokedUntil(t, db, token), second.Add(time.Minute); !got.Equal(want) {
		t.Errorf("many events reach to %v, want %v", got, want)
	}
}

// testRevocationPrune: events go when no token can be old enough for them.
func testRevocationPrune(t *testing.T, db *store.DB) {
	k := keystoneOf(t, db)
	old, young := second.Add(-91*time.Minute), second.Add(-89*time.Minute)
	revoke(t, db, identity.RevocationEvent{AuditID: "young", RevokedAt: young})
	revoke(t, db, identity.RevocationEvent{AuditID: "old", RevokedAt: old})
	revoke(t, db, identity.RevocationEvent{AuditID: "new"})
	if got := k.count(`SELECT COUNT(*) FROM "revocation_event"`); got != 2 {
		t.Errorf("%d events are left, want young and new", got)
	}
}
