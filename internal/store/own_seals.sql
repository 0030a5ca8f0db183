-- Seals on the audit trail (see package trail), a chain from the first on. entries are the numbers of those that a seal covers, in
-- the order of its digest, as "1-20,22"; upto is the greatest of all that were sealed so far. A seal without any tells that entries
-- before its day were trimmed.
CREATE TABLE IF NOT EXISTS "lintel_trail_seal" (
    "number" BIGINT NOT NULL,
    "day" VARCHAR(10) NOT NULL,
    "made_at" DATETIME NOT NULL,
    "upto" BIGINT NOT NULL,
    "entries" TEXT NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "previous" VARCHAR(64) NOT NULL,
    "head" VARCHAR(64) NOT NULL,
    "key_hash" VARCHAR(64) NOT NULL,
    "signature" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("number")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_seal_day" ON "lintel_trail_seal" ("day", "number");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_seal_made_at" ON "lintel_trail_seal" ("made_at", "upto");

-- What came of the last look at each day's seals: body is JSON.
CREATE TABLE IF NOT EXISTS "lintel_trail_check" (
    "day" VARCHAR(10) NOT NULL,
    "made_at" DATETIME NOT NULL,
    "broken" BOOLEAN NOT NULL,
    "body" TEXT NOT NULL,
    PRIMARY KEY ("day")
);
