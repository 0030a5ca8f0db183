-- What people were told of their accounts, as they read it in the portal (see package mail). told holds the words' values as JSON, and
-- nothing that opens anything. What went out by mail, too, counts as read.
CREATE TABLE IF NOT EXISTS "lintel_notice" (
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "told" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL,
    "read_at" DATETIME,
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_notice_user_id" ON "lintel_notice" ("user_id", "created_at");
CREATE INDEX IF NOT EXISTS "lintel_ix_notice_created_at" ON "lintel_notice" ("created_at");
