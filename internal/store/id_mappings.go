package store

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
)

// IDMappings picks the ids that entities of a directory server have in the API. What is empty picks all.
type IDMappings struct {
	Domain   identity.DomainID
	PublicID string // in the API
	LocalID  string // in the directory
	Type     string // user or group
}

// PurgeIDMappings forgets ids, and returns how many. As an id is made from what it stands for, a directory that is read again
// gives the same (PurgeMappings of keystone/identity/mapping_backends/sql.py).
func (tx *Tx) PurgeIDMappings(ctx context.Context, which IDMappings) (int64, error) {
	var s selection
	for _, f := range []struct{ column, value string }{
		{"domain_id", string(which.Domain)}, {"public_id", which.PublicID}, {"local_id", which.LocalID}, {"entity_type", which.Type},
	} {
		if f.value != "" {
			s.also(`"`+f.column+`" = ?`, f.value)
		}
	}
	return tx.exec(ctx, `DELETE FROM "id_mapping"`+s.sql(), s.args...)
}
