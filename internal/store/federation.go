package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

const selectProvider = `SELECT "id", "domain_id", "enabled", "description", "authorization_ttl" FROM "identity_provider"`

func scanProvider(s scanner) (p identity.IdentityProvider, err error) {
	err = s.Scan(&p.ID, &p.DomainID, &p.Enabled, &p.Description, &p.AuthorizationTTL)
	return p, err
}

// IdentityProvider returns an identity provider. It fails with identity.NotFound.
func (tx *Tx) IdentityProvider(ctx context.Context, id identity.IdentityProviderID) (identity.IdentityProvider, error) {
	p, err := scanProvider(tx.row(ctx, selectProvider+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && p.ID != id { // MariaDB ignores case; ids are compared byte for byte
		return p, identity.Missing("Identity Provider", id)
	} else if err != nil {
		return p, err
	}
	found := []identity.IdentityProvider{p}
	err = tx.loadRemoteIDs(ctx, found)
	return found[0], err
}

// IdentityProviders returns a page of the identity providers. Filters: id, enabled.
func (tx *Tx) IdentityProviders(ctx context.Context, q identity.Query) (identity.Page[identity.IdentityProvider], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "id":
			s.text(tx, `"id"`, f)
		case "enabled":
			s.flag(`"enabled"`, f)
		}
	}
	found, err := page(ctx, tx, scanProvider, selectProvider, `"id"`, s, q)
	if err != nil {
		return found, err
	}
	return found, tx.loadRemoteIDs(ctx, found.Items)
}

func (tx *Tx) loadRemoteIDs(ctx context.Context, providers []identity.IdentityProvider) error {
	type row struct {
		provider identity.IdentityProviderID
		remote   string
	}
	at := make(map[identity.IdentityProviderID]*identity.IdentityProvider, len(providers))
	for part := range slices.Chunk(providers, maxIn) {
		ids := make([]identity.IdentityProviderID, len(part))
		for i := range part {
			ids[i], at[part[i].ID] = part[i].ID, &part[i]
		}
		marks, args := in(ids)
		rows, err := list(ctx, tx, func(s scanner) (r row, err error) {
			err = s.Scan(&r.provider, &r.remote)
			return r, err
		}, `SELECT "idp_id", "remote_id" FROM "idp_remote_ids" WHERE "idp_id" IN `+marks+` ORDER BY "remote_id"`, args...)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if p := at[r.provider]; p != nil {
				p.RemoteIDs = append(p.RemoteIDs, r.remote)
			}
		}
	}
	return nil
}

// ProviderByRemoteID returns the identity provider that calls itself so. It fails with identity.NotFound.
func (tx *Tx) ProviderByRemoteID(ctx context.Context, remote string) (identity.IdentityProviderID, error) {
	found, err := list(ctx, tx, func(s scanner) (row [2]string, err error) {
		err = s.Scan(&row[0], &row[1])
		return row, err
	}, `SELECT "idp_id", "remote_id" FROM "idp_remote_ids" WHERE "remote_id" = ?`, remote)
	if err != nil {
		return "", err
	}
	for _, row := range found {
		if row[1] == remote {
			return identity.IdentityProviderID(row[0]), nil
		}
	}
	return "", identity.Missing("Identity Provider", remote)
}

// InsertIdentityProvider writes a new identity provider. It fails with a Conflict when its id is taken, or another has one
// of its remote ids.
func (tx *Tx) InsertIdentityProvider(ctx context.Context, p identity.IdentityProvider) error {
	_, err := tx.exec(ctx, `INSERT INTO "identity_provider" ("id", "domain_id", "enabled", "description", "authorization_ttl")
		VALUES (?, ?, ?, ?, ?)`, p.ID, p.DomainID, p.Enabled, p.Description, p.AuthorizationTTL)
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("identity_provider", "Duplicate entry: %s", p.ID)
	} else if err != nil {
		return err
	}
	tx.touch("identity_provider", string(p.ID))
	return tx.insertRemoteIDs(ctx, p.ID, p.RemoteIDs)
}

func (tx *Tx) insertRemoteIDs(ctx context.Context, id identity.IdentityProviderID, remotes []string) error {
	for _, remote := range remotes {
		_, err := tx.exec(ctx, `INSERT INTO "idp_remote_ids" ("idp_id", "remote_id") VALUES (?, ?)`, id, remote)
		if _, taken := duplicate(err); taken {
			return identity.Conflictf("identity_provider", "Duplicate remote ID: %s", remote)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// UpdateIdentityProvider writes what differs between the identity provider as it was read in this transaction and as it
// should be. It fails with a Conflict when another has one of its remote ids.
func (tx *Tx) UpdateIdentityProvider(ctx context.Context, old, p identity.IdentityProvider) error {
	_, err := tx.exec(ctx, `UPDATE "identity_provider" SET "enabled" = ?, "description" = ?, "authorization_ttl" = ? WHERE "id" = ?`,
		p.Enabled, p.Description, p.AuthorizationTTL, p.ID)
	if err != nil {
		return err
	}
	tx.touch("identity_provider", string(p.ID))
	if !reflect.DeepEqual(p.AuthorizationTTL, old.AuthorizationTTL) {
		if err := tx.touchMembers(ctx, p.ID); err != nil {
			return err
		}
	}
	var added []string
	for _, remote := range p.RemoteIDs {
		if !slices.Contains(old.RemoteIDs, remote) {
			added = append(added, remote)
		}
	}
	for _, remote := range old.RemoteIDs {
		if slices.Contains(p.RemoteIDs, remote) {
			continue
		}
		if _, err := tx.exec(ctx, `DELETE FROM "idp_remote_ids" WHERE "remote_id" = ?`, remote); err != nil {
			return err
		}
	}
	return tx.insertRemoteIDs(ctx, p.ID, added)
}

// DeleteIdentityProvider removes an identity provider with its protocols, the memberships that it gave and the users that
// nobody else knows. The tokens of all users that it knew are revoked. It fails with identity.NotFound.
func (tx *Tx) DeleteIdentityProvider(ctx context.Context, id identity.IdentityProviderID) error {
	// First, so that a login that is under way is seen, or fails.
	if _, err := tx.lock(ctx, "identity_provider", string(id)); err != nil {
		return err
	}
	if _, err := tx.IdentityProvider(ctx, id); err != nil {
		return err
	}
	if err := tx.forget(ctx, `"idp_id" = ?`, id); err != nil {
		return err
	}
	if err := tx.touchMembers(ctx, id); err != nil {
		return err
	}
	return tx.remove(ctx, "identity_provider", string(id)) // the rest follows by foreign keys
}

// touchMembers touches the users to whom an identity provider gave memberships.
func (tx *Tx) touchMembers(ctx context.Context, id identity.IdentityProviderID) error {
	members, err := list(ctx, tx, column[string], `SELECT "user_id" FROM "expiring_user_group_membership" WHERE "idp_id" = ?`, id)
	for _, user := range members {
		tx.touch("user", user)
	}
	return err
}

// forget takes from users the subjects that a condition on "federated_user" names. Those who are left without a way to log
// in are deleted; the tokens of the others are revoked.
func (tx *Tx) forget(ctx context.Context, condition string, args ...any) error {
	users, err := list(ctx, tx, column[identity.UserID], `SELECT DISTINCT "user_id" FROM "federated_user" WHERE `+condition, args...)
	if err != nil || len(users) == 0 {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM "federated_user" WHERE `+condition, args...); err != nil {
		return err
	}
	var kept []identity.UserID
	for part := range slices.Chunk(users, maxIn) {
		marks, ids := in(part)
		found, err := list(ctx, tx, column[identity.UserID], `SELECT "user_id" FROM "local_user" WHERE "user_id" IN `+marks+`
			UNION SELECT "user_id" FROM "nonlocal_user" WHERE "user_id" IN `+marks+`
			UNION SELECT "user_id" FROM "federated_user" WHERE "user_id" IN `+marks, slices.Concat(ids, ids, ids)...)
		if err != nil {
			return err
		}
		kept = append(kept, found...)
	}
	for _, user := range users {
		if slices.Contains(kept, user) {
			tx.touch("user", string(user))
			err = tx.Revoke(ctx, identity.RevocationEvent{UserID: user})
		} else {
			err = tx.DeleteUser(ctx, user)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const selectProtocol = `SELECT "id", "idp_id", "mapping_id", "remote_id_attribute" FROM "federation_protocol"`

func scanProtocol(s scanner) (p identity.Protocol, err error) {
	err = s.Scan(&p.ID, &p.ProviderID, &p.MappingID, &p.RemoteIDAttribute)
	return p, err
}

// Protocol returns a protocol of an identity provider. It fails with identity.NotFound.
func (tx *Tx) Protocol(ctx context.Context, provider identity.IdentityProviderID, id identity.ProtocolID) (identity.Protocol, error) {
	p, err := scanProtocol(tx.row(ctx, selectProtocol+` WHERE "idp_id" = ? AND "id" = ?`, provider, id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && (p.ID != id || p.ProviderID != provider) {
		return p, identity.Failf(identity.NotFound, "Could not find federated protocol %s for Identity Provider: %s.", id, provider)
	}
	return p, err
}

// Protocols returns the protocols of an identity provider, ordered by id.
func (tx *Tx) Protocols(ctx context.Context, provider identity.IdentityProviderID) ([]identity.Protocol, error) {
	return list(ctx, tx, scanProtocol, selectProtocol+` WHERE "idp_id" = ? ORDER BY "id"`, provider)
}

// ProtocolsNamed returns the protocols of that id, of whatever identity provider, ordered by it.
func (tx *Tx) ProtocolsNamed(ctx context.Context, id identity.ProtocolID) ([]identity.Protocol, error) {
	return list(ctx, tx, scanProtocol, selectProtocol+` WHERE "id" = ? ORDER BY "idp_id"`, id)
}

// InsertProtocol writes a new protocol. It fails with a NotFound when its identity provider is not there, and with a
// Conflict when that has one of the same id.
func (tx *Tx) InsertProtocol(ctx context.Context, p identity.Protocol) error {
	if _, err := tx.IdentityProvider(ctx, p.ProviderID); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "federation_protocol" ("id", "idp_id", "mapping_id", "remote_id_attribute") VALUES (?, ?, ?, ?)`,
		p.ID, p.ProviderID, p.MappingID, p.RemoteIDAttribute)
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("federation_protocol", "Duplicate entry found with ID %s", p.ID)
	}
	tx.touch("identity_provider", string(p.ProviderID)) // on which depends what depends on its protocols
	return err
}

// PutProtocol writes a protocol over the one of the same id.
func (tx *Tx) PutProtocol(ctx context.Context, p identity.Protocol) error {
	tx.touch("identity_provider", string(p.ProviderID))
	_, err := tx.exec(ctx, `UPDATE "federation_protocol" SET "mapping_id" = ?, "remote_id_attribute" = ? WHERE "idp_id" = ? AND "id" = ?`,
		p.MappingID, p.RemoteIDAttribute, p.ProviderID, p.ID)
	return err
}

// DeleteProtocol removes a protocol with the users that nobody else knows. The tokens of all users that logged in by it are
// revoked. It fails with identity.NotFound.
func (tx *Tx) DeleteProtocol(ctx context.Context, provider identity.IdentityProviderID, id identity.ProtocolID) error {
	if _, err := tx.Protocol(ctx, provider, id); err != nil {
		return err
	}
	if err := tx.forget(ctx, `"idp_id" = ? AND "protocol_id" = ?`, provider, id); err != nil {
		return err
	}
	tx.touch("identity_provider", string(provider))
	_, err := tx.exec(ctx, `DELETE FROM "federation_protocol" WHERE "idp_id" = ? AND "id" = ?`, provider, id)
	return err
}

// ProviderLife tells how long memberships last that an identity provider gives, 0 for not at all. It fails with
// identity.NotFound unless the provider is enabled and has the protocol, and this a mapping.
func (tx *Tx) ProviderLife(ctx context.Context, provider identity.IdentityProviderID, protocol identity.ProtocolID) (time.Duration, error) {
	life, err := Recall(tx, providerLife(provider, protocol), func() (*time.Duration, []Key, error) {
		var life *time.Duration
		var g gathering
		tx.gatherProviderLife(&g, provider, protocol, &life)
		return life, nil, g.run(ctx, tx)
	})
	if err == nil && life == nil {
		err = identity.Missing("Identity Provider", provider)
	}
	if err != nil {
		return 0, err
	}
	return *life, nil
}

func providerLife(provider identity.IdentityProviderID, protocol identity.ProtocolID) Fact {
	return Fact{"provider's life", string(provider), string(protocol)}
}

// gatherProviderLife adds what ProviderLife tells to a gathering; nil stays for what is not there.
func (tx *Tx) gatherProviderLife(g *gathering, provider identity.IdentityProviderID, protocol identity.ProtocolID, life **time.Duration) {
	g.add(`i."id", p."id", i."authorization_ttl"`, `FROM "identity_provider" i JOIN "federation_protocol" p ON p."idp_id" = i."id"
		JOIN "mapping" m ON m."id" = p."mapping_id" WHERE i."id" = ? AND p."id" = ? AND i."enabled" = ?`, []any{provider, protocol, true}, func(s scanner) error {
		var e ending
		var in identity.IdentityProviderID
		var by identity.ProtocolID
		err := s.Scan(&in, &by, &e.minutes)
		if in == provider && by == protocol { // byte for byte
			found := e.life(tx)
			*life = &found
		}
		return err
	})
}

const selectMapping = `SELECT "id", "schema_version", "rules" FROM "mapping"`

// scanMapping reads a mapping, whose rules upstream keeps as JSON within a JSON string (MappingModel in
// keystone/federation/backends/sql.py).
func scanMapping(s scanner) (m identity.Mapping, err error) {
	var rules string
	err = s.Scan(&m.ID, &m.SchemaVersion, jsonOf(&rules))
	m.Rules = json.RawMessage(rules)
	return m, err
}

func storedRules(m identity.Mapping) jsonText[string] { return jsonOf(new(string(m.Rules))) }

// Mapping returns a mapping. It fails with identity.NotFound.
func (tx *Tx) Mapping(ctx context.Context, id identity.MappingID) (identity.Mapping, error) {
	m, err := scanMapping(tx.row(ctx, selectMapping+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && m.ID != id {
		return m, identity.Missing("mapping", id)
	}
	return m, err
}

// Mappings returns all mappings, ordered by id.
func (tx *Tx) Mappings(ctx context.Context) ([]identity.Mapping, error) {
	return list(ctx, tx, scanMapping, selectMapping+` ORDER BY "id"`)
}

// InsertMapping writes a new mapping. It fails with a Conflict when its id is taken.
func (tx *Tx) InsertMapping(ctx context.Context, m identity.Mapping) error {
	_, err := tx.exec(ctx, `INSERT INTO "mapping" ("id", "schema_version", "rules") VALUES (?, ?, ?)`, m.ID, m.SchemaVersion, storedRules(m))
	if _, taken := duplicate(err); taken {
		return identity.Conflictf("mapping", "Duplicate entry")
	} else if err != nil {
		return err
	}
	tx.touch("mapping", string(m.ID))
	return tx.touchUsersOf(ctx, m.ID)
}

// PutMapping writes a mapping over the one of the same id.
func (tx *Tx) PutMapping(ctx context.Context, m identity.Mapping) error {
	tx.touch("mapping", string(m.ID))
	_, err := tx.exec(ctx, `UPDATE "mapping" SET "schema_version" = ?, "rules" = ? WHERE "id" = ?`, m.SchemaVersion, storedRules(m), m.ID)
	return err
}

// touchUsersOf touches the identity providers that use a mapping.
func (tx *Tx) touchUsersOf(ctx context.Context, id identity.MappingID) error {
	providers, err := list(ctx, tx, column[string], `SELECT "idp_id" FROM "federation_protocol" WHERE "mapping_id" = ?`, id)
	for _, p := range providers {
		tx.touch("identity_provider", p)
	}
	return err
}

// DeleteMapping removes a mapping. It fails with identity.NotFound.
func (tx *Tx) DeleteMapping(ctx context.Context, id identity.MappingID) error {
	if err := tx.touchUsersOf(ctx, id); err != nil {
		return err
	}
	return tx.remove(ctx, "mapping", string(id))
}
