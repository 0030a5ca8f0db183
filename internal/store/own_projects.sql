-- How projects let people in beyond what their domains say; rules are JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_project_rules" (
    "project_id" VARCHAR(64) NOT NULL,
    "rules" TEXT NOT NULL,
    "changed_at" DATETIME NOT NULL,
    PRIMARY KEY ("project_id")
);
