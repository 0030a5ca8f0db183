-- What is known of grants beside Keystone's rows, each by the key of its row. At expires_at the row itself is deleted.
CREATE TABLE IF NOT EXISTS "lintel_grant_meta" (
    "actor_id" VARCHAR(64) NOT NULL,
    "target_id" VARCHAR(64) NOT NULL,
    "role_id" VARCHAR(64) NOT NULL,
    "type" VARCHAR(16) NOT NULL,
    "inherited" BOOLEAN NOT NULL,
    "granted_by" VARCHAR(64) NOT NULL,
    "granted_at" DATETIME NOT NULL,
    "expires_at" DATETIME,
    "reason" VARCHAR(255) NOT NULL,
    "source" VARCHAR(16) NOT NULL,
    PRIMARY KEY ("actor_id", "target_id", "role_id", "type", "inherited")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_grant_meta_expires_at" ON "lintel_grant_meta" ("expires_at");
CREATE INDEX IF NOT EXISTS "lintel_ix_grant_meta_target_id" ON "lintel_grant_meta" ("target_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_grant_meta_role_id" ON "lintel_grant_meta" ("role_id");

-- Who may grant what, beside what the policy says. An empty domain is the whole cloud.
CREATE TABLE IF NOT EXISTS "lintel_grant_rule" (
    "id" VARCHAR(64) NOT NULL,
    "holder_role_id" VARCHAR(64) NOT NULL,
    "holder_scope" VARCHAR(16) NOT NULL,
    "target_role_id" VARCHAR(64) NOT NULL,
    "target_scope" VARCHAR(16) NOT NULL,
    "domain_id" VARCHAR(64) NOT NULL,
    "may_grant" BOOLEAN NOT NULL,
    "may_revoke" BOOLEAN NOT NULL,
    "may_invite" BOOLEAN NOT NULL,
    "max_days" INTEGER NOT NULL,
    "needs_approval" BOOLEAN NOT NULL,
    "needs_step_up" BOOLEAN NOT NULL,
    PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "lintel_ix_grant_rule_key" ON "lintel_grant_rule" ("holder_role_id", "holder_scope", "target_role_id", "target_scope", "domain_id");

-- What people are told of roles. details are JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_role_profile" (
    "role_id" VARCHAR(64) NOT NULL,
    "impact" VARCHAR(16) NOT NULL,
    "category" VARCHAR(64) NOT NULL,
    "sort" INTEGER NOT NULL,
    "audience" VARCHAR(16) NOT NULL,
    "details" TEXT NOT NULL,
    PRIMARY KEY ("role_id")
);

-- Who last set a part of an account by which somebody gets in, and with the rights that they held where.
CREATE TABLE IF NOT EXISTS "lintel_origin" (
    "user_id" VARCHAR(64) NOT NULL,
    "part" VARCHAR(16) NOT NULL,
    "setter_id" VARCHAR(64) NOT NULL,
    "scope" VARCHAR(80) NOT NULL,
    "set_at" DATETIME NOT NULL,
    PRIMARY KEY ("user_id", "part")
);
