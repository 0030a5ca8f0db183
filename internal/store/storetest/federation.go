package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

var (
	about      = "Corp"
	ttl        = int64(10)
	corp       = identity.IdentityProvider{ID: "corp", DomainID: "d", Enabled: true, Description: &about, RemoteIDs: []string{"a", "b"}, AuthorizationTTL: &ttl}
	lab        = identity.IdentityProvider{ID: "lab", DomainID: "e"}
	corpSAML   = identity.Protocol{ID: "saml2", ProviderID: "corp", MappingID: "m"}
	corpOpenID = identity.Protocol{ID: "openid", ProviderID: "corp", MappingID: "m", RemoteIDAttribute: &about}
	labSAML    = identity.Protocol{ID: "saml2", ProviderID: "lab", MappingID: "m"}
)

func insertProviders(t *testing.T, db *store.DB) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.InsertIdentityProvider(ctx, corp), tx.InsertIdentityProvider(ctx, lab),
			tx.InsertProtocol(ctx, corpSAML), tx.InsertProtocol(ctx, corpOpenID), tx.InsertProtocol(ctx, labSAML),
		)
	})
}

func providerIDs(t *testing.T, db *store.DB, q identity.Query) string {
	t.Helper()
	p, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Page[identity.IdentityProvider], error) {
		return tx.IdentityProviders(ctx, q)
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, one := range p.Items {
		ids = append(ids, string(one.ID))
	}
	return strings.Join(ids, " ")
}

func testIdentityProviders(t *testing.T, db *store.DB) {
	insertProviders(t, db)
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.IdentityProvider, error) {
		return tx.IdentityProvider(ctx, "corp")
	})
	if diff := cmp.Diff(corp, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	for _, tt := range []struct {
		q    identity.Query
		want string
	}{
		{identity.Query{}, "corp lab"},
		{identity.Query{}.Where("id", "lab"), "lab"},
		{identity.Query{}.Where("enabled", "true"), "corp"},
		{identity.Query{}.Where("enabled", "false"), "lab"},
		{identity.Query{Limit: 1, Marker: "corp"}, "lab"},
	} {
		if got := providerIDs(t, db, tt.q); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.q, got, tt.want)
		}
	}
	for remote, want := range map[string]identity.IdentityProviderID{"a": "corp", "b": "corp", "A": "", "c": ""} {
		got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.IdentityProviderID, error) {
			return tx.ProviderByRemoteID(ctx, remote)
		})
		if got != want || errors.Is(err, identity.NotFound) != (want == "") {
			t.Errorf("remote id %s: got %q, %v, want %q", remote, got, err, want)
		}
	}
	changed := corp
	changed.Enabled, changed.Description, changed.RemoteIDs, changed.AuthorizationTTL = false, nil, []string{"b", "c"}, nil
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIdentityProvider(ctx, corp, changed) })
	got, err = read(t, db, func(ctx context.Context, tx *store.Tx) (identity.IdentityProvider, error) {
		return tx.IdentityProvider(ctx, "corp")
	})
	if diff := cmp.Diff(changed, got); diff != "" || err != nil {
		t.Errorf("after the change, error %v, -want +got:\n%s", err, diff)
	}
	// S-101
	for what, change := range map[string]func(context.Context, *store.Tx) error{
		"an id twice": func(ctx context.Context, tx *store.Tx) error { return tx.InsertIdentityProvider(ctx, lab) },
		"a remote id twice": func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertIdentityProvider(ctx, identity.IdentityProvider{ID: "x", RemoteIDs: []string{"c"}})
		},
		"a remote id, later": func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateIdentityProvider(ctx, lab, identity.IdentityProvider{ID: "lab", RemoteIDs: []string{"c"}})
		},
		"a protocol twice": func(ctx context.Context, tx *store.Tx) error { return tx.InsertProtocol(ctx, labSAML) },
	} {
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return change(t.Context(), tx) }); !errors.Is(err, identity.Conflict) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if got := providerIDs(t, db, identity.Query{}); got != "corp lab" {
		t.Errorf("after conflicts there are %q", got)
	}
}

func testProtocols(t *testing.T, db *store.DB) {
	insertProviders(t, db)
	protocols := func(of identity.IdentityProviderID) []identity.Protocol {
		t.Helper()
		all, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Protocol, error) { return tx.Protocols(ctx, of) })
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if diff := cmp.Diff([]identity.Protocol{corpOpenID, corpSAML}, protocols("corp")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	changed := corpSAML
	changed.MappingID, changed.RemoteIDAttribute = "n", new(string)
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutProtocol(ctx, changed) })
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Protocol, error) {
		return tx.Protocol(ctx, "corp", "saml2")
	})
	if diff := cmp.Diff(changed, got); diff != "" || err != nil {
		t.Errorf("after the change, error %v, -want +got:\n%s", err, diff)
	}
	if diff := cmp.Diff([]identity.Protocol{labSAML}, protocols("lab")); diff != "" {
		t.Errorf("the change of another, -want +got:\n%s", diff)
	}
	for what, err := range map[string]error{
		"an unknown provider": db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertProtocol(t.Context(), identity.Protocol{ID: "x", ProviderID: "unknown", MappingID: "m"})
		}),
		"an unknown protocol": db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteProtocol(t.Context(), "lab", "openid") }),
	} {
		if !errors.Is(err, identity.NotFound) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func testMappings(t *testing.T, db *store.DB) {
	rules := json.RawMessage(`[{"local":[{"user":{"name":"{0} <é>"}}],"n":1.50}]`)
	m := identity.Mapping{ID: "m", SchemaVersion: "2.0", Rules: rules}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertMapping(ctx, m), tx.InsertMapping(ctx, identity.Mapping{ID: "n", SchemaVersion: "1.0", Rules: json.RawMessage(`[]`)}))
	})
	m.SchemaVersion = "3.0"
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.PutMapping(ctx, m), tx.DeleteMapping(ctx, "n"))
	})
	got, err := read(t, db, func(ctx context.Context, tx *store.Tx) ([]identity.Mapping, error) { return tx.Mappings(ctx) })
	if diff := cmp.Diff([]identity.Mapping{m}, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	k := keystoneOf(t, db) // which wants, and writes, JSON within JSON
	if n := k.count(`SELECT COUNT(*) FROM "mapping" WHERE SUBSTR("rules", 1, 3) = '"[{'`); n != 1 {
		t.Error("the rules are not stored as text of JSON")
	}
	k.exec(`INSERT INTO "mapping" ("id", "schema_version", "rules") VALUES ('k', '1.0', '"[{}]"')`)
	theirs, err := read(t, db, func(ctx context.Context, tx *store.Tx) (identity.Mapping, error) { return tx.Mapping(ctx, "k") })
	if string(theirs.Rules) != "[{}]" || err != nil {
		t.Errorf("a mapping of Keystone's: %s, %v", theirs.Rules, err)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertMapping(t.Context(), m) })
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("the same again: got %v", err)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteMapping(t.Context(), "n") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("a deleted one: got %v", err)
	}
}

func testFederatedUsers(t *testing.T, db *store.DB) {
	insertProviders(t, db)
	subject := identity.FederatedIdentity{IdentityProviderID: "corp", ProtocolID: "saml2", UniqueID: "ann", DisplayName: "Ann"}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertMapping(ctx, identity.Mapping{ID: "m", SchemaVersion: "1.0", Rules: json.RawMessage(`[]`)})
	})
	insertUsers(t, db, identity.User{ID: "f", Kind: identity.FederatedUser, Name: "Ann", Federated: []identity.FederatedIdentity{subject}})
	for unique, want := range map[string]bool{"ann": true, "Ann": false, "ann ": false, "bob": false} {
		asked := subject
		asked.UniqueID, asked.DisplayName = unique, "other"
		known, err := read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) {
			u, known, err := tx.FederatedUser(ctx, asked)
			if known && u.ID != "f" {
				t.Errorf("%q is user %s", unique, u.ID)
			}
			return known, err
		})
		if known != want || err != nil {
			t.Errorf("%q is known: %v, %v; want %v", unique, known, err, want)
		}
	}
	// S-103
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.InsertUser(t.Context(), identity.User{ID: "f", DomainID: "d", Kind: identity.FederatedUser,
			Federated: []identity.FederatedIdentity{{IdentityProviderID: "lab", ProtocolID: "saml2", UniqueID: "ann"}}})
	})
	if !errors.Is(err, identity.Conflict) {
		t.Errorf("an id that is taken: %v", err)
	}
	for provider, want := range map[identity.IdentityProviderID]time.Duration{"corp": 10 * time.Minute, "lab": -1, "none": -1} {
		life, err := read(t, db, func(ctx context.Context, tx *store.Tx) (time.Duration, error) {
			return tx.ProviderLife(ctx, provider, "saml2")
		})
		if errors.Is(err, identity.NotFound) {
			life = -1 // lab is disabled
		} else if err != nil {
			t.Fatal(err)
		}
		if life != want {
			t.Errorf("memberships by %s last %v, want %v", provider, life, want)
		}
	}
}

// testDeleteIdentityProvider: who can log in by nobody else any more goes, with all that hangs on them; the tokens of the
// others end. S-100
func testDeleteIdentityProvider(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	insertProviders(t, db)
	subject := func(p identity.Protocol, unique string) identity.FederatedIdentity {
		return identity.FederatedIdentity{IdentityProviderID: p.ProviderID, ProtocolID: p.ID, UniqueID: unique}
	}
	insertUsers(t, db,
		identity.User{ID: "saml", Kind: identity.FederatedUser, Federated: []identity.FederatedIdentity{subject(corpSAML, "1")}},
		identity.User{ID: "openid", Kind: identity.FederatedUser, Federated: []identity.FederatedIdentity{subject(corpOpenID, "2")}},
		identity.User{ID: "both", Kind: identity.FederatedUser, Federated: []identity.FederatedIdentity{subject(corpSAML, "3"), subject(labSAML, "3")}},
		identity.User{ID: "local", Name: "local", Federated: []identity.FederatedIdentity{subject(corpSAML, "4")}},
		identity.User{ID: "other", Kind: identity.FederatedUser, Federated: []identity.FederatedIdentity{subject(labSAML, "5")}},
	)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutGrant(ctx, identity.Grant{User: "saml", Project: "p", Role: "a"})
	})
	k := keystoneOf(t, db)
	k.exec(`INSERT INTO "expiring_user_group_membership" ("user_id", "group_id", "idp_id", "last_verified") VALUES ('both', 'g', 'corp', '2026-01-01 00:00:00')`)
	left := func(want string) {
		t.Helper()
		users, err := read(t, db, func(ctx context.Context, tx *store.Tx) (map[identity.UserID]identity.User, error) {
			return tx.UsersByID(ctx, []identity.UserID{"saml", "openid", "both", "local", "other"})
		})
		var got []string
		for _, id := range []identity.UserID{"saml", "openid", "both", "local", "other"} {
			if u, ok := users[id]; ok {
				got = append(got, string(id))
				for _, f := range u.Federated {
					got = append(got, "<"+string(f.IdentityProviderID))
				}
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " "), cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("error %v, -want +got:\n%s", err, diff)
		}
	}
	left("saml <corp openid <corp both <corp <lab local <corp other <lab")
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteProtocol(ctx, "corp", "openid") })
	left("saml <corp both <corp <lab local <corp other <lab")
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteIdentityProvider(ctx, "corp") })
	left("both <lab local other <lab")
	for stmt, want := range map[string]int{
		`SELECT COUNT(*) FROM "assignment" WHERE "actor_id" = 'saml'`:           0,
		`SELECT COUNT(*) FROM "expiring_user_group_membership"`:                 0,
		`SELECT COUNT(*) FROM "idp_remote_ids"`:                                 0,
		`SELECT COUNT(*) FROM "federation_protocol" WHERE "idp_id" = 'corp'`:    0,
		`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = 'both'`:      1,
		`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = 'local'`:     1,
		`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = 'other'`:     0,
		`SELECT COUNT(*) FROM "revocation_event" WHERE "user_id" = 'saml'`:      1,
		`SELECT COUNT(*) FROM "local_user" WHERE "user_id" IN ('saml', 'both')`: 0,
	} {
		if got := k.count(stmt); got != want {
			t.Errorf("%s: %d, want %d", stmt, got, want)
		}
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.DeleteIdentityProvider(t.Context(), "corp") })
	if !errors.Is(err, identity.NotFound) {
		t.Errorf("a deleted one: got %v", err)
	}
}

// testProvidedGroups: what an identity provider says of somebody's groups counts wherever roles are counted, until it ends.
// S-104
func testProvidedGroups(t *testing.T, db *store.DB) {
	insertCloud(t, db)
	insertProviders(t, db) // memberships by corp last 10 minutes of their own
	insertUsers(t, db, identity.User{ID: "f", Kind: identity.FederatedUser,
		Federated: []identity.FederatedIdentity{{IdentityProviderID: "corp", ProtocolID: "saml2", UniqueID: "f"}}})
	grant(t, db, identity.Grant{Group: "g", Project: "p", Role: "a"}, identity.Grant{Group: "g", Domain: "d", Role: "b"}, identity.Grant{Group: "g", System: true, Role: "c"})
	set := func(want bool, groups ...identity.GroupID) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			changed, err := tx.SetProvidedGroups(ctx, "f", "corp", groups)
			if changed != want {
				t.Errorf("groups %v: changed is %v", groups, changed)
			}
			return err
		})
	}
	k := keystoneOf(t, db)
	roles := func(want string) {
		t.Helper()
		var got []string
		err := db.View(t.Context(), func(tx *store.Tx) error {
			ctx := t.Context()
			for _, scope := range []identity.Scope{identity.OnProject("p"), identity.OnDomain("d"), identity.OnSystem()} {
				roles, err := tx.EffectiveRoles(ctx, "f", nil, scope)
				if err != nil {
					return err
				}
				for _, r := range roles {
					got = append(got, r.Name)
				}
			}
			projects, err := tx.ProjectsOf(ctx, "f", nil, identity.Query{})
			for _, p := range projects.Items {
				got = append(got, "project "+string(p.ID))
			}
			if err != nil {
				return err
			}
			domains, err := tx.DomainsOf(ctx, "f", nil)
			for _, d := range domains {
				got = append(got, "domain "+string(d.ID))
			}
			if err != nil {
				return err
			}
			grants, err := tx.Grants(ctx, store.GrantFilter{User: "f", Member: true, NoSystem: true})
			for _, g := range grants {
				got = append(got, "grant "+string(g.Role))
			}
			if err != nil {
				return err
			}
			members, err := tx.Members(ctx, []identity.GroupID{"g"})
			for _, u := range members["g"] {
				got = append(got, "member "+string(u))
			}
			if err != nil {
				return err
			}
			in, err := tx.InGroup(ctx, "f", "g")
			if in {
				got = append(got, "in")
			}
			if err != nil {
				return err
			}
			_, until, err := tx.GroupIDs(ctx, "f")
			if !until.IsZero() {
				got = append(got, until.Sub(Now).Round(time.Second).String())
			}
			return err
		})
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" || err != nil {
			t.Errorf("error %v, -want +got:\n%s", err, diff)
		}
	}
	const none = "member u"
	roles(none)
	set(false)
	set(true, "g")
	roles("a, b, c, project p, domain d, grant b, grant a, member f, member u, in, 10m0s")
	set(false, "g")
	k.exec(`UPDATE "expiring_user_group_membership" SET "last_verified" = '2026-03-04 04:56:06'`)
	roles(none)
	k.exec(`UPDATE "identity_provider" SET "authorization_ttl" = 0`, `UPDATE "expiring_user_group_membership" SET "last_verified" = '2026-03-04 04:57:07'`)
	roles("a, b, c, project p, domain d, grant b, grant a, member f, member u, in, 1m0s")
	k.exec(`UPDATE "identity_provider" SET "authorization_ttl" = 5`)
	roles(none)
	set(false, "g")
	roles("a, b, c, project p, domain d, grant b, grant a, member f, member u, in, 5m0s")
	set(true)
	roles(none)
}
