-- When suspensions end by themselves; those without a row last until somebody lifts them.
CREATE TABLE IF NOT EXISTS "lintel_suspension_end" (
    "user_id" VARCHAR(64) NOT NULL,
    "ends_at" DATETIME NOT NULL,
    PRIMARY KEY ("user_id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_suspension_end_ends_at" ON "lintel_suspension_end" ("ends_at");
