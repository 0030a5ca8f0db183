-- Passkeys (WebAuthn). credential_id is what an authenticator calls its key, in base64url, digest the SHA-256 of it; a key
-- answers at addresses below rp_id only.
CREATE TABLE IF NOT EXISTS "lintel_passkey" (
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "credential_id" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "sign_count" BIGINT NOT NULL,
    "transports" VARCHAR(255) NOT NULL,
    "may_sync" BOOLEAN NOT NULL,
    "synced" BOOLEAN NOT NULL,
    "rp_id" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "used_at" DATETIME,
    PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "lintel_ix_passkey_digest" ON "lintel_passkey" ("digest");
CREATE INDEX IF NOT EXISTS "lintel_ix_passkey_user_id" ON "lintel_passkey" ("user_id");

-- What somebody has begun to set up is a passkey or a seed of one-time codes. It waits for minutes, so that the table may
-- be made anew.
DROP TABLE IF EXISTS "lintel_enrolment";
CREATE TABLE IF NOT EXISTS "lintel_enrolment" (
    "user_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "seed" TEXT NOT NULL,
    "challenge" VARCHAR(255) NOT NULL,
    "passkey" TEXT,
    "until" DATETIME NOT NULL,
    "misses" INTEGER NOT NULL,
    "step" BIGINT,
    "codes" TEXT,
    PRIMARY KEY ("user_id")
);
