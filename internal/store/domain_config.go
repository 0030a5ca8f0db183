package store

import (
	"context"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// DomainOptions returns the options of a domain, in the order of groups and names. With a group it is those of the
// group, with a name too it is that one.
func (tx *Tx) DomainOptions(ctx context.Context, domain identity.DomainID, group, name string) ([]identity.DomainOption, error) {
	s := domainOptions(domain, group, name)
	return list(ctx, tx, func(s scanner) (o identity.DomainOption, err error) {
		err = s.Scan(&o.Group, &o.Name, jsonOf(&o.Value), &o.Sensitive)
		return o, err
	}, `SELECT "group", "option", "value", FALSE FROM "whitelisted_config"`+s.sql()+`
		UNION ALL SELECT "group", "option", "value", TRUE FROM "sensitive_config"`+s.sql()+` ORDER BY 1, 2`,
		append(s.args, s.args...)...)
}

func domainOptions(domain identity.DomainID, group, name string) (s selection) {
	s.also(`"domain_id" = ?`, domain)
	if group != "" {
		s.also(`"group" = ?`, group)
	}
	if name != "" {
		s.also(`"option" = ?`, name)
	}
	return s
}

// PutDomainOptions sets options of a domain that is there. Others stay as they are.
func (tx *Tx) PutDomainOptions(ctx context.Context, domain identity.DomainID, options []identity.DomainOption) error {
	if _, err := tx.lockParent(ctx, "project", string(domain)); err != nil {
		return err
	}
	for _, o := range options {
		if err := tx.DeleteDomainOptions(ctx, domain, o.Group, o.Name); err != nil {
			return err
		}
		table := "whitelisted_config"
		if o.Sensitive {
			table = "sensitive_config"
		}
		_, err := tx.exec(ctx, `INSERT INTO "`+table+`" ("domain_id", "group", "option", "value") VALUES (?, ?, ?, ?)`,
			domain, o.Group, o.Name, jsonOf(&o.Value))
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteDomainOptions deletes the options of a domain, of a group of it, or the one that is named.
func (tx *Tx) DeleteDomainOptions(ctx context.Context, domain identity.DomainID, group, name string) error {
	tx.touch("domain_config", string(domain))
	s := domainOptions(domain, group, name)
	for table := range strings.FieldsSeq("whitelisted_config sensitive_config") {
		if _, err := tx.exec(ctx, `DELETE FROM "`+table+`"`+s.sql(), s.args...); err != nil {
			return err
		}
	}
	return nil
}
