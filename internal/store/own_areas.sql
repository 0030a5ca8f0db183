-- Who was let into areas of a project's pages, in the portal alone. areas are words with blanks between them.
CREATE TABLE IF NOT EXISTS "lintel_portal_user" (
    "user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "areas" VARCHAR(255) NOT NULL,
    "created_at" DATETIME NOT NULL,
    PRIMARY KEY ("user_id", "project_id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_portal_user_project_id" ON "lintel_portal_user" ("project_id", "user_id");
