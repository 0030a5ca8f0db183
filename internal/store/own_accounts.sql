-- The main user of a project: whose project it is, in a cloud that sells projects.
CREATE TABLE IF NOT EXISTS "lintel_main_user" (
    "project_id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "created_at" DATETIME NOT NULL,
    PRIMARY KEY ("project_id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_main_user_user_id" ON "lintel_main_user" ("user_id");

-- API users, by the project that they were made for. Who made one may be gone.
CREATE TABLE IF NOT EXISTS "lintel_api_user" (
    "user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "owner_id" VARCHAR(64) NOT NULL,
    "created_at" DATETIME NOT NULL,
    PRIMARY KEY ("user_id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_api_user_project_id" ON "lintel_api_user" ("project_id", "user_id");
