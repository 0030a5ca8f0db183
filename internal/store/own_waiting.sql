-- Grants that take effect when their user has turned on a second factor.
CREATE TABLE IF NOT EXISTS "lintel_waiting_grant" (
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "role_id" VARCHAR(64) NOT NULL,
    "granter_id" VARCHAR(64) NOT NULL,
    "scope" VARCHAR(80) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "until" DATETIME,
    "reason" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "lintel_ix_waiting_grant_key" ON "lintel_waiting_grant" ("user_id", "project_id", "role_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_waiting_grant_project_id" ON "lintel_waiting_grant" ("project_id", "created_at");
CREATE INDEX IF NOT EXISTS "lintel_ix_waiting_grant_role_id" ON "lintel_waiting_grant" ("role_id");
