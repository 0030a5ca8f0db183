package store

import "context"

// An option is one resource option of an entity as Keystone stores it (keystone/common/resource_options).
type option[ID ~string] struct {
	entity ID
	id     string
	value  any
}

// immutable is the id of the option "immutable" of projects and roles.
const immutable = "IMMU"

// options reads the options of users, projects or roles, in one query.
func options[ID ~string](ctx context.Context, tx *Tx, entity string, ids []ID) ([]option[ID], error) {
	set, args := in(ids)
	return list(ctx, tx, func(s scanner) (o option[ID], err error) {
		err = s.Scan(&o.entity, &o.id, jsonOf(&o.value))
		return o, err
	}, `SELECT "`+entity+`_id", "option_id", "option_value" FROM "`+entity+`_option" WHERE "`+entity+`_id" IN `+set, args...)
}

// putOption writes one option of an entity, or removes it when the value is nil.
func (tx *Tx) putOption(ctx context.Context, entity, id, option string, value any) error {
	if value == nil {
		_, err := tx.exec(ctx, `DELETE FROM "`+entity+`_option" WHERE "`+entity+`_id" = ? AND "option_id" = ?`, id, option)
		return err
	}
	return tx.upsert(ctx, entity+"_option", 2, []string{entity + "_id", "option_id", "option_value"}, id, option, jsonOf(&value))
}
