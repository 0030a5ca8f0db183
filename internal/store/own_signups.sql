-- Wishes for an account, by people who have proved their address. details are JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_sign_up" (
    "id" VARCHAR(64) NOT NULL,
    "address" VARCHAR(255) NOT NULL,
    "details" TEXT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "decider_id" VARCHAR(64) NOT NULL,
    "decided_at" DATETIME,
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_sign_up_state" ON "lintel_sign_up" ("state", "created_at");
