-- What happened, one row for each sink that has not confirmed it yet (see package audit). body is JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_event" (
    "seq" BIGSERIAL,
    "sink" VARCHAR(32) NOT NULL,
    "body" TEXT NOT NULL,
    PRIMARY KEY ("seq" AUTOINCREMENT) -- only sqlite
    PRIMARY KEY ("seq") -- only postgresql mariadb
);
CREATE INDEX IF NOT EXISTS "lintel_ix_event_sink" ON "lintel_event" ("sink", "seq");

-- Work that one node does at a time, and until when it is that node's.
CREATE TABLE IF NOT EXISTS "lintel_lease" (
    "work" VARCHAR(64) NOT NULL,
    "holder" VARCHAR(64) NOT NULL,
    "until" DATETIME NOT NULL,
    PRIMARY KEY ("work")
);
