-- The audit trail: what happened, as people ask for it. body is JSON in ASCII and says everything; the columns are what one
-- can ask for. Nothing here refers to another table: what is gone is still called by its name.
CREATE TABLE IF NOT EXISTS "lintel_trail" (
    "seq" BIGSERIAL,
    "at" DATETIME NOT NULL,
    "class" VARCHAR(16) NOT NULL,
    "action" VARCHAR(64) NOT NULL,
    "failed" BOOLEAN NOT NULL,
    "actor_id" VARCHAR(64),
    "actor_name" VARCHAR(255),
    "via_id" VARCHAR(64),
    "target_id" VARCHAR(255),
    "target_name" VARCHAR(255),
    "person_id" VARCHAR(64),
    "project_id" VARCHAR(64),
    "domain_id" VARCHAR(64),
    "address" VARCHAR(64),
    "request_id" VARCHAR(64),
    "body" TEXT NOT NULL,
    PRIMARY KEY ("seq" AUTOINCREMENT) -- only sqlite
    PRIMARY KEY ("seq") -- only postgresql mariadb
);
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_at" ON "lintel_trail" ("at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_class" ON "lintel_trail" ("class", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_action" ON "lintel_trail" ("action", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_failed" ON "lintel_trail" ("failed", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_actor_id" ON "lintel_trail" ("actor_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_actor_name" ON "lintel_trail" ("actor_name", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_via_id" ON "lintel_trail" ("via_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_target_id" ON "lintel_trail" ("target_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_target_name" ON "lintel_trail" ("target_name", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_person_id" ON "lintel_trail" ("person_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_project_id" ON "lintel_trail" ("project_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_domain_id" ON "lintel_trail" ("domain_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_address" ON "lintel_trail" ("address", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_request_id" ON "lintel_trail" ("request_id");

-- When something logged in last: a person at a project, an application credential, a key. To the hour, and written now and
-- then. place is the project, or empty.
CREATE TABLE IF NOT EXISTS "lintel_seen" (
    "kind" VARCHAR(32) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "place" VARCHAR(64) NOT NULL,
    "at" DATETIME NOT NULL,
    "address" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("kind", "id", "place")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_seen_at" ON "lintel_seen" ("at");
