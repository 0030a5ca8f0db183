-- Users who have made new recovery codes because none was left, until they have said that they keep them.
CREATE TABLE IF NOT EXISTS "lintel_recovery_due" (
    "user_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("user_id")
);

-- Second factors that somebody wants to take away, to which somebody else must agree.
CREATE TABLE IF NOT EXISTS "lintel_factor_ask" (
    "user_id" VARCHAR(64) NOT NULL,
    "asker_id" VARCHAR(64) NOT NULL,
    "scope" VARCHAR(80) NOT NULL,
    "asked_at" DATETIME NOT NULL,
    "ends_at" DATETIME NOT NULL,
    PRIMARY KEY ("user_id")
);
