package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lintel-id/lintel/internal/identity"
)

const (
	serviceProviderColumns = `"id", "description", "enabled", "auth_url", "sp_url", "relay_state_prefix"`
	selectServiceProvider  = `SELECT ` + serviceProviderColumns + ` FROM "service_provider"`
)

func scanServiceProvider(s scanner) (p identity.ServiceProvider, err error) {
	err = s.Scan(&p.ID, &p.Description, &p.Enabled, &p.AuthURL, &p.SPURL, &p.RelayStatePrefix)
	return p, err
}

// ServiceProvider returns a service provider; a NotFound when there is none.
func (tx *Tx) ServiceProvider(ctx context.Context, id identity.ServiceProviderID) (identity.ServiceProvider, error) {
	p, err := scanServiceProvider(tx.row(ctx, selectServiceProvider+` WHERE "id" = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = identity.Missing("Service Provider", id)
	}
	return p, err
}

// ServiceProviders returns a page of service providers. The filters are id and enabled.
func (tx *Tx) ServiceProviders(ctx context.Context, q identity.Query) (identity.Page[identity.ServiceProvider], error) {
	var s selection
	for _, f := range q.Filters {
		switch f.Attr {
		case "id":
			s.text(tx, `"id"`, f)
		case "enabled":
			s.flag(`"enabled"`, f)
		}
	}
	return page(ctx, tx, scanServiceProvider, selectServiceProvider, `"id"`, s, q)
}

// EnabledServiceProviders returns the enabled service providers.
func (tx *Tx) EnabledServiceProviders(ctx context.Context) ([]identity.ServiceProvider, error) {
	return Recall(tx, serviceProviders, func() (found []identity.ServiceProvider, from []Key, err error) {
		found, err = list(ctx, tx, scanServiceProvider, selectServiceProvider+` WHERE "enabled" = ? ORDER BY "id"`, true)
		return found, providerKeys, err
	})
}

var (
	serviceProviders = Fact{What: "service providers"}
	providerKeys     = []Key{{"service_provider", ""}}
)

func gatherProviders(g *gathering, all *[]identity.ServiceProvider) {
	g.add(serviceProviderColumns, `FROM "service_provider" WHERE "enabled" = ?`, []any{true}, func(s scanner) error {
		p, err := scanServiceProvider(s)
		*all = append(*all, p)
		return err
	})
}

// InsertServiceProvider writes a new service provider; a Conflict when its id is taken.
func (tx *Tx) InsertServiceProvider(ctx context.Context, p identity.ServiceProvider) error {
	tx.touch("service_provider", "")
	_, err := tx.exec(ctx, `INSERT INTO "service_provider" ("id", "description", "enabled", "auth_url", "sp_url", "relay_state_prefix")
		VALUES (?, ?, ?, ?, ?, ?)`, p.ID, p.Description, p.Enabled, p.AuthURL, p.SPURL, p.RelayStatePrefix)
	if _, dup := duplicate(err); dup {
		return identity.Conflictf("service_provider", "Duplicate entry found with ID %s", p.ID)
	}
	return err
}

// PutServiceProvider writes a service provider over the one of the same id.
func (tx *Tx) PutServiceProvider(ctx context.Context, p identity.ServiceProvider) error {
	tx.touch("service_provider", "")
	_, err := tx.exec(ctx, `UPDATE "service_provider" SET "description" = ?, "enabled" = ?, "auth_url" = ?, "sp_url" = ?,
		"relay_state_prefix" = ? WHERE "id" = ?`, p.Description, p.Enabled, p.AuthURL, p.SPURL, p.RelayStatePrefix, p.ID)
	return err
}

// DeleteServiceProvider deletes a service provider; a NotFound when there is none.
func (tx *Tx) DeleteServiceProvider(ctx context.Context, id identity.ServiceProviderID) error {
	tx.touch("service_provider", "")
	n, err := tx.exec(ctx, `DELETE FROM "service_provider" WHERE "id" = ?`, id)
	if err == nil && n == 0 {
		err = identity.Missing("Service Provider", id)
	}
	return err
}
