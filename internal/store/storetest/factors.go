package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

func testFactors(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "v", Name: "bob"})
	codes := []store.RecoveryCode{{Mark: "A", Hash: "one"}, {Mark: "B", Hash: "two"}}
	begun := store.Enrolment{ID: "e", UserID: "u", Seed: "sealed", Challenge: "c", Passkey: &identity.Passkey{ID: "k", Name: "kärtchen"},
		Until: second.Add(time.Minute), Misses: 2, Step: 5, Codes: codes}
	late := store.Enrolment{ID: "f", UserID: "v", Seed: "sealed", Until: second}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.PutEnrolment(ctx, late), tx.PutEnrolment(ctx, store.Enrolment{ID: "d", UserID: "u", Until: Now.Add(time.Hour)}), tx.PutEnrolment(ctx, begun),
			tx.PutFactor(ctx, "u", store.Factor{OwnRules: true, Since: second}), tx.PutRecoveryCodes(ctx, "v", codes),
			tx.PutRecoveryCodes(ctx, "u", codes[:1]), tx.PutRecoveryCodes(ctx, "u", codes),
			tx.InsertCredential(ctx, store.SealedCredential{Credential: identity.Credential{ID: "c", UserID: "u", Type: "totp"}, EncryptedBlob: "x", KeyHash: "h"}))
	})
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Enrolment, error) { return tx.Enrolment(ctx, "u") })
	if diff := cmp.Diff(begun, got); err != nil || diff != "" {
		t.Errorf("begun, -want +got:\n%s%v", diff, err)
	}
	if _, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Enrolment, error) { return tx.Enrolment(ctx, "v") }); !errors.Is(err, identity.NotFound) {
		t.Errorf("what is over: %v", err)
	}
	f, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Factor, error) { return tx.Factor(ctx, "u") })
	if want := (store.Factor{OwnRules: true, Since: second}); err != nil || f != want {
		t.Errorf("factor %+v, %v", f, err)
	}

	// Of two who use a code at once, one gets it.
	nodes := twoNodes(t, db)
	got2 := make(chan bool)
	for _, node := range nodes {
		go func() {
			used := false
			err := node.Update(context.Background(), func(tx *store.Tx) (err error) {
				used, err = tx.UseRecoveryCode(context.Background(), "u", codes[0])
				return err
			})
			if err != nil {
				t.Error(err)
			}
			got2 <- used
		}()
	}
	if a, b := <-got2, <-got2; a == b {
		t.Errorf("the code was used: %v, %v", a, b)
	}
	left := func(user identity.UserID) int {
		n, err := read(t, db, func(ctx context.Context, tx *store.Tx) (int, error) { return tx.CountRecoveryCodes(ctx, user) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if left("u") != 1 || left("v") != 2 {
		t.Errorf("codes left: %d and %d", left("u"), left("v"))
	}
	since := func() time.Time {
		at, err := read(t, db, func(ctx context.Context, tx *store.Tx) (time.Time, error) { return tx.FactorReset(ctx, "u") })
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for range 2 {
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.ResetFactor(ctx, "u") })
	}
	if !since().Truncate(time.Second).Equal(Now.Truncate(time.Second)) || left("u") != 0 { // MariaDB keeps seconds
		t.Errorf("reset at %v, %d codes are left", since(), left("u"))
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutFactor(ctx, "u", store.Factor{OwnRules: true, Since: second})
	})
	if !since().IsZero() {
		t.Error("who has set a factor up must set it up still")
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.PutRecoveryCodes(ctx, "u", codes), tx.ResetFactor(ctx, "u"), tx.DropFactor(ctx, "u"))
	})
	k := keystoneOf(t, db)
	for _, table := range []string{"lintel_factor", "lintel_factor_reset", "lintel_enrolment", "lintel_recovery_code", "credential"} {
		if n := k.count(`SELECT COUNT(*) FROM "` + table + `" WHERE "user_id" = 'u'`); n != 0 {
			t.Errorf("%s has %d rows after the factor went", table, n)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "v") })
	if left("v") != 0 {
		t.Error("a deleted user's recovery codes stay")
	}
}

func testPasskeys(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "v", Name: "bob"})
	long := make([]byte, 1023) // the longest that WebAuthn allows
	for i := range long {
		long[i] = byte(i)
	}
	phone := identity.Passkey{
		ID: "a", UserID: "u", Name: "téléphone", RPID: "id.example", CredentialID: long, PublicKey: []byte{0, 1, 255}, Transports: []string{"usb", "nfc"},
		MaySync: true, CreatedAt: second,
	}
	key := identity.Passkey{ID: "b", UserID: "u", Name: "key", RPID: "old.example", CredentialID: long[:1022], PublicKey: []byte{2}, Count: 5, CreatedAt: second.Add(time.Second)}
	his := identity.Passkey{ID: "c", UserID: "v", Name: "his", RPID: "old.example", CredentialID: []byte("c"), PublicKey: []byte{3}, CreatedAt: second}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertPasskey(ctx, phone), tx.InsertPasskey(ctx, key), tx.InsertPasskey(ctx, his))
	})
	twin := phone
	twin.ID = "d"
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertPasskey(t.Context(), twin) }); !errors.Is(err, identity.Conflict) {
		t.Errorf("the same key again: %v", err)
	}
	of := func(user identity.UserID) []identity.Passkey {
		all, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Passkey, error) { return tx.Passkeys(ctx, user) })
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if diff := cmp.Diff([]identity.Passkey{phone, key}, of("u"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("passkeys, -want +got:\n%s", diff)
	}
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Passkey, error) { return tx.PasskeyOf(ctx, long) })
	if diff := cmp.Diff(phone, got); err != nil || diff != "" {
		t.Errorf("by what its authenticator calls it, -want +got:\n%s%v", diff, err)
	}
	if _, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Passkey, error) { return tx.PasskeyOf(ctx, long[1:]) }); !errors.Is(err, identity.NotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	if n, err := db.StrandedPasskeys(t.Context(), "id.example"); err != nil || n != 1 {
		t.Errorf("%d people whose passkeys are for another domain, %v", n, err)
	}
	for _, tt := range []struct {
		key   identity.Passkey
		count uint32
		first bool
	}{{key, 6, true}, {key, 6, false}, {key, 3, false}, {key, 0, false}, {key, 1 << 31, true}, {phone, 0, true}, {phone, 0, true}} {
		tt.key.Count = tt.count
		var first bool
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			first, err = tx.UsePasskey(ctx, tt.key)
			return err
		})
		if first != tt.first {
			t.Errorf("%s with count %d: first %v", tt.key.Name, tt.count, first)
		}
	}
	if now := of("u")[1]; now.Count != 1<<31 || now.UsedAt.IsZero() {
		t.Errorf("after use: %+v", now)
	}
	for what, change := range map[string]func(ctx context.Context, tx *store.Tx) error{
		"rename": func(ctx context.Context, tx *store.Tx) error { return tx.RenamePasskey(ctx, "v", "a", "mine") },
		"delete": func(ctx context.Context, tx *store.Tx) error { return tx.DeletePasskey(ctx, "v", "a") },
	} {
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return change(t.Context(), tx) }); !errors.Is(err, identity.NotFound) {
			t.Errorf("%s another's: %v", what, err)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.RenamePasskey(ctx, "u", "a", "new"), tx.DeletePasskey(ctx, "u", "b"), tx.DeleteUser(ctx, "v"))
	})
	if left := of("u"); len(left) != 1 || left[0].Name != "new" || len(of("v")) != 0 {
		t.Errorf("left: %+v, %+v", left, of("v"))
	}
}

func testUnattended(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	k := keystoneOf(t, db)
	for id, end := range map[string]time.Time{"live": Now.Add(time.Minute), "dead": Now.Add(-time.Minute)} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertApplicationCredential(ctx, identity.ApplicationCredential{
				ID: identity.ApplicationCredentialID(id), Name: id, UserID: "u", ProjectID: "p", ExpiresAt: &end}, "h")
			return errors.Join(err,
				tx.InsertTrust(ctx, identity.Trust{ID: identity.TrustID(id), TrustorUserID: "u", TrusteeUserID: "v", ProjectID: "p", ExpiresAt: &end}),
				tx.InsertConsumer(ctx, identity.Consumer{ID: identity.ConsumerID(id), Secret: "s"}),
				tx.InsertAccessToken(ctx, identity.AccessToken{ID: identity.AccessTokenID(id), Secret: "s", ConsumerID: identity.ConsumerID(id), UserID: "u", ProjectID: "p", ExpiresAt: &end}),
				tx.InsertCredential(ctx, store.SealedCredential{Credential: identity.Credential{ID: identity.CredentialID(id), UserID: "u", Type: "ec2"}, EncryptedBlob: "x", KeyHash: "h"}))
		})
	}
	k.exec(`INSERT INTO "trust" ("id", "trustor_user_id", "trustee_user_id", "impersonation") VALUES ('endless', 'u', 'w', FALSE)`)
	n, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Unattended, error) { return tx.Unattended(ctx, "u") })
	if want := (store.Unattended{ApplicationCredentials: 1, Keys: 2, Trusts: 2, AccessTokens: 1}); err != nil || n != want {
		t.Errorf("got %+v, want %+v, %v", n, want, err)
	}
	// Who looks after the user sees all that was made, but for what has ended of what was given to others.
	var kinds []string
	page, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[store.ProjectCredential], error) {
		return tx.CredentialsOf(ctx, "u", store.ProjectCredentialFilter{Limit: 7})
	})
	if err != nil || page.More {
		t.Error(page, err)
	}
	for _, c := range page.Items {
		kinds = append(kinds, c.ID+" "+c.Kind)
		if c.UserID != "u" || c.Kind == "OS-TRUST:trust" && c.TrusteeID != map[string]identity.UserID{"live": "v", "endless": "w"}[c.ID] {
			t.Errorf("%+v", c)
		}
	}
	slices.Sort(kinds)
	if want := []string{"dead application_credential", "dead credential", "endless OS-TRUST:trust", "live OS-OAUTH1:access_token", "live OS-TRUST:trust", "live application_credential", "live credential"}; !slices.Equal(kinds, want) {
		t.Errorf("%v", kinds)
	}
}

// testHeldByMany: what many hold is what each of them holds.
func testHeldByMany(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	grant(t, db, identity.Grant{Role: "a", User: "u", Project: "p"}, identity.Grant{Role: "b", Group: "g", Domain: "d", Inherited: true}, identity.Grant{Role: "c", User: "v", Domain: "d"},
		identity.Grant{Role: "d", User: "v", System: true}, identity.Grant{Role: "a", Group: "g", System: true})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertTrust(ctx, identity.Trust{ID: "t", TrustorUserID: "u", TrusteeUserID: "v", ProjectID: "p", Roles: []identity.Role{{ID: "a"}}}),
			tx.SetMainUser(ctx, "p", "u"), tx.PutPortalUser(ctx, identity.PortalUser{UserID: "v", ProjectID: "p", Areas: []identity.Area{identity.AreaAPIUsers}}))
	})
	_, err := read(t, db, func(ctx context.Context, tx *store.Tx) (none struct{}, err error) {
		users := []identity.UserID{"u", "v", "none"}
		held, err := tx.HeldByAll(ctx, users)
		if err != nil {
			return none, err
		}
		all, err := tx.TrustedTo(ctx, users)
		if err != nil {
			return none, err
		}
		stewards, err := tx.StewardsAmong(ctx, users)
		if err != nil {
			return none, err
		}
		for _, u := range users {
			want, err := tx.Grants(ctx, store.GrantFilter{User: u, Member: true})
			if err != nil {
				return none, err
			}
			if len(want) != len(held[u]) || slices.ContainsFunc(want, func(g identity.Grant) bool { return !slices.Contains(held[u], g) }) {
				t.Errorf("%s holds %v, want %v", u, held[u], want)
			}
		}
		if want := []identity.Grant{{Role: "a", User: "v", Project: "p"}}; !slices.Equal(all, want) {
			t.Errorf("trusted: %v", all)
		}
		if want := []store.Steward{{User: "v", Main: "u", Project: "p"}}; !slices.Equal(stewards, want) {
			t.Errorf("stewards: %v", stewards)
		}
		conferred, err := tx.ConferredBy(ctx, []identity.GroupID{"g", "none"})
		if len(conferred) != 1 || len(conferred["g"]) != 2 {
			t.Errorf("conferred: %v", conferred)
		}
		if err != nil {
			return none, err
		}
		roles, err := tx.GrantedSomewhere(ctx)
		if !slices.Equal(roles, []identity.RoleID{"a", "b", "c", "d"}) {
			t.Errorf("granted: %v", roles)
		}
		return none, err
	})
	if err != nil {
		t.Error(err)
	}
}

// testMethodRevocations: tokens end that one of the methods had no part in, and no trust that the user gave.
func testMethodRevocations(t *testing.T, db *store.DB) {
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.RevokeWithout(ctx, "u", "password", "totp") })
	for _, tt := range []struct {
		methods []string
		user    identity.UserID
		at      time.Time
		revoked bool
	}{
		{[]string{"password"}, "u", second, true},
		{[]string{"totp"}, "u", second, true},
		{[]string{"token", "password"}, "u", second.Add(-time.Hour), true},
		{[]string{"application_credential"}, "u", second, true},
		{[]string{"password"}, "u", second.Add(time.Minute), false},
		{[]string{"totp", "password"}, "u", second, false},
		{[]string{"totp", "password", "token"}, "u", second, false},
		{[]string{"password"}, "v", second, false},
		{[]string{"webauthn"}, "u", second, false},
	} {
		token := &identity.Token{User: identity.User{ID: tt.user}, Methods: tt.methods, AuditIDs: []string{"a"}, IssuedAt: tt.at}
		if until := revokedUntil(t, db, token); until.IsZero() == tt.revoked {
			t.Errorf("%s by %v at %v: revoked until %v", tt.user, tt.methods, tt.at, until)
		}
	}
	given := &identity.Token{
		User: identity.User{ID: "v"}, Methods: []string{"password"}, AuditIDs: []string{"a"}, IssuedAt: second, TrustID: "t",
		Trusts: []identity.TrustLink{{Trust: identity.Trust{ID: "t", TrustorUserID: "u", TrusteeUserID: "v"}}},
	}
	if until := revokedUntil(t, db, given); !until.IsZero() {
		t.Errorf("a trust that the user gave is revoked until %v", until)
	}
}

func testGuesses(t *testing.T, db *store.DB) {
	insertUsers(t, db, identity.User{ID: "u", Name: "alice"}, identity.User{ID: "v", Name: "bob"})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertCredential(ctx, store.SealedCredential{Credential: identity.Credential{ID: "c", UserID: "u", Type: "totp"}, EncryptedBlob: "x", KeyHash: "h"}),
			tx.PutDrift(ctx, "c", 3), tx.PutDrift(ctx, "c", -20), tx.PutDrift(ctx, "other", 1),
			tx.PutGuesses(ctx, "u", "code", store.Guesses{Misses: 4, Until: second}), tx.PutGuesses(ctx, "u", "code", store.Guesses{Misses: 5, Until: second}),
			tx.PutGuesses(ctx, "u", "paper", store.Guesses{Misses: 1, Until: second}), tx.PutGuesses(ctx, "v", "code", store.Guesses{Misses: 2, Until: second}),
			tx.PutProfile(ctx, "u", identity.Profile{Language: "en"}),
			tx.PutProfile(ctx, "u", identity.Profile{Language: "de", Zone: "Europe/Berlin", Theme: "dark", Muted: []string{"ends", "invited"}, Searches: []identity.Search{{Name: "Zoë \U0001f600", Address: "/cloud/audit?class=access"}}}))
	})
	guesses := func(user identity.UserID, factor string) store.Guesses {
		t.Helper()
		g, err := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Guesses, error) { return tx.Guesses(ctx, user, factor) })
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	if got := guesses("u", "code"); got != (store.Guesses{Misses: 5, Until: second}) {
		t.Errorf("guesses: %+v", got)
	}
	if got := guesses("v", "paper"); got != (store.Guesses{}) {
		t.Errorf("guesses of nobody: %+v", got)
	}
	drifts, err := read(t, db, func(ctx context.Context, tx *store.Tx) (map[identity.CredentialID]int64, error) {
		return tx.Drifts(ctx, "u")
	})
	if diff := cmp.Diff(map[identity.CredentialID]int64{"c": -20}, drifts); err != nil || diff != "" {
		t.Errorf("drifts, -want +got:\n%s%v", diff, err)
	}
	profile := func(user identity.UserID) (identity.Profile, error) {
		return read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Profile, error) { return tx.Profile(ctx, user) })
	}
	p, err := profile("u")
	if diff := cmp.Diff(identity.Profile{Language: "de", Zone: "Europe/Berlin", Theme: "dark", Muted: []string{"ends", "invited"}, Searches: []identity.Search{{Name: "Zoë \U0001f600", Address: "/cloud/audit?class=access"}}}, p); err != nil || diff != "" {
		t.Errorf("profile, -want +got:\n%s%v", diff, err)
	}
	if p, err = profile("v"); err != nil || p.Language != "" || len(p.Muted) != 0 {
		t.Errorf("no profile: %+v, %v", p, err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.ForgetGuesses(ctx, "u", "code", "none"), tx.DeleteCredential(ctx, "c"))
	})
	if guesses("u", "code").Misses != 0 || guesses("u", "paper").Misses != 1 {
		t.Error("the wrong guesses were forgotten")
	}
	k := keystoneOf(t, db)
	if n := k.count(`SELECT COUNT(*) FROM "lintel_drift" WHERE "credential_id" = 'c'`); n != 0 {
		t.Error("the drift of a seed that is gone stays")
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, "u") })
	for _, table := range []string{"lintel_guess", "lintel_profile", "lintel_notice"} {
		if n := k.count(`SELECT COUNT(*) FROM "` + table + `" WHERE "user_id" = 'u'`); n != 0 {
			t.Errorf("%s has %d rows of a user who is gone", table, n)
		}
	}
}
