-- Addresses that get mails about a project and belong to no account. folded is the address in small letters; topics are words with
-- blanks between them.
CREATE TABLE IF NOT EXISTS "lintel_contact" (
    "id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "folded" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "address" VARCHAR(255) NOT NULL,
    "topics" VARCHAR(255) NOT NULL,
    "language" VARCHAR(8) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "verified_at" DATETIME,
    PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "lintel_ix_contact_address" ON "lintel_contact" ("project_id", "folded");
