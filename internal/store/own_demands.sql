-- Users whose second factor somebody else took away, until they have set up another. Their rules go on asking for one, so that a
-- Keystone beside us lets nobody in by the password alone.
CREATE TABLE IF NOT EXISTS "lintel_factor_reset" (
    "user_id" VARCHAR(64) NOT NULL,
    "since" DATETIME NOT NULL,
    PRIMARY KEY ("user_id")
);
