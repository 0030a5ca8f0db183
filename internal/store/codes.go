package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// mostCodes is how many codes of one address are looked at.
const mostCodes = 50

// addressKey stands for an address, whatever case it is written in.
func addressKey(address string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return hex.EncodeToString(sum[:])
}

// InsertCode keeps the code of a link that was mailed to an address, as l.Data says it, sealed.
func (tx *Tx) InsertCode(ctx context.Context, address string, l identity.Link) error {
	if _, err := tx.exec(ctx, `DELETE FROM "lintel_code" WHERE "ends_at" < ?`, tx.now); err != nil {
		return err
	}
	_, err := tx.exec(ctx, `INSERT INTO "lintel_code" ("digest", "address_key", "sealed", "ends_at") VALUES (?, ?, ?, ?)`, l.Digest, addressKey(address), l.Data, l.EndsAt)
	return err
}

// Codes returns the links that were mailed to an address and can be used, the newest first, each with its sealed code as Data.
func (tx *Tx) Codes(ctx context.Context, address string) ([]identity.Link, error) {
	return list(ctx, tx, func(s scanner) (l identity.Link, err error) {
		err = s.Scan(&l.Digest, &l.Purpose, &l.Subject, &l.Data, timeOf{&l.EndsAt})
		return l, err
	}, `SELECT l."digest", l."purpose", l."subject", c."sealed", l."ends_at" FROM "lintel_code" c JOIN "lintel_link" l ON l."digest" = c."digest"
		WHERE c."address_key" = ? AND l."state" = '' AND l."ends_at" > ? ORDER BY l."created_at" DESC, l."digest" LIMIT ?`, addressKey(address), tx.now, mostCodes)
}
