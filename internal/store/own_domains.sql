-- What a domain asks of its people beyond what the cloud asks of all; rules are JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_domain_rules" (
    "domain_id" VARCHAR(64) NOT NULL,
    "rules" TEXT NOT NULL,
    "changed_at" DATETIME NOT NULL,
    PRIMARY KEY ("domain_id")
);

-- Accounts that somebody shut out for a while. They are disabled, too, so that a Keystone beside us keeps them out; was_enabled is
-- what they become again.
CREATE TABLE IF NOT EXISTS "lintel_suspension" (
    "user_id" VARCHAR(64) NOT NULL,
    "reason" VARCHAR(255) NOT NULL,
    "by_id" VARCHAR(64) NOT NULL,
    "since" DATETIME NOT NULL,
    "was_enabled" BOOLEAN NOT NULL,
    PRIMARY KEY ("user_id")
);

-- Counts of a domain, and its open invitations.
CREATE INDEX IF NOT EXISTS "lintel_ix_local_user_failed_auth_at" ON "local_user" ("failed_auth_at");
CREATE INDEX IF NOT EXISTS "lintel_ix_user_enabled" ON "user" ("domain_id", "enabled");
CREATE INDEX IF NOT EXISTS "lintel_ix_invitation_state" ON "lintel_invitation" ("state", "created_at");
