-- What logs in for its user without their second factor, and may while that is on: it was made by somebody who had shown the factor,
-- or the user wants to keep it. What has no row may not.
CREATE TABLE IF NOT EXISTS "lintel_robot" (
    "kind" VARCHAR(32) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "stand" VARCHAR(16) NOT NULL,
    "reason" VARCHAR(255) NOT NULL,
    "since" DATETIME NOT NULL,
    PRIMARY KEY ("kind", "id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_robot_user_id" ON "lintel_robot" ("user_id");
