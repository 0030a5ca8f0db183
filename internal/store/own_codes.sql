-- Short codes that stand for one-time links, for those to whom both were mailed. digest is that of the link, address_key the SHA-256 of the
-- address in small letters. sealed holds the code and the link's secret, under the keys that seal what waits to be mailed.
CREATE TABLE IF NOT EXISTS "lintel_code" (
    "digest" VARCHAR(64) NOT NULL,
    "address_key" VARCHAR(64) NOT NULL,
    "sealed" TEXT NOT NULL,
    "ends_at" DATETIME NOT NULL,
    PRIMARY KEY ("digest")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_code_address_key" ON "lintel_code" ("address_key");
CREATE INDEX IF NOT EXISTS "lintel_ix_code_ends_at" ON "lintel_code" ("ends_at");
