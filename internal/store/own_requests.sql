-- Requests for grants to which somebody else must agree. details are JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_grant_request" (
    "id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "requester_id" VARCHAR(64) NOT NULL,
    "scope" VARCHAR(80) NOT NULL,
    "details" TEXT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "expires_at" DATETIME NOT NULL,
    "decider_id" VARCHAR(64) NOT NULL,
    "decided_at" DATETIME,
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_grant_request_project_id" ON "lintel_grant_request" ("project_id", "created_at");
CREATE INDEX IF NOT EXISTS "lintel_ix_grant_request_user_id" ON "lintel_grant_request" ("user_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_grant_request_expires_at" ON "lintel_grant_request" ("expires_at");
