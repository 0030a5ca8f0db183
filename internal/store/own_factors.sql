-- Second factors that people look after by themselves, in the portal. A seed is kept here until a code has shown that it
-- works; a credential it becomes only then, for a stock Keystone takes any. own_rules says that the user's multi-factor
-- rules came with the factor, and so may go with it.
CREATE TABLE IF NOT EXISTS "lintel_factor" (
    "user_id" VARCHAR(64) NOT NULL,
    "own_rules" BOOLEAN NOT NULL,
    "since" DATETIME NOT NULL,
    PRIMARY KEY ("user_id")
);
CREATE TABLE IF NOT EXISTS "lintel_enrolment" (
    "user_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "seed" TEXT NOT NULL,
    "until" DATETIME NOT NULL,
    "misses" INTEGER NOT NULL,
    "step" BIGINT,
    "codes" TEXT,
    PRIMARY KEY ("user_id")
);
CREATE TABLE IF NOT EXISTS "lintel_recovery_code" (
    "user_id" VARCHAR(64) NOT NULL,
    "mark" VARCHAR(8) NOT NULL,
    "hash" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("user_id", "mark")
);

-- Revocations of a user's tokens in which a method had no part.
CREATE TABLE IF NOT EXISTS "lintel_method_revocation" (
    "seq" BIGSERIAL,
    "user_id" VARCHAR(64) NOT NULL,
    "method" VARCHAR(64) NOT NULL,
    "issued_before" DATETIME NOT NULL,
    "revoked_at" DATETIME NOT NULL,
    PRIMARY KEY ("seq" AUTOINCREMENT) -- only sqlite
    PRIMARY KEY ("seq") -- only postgresql mariadb
);
CREATE INDEX IF NOT EXISTS "lintel_ix_method_revocation_user_id" ON "lintel_method_revocation" ("user_id", "issued_before");
CREATE INDEX IF NOT EXISTS "lintel_ix_method_revocation_revoked_at" ON "lintel_method_revocation" ("revoked_at");
