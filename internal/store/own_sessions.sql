-- Sign-ins to the portal. The key is the SHA-256 of what the browser holds; the proof is what an unscoped token would say.
CREATE TABLE IF NOT EXISTS "lintel_session" (
    "key" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "proof" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL,
    "seen_at" DATETIME NOT NULL,
    "confirmed_at" DATETIME NOT NULL,
    "ends_at" DATETIME NOT NULL,
    "address" VARCHAR(64) NOT NULL,
    "agent" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("key")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_session_user_id" ON "lintel_session" ("user_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_session_ends_at" ON "lintel_session" ("ends_at");
