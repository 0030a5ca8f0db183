-- Keys whose cached copies a committed change made stale. Rows may commit out of the order of seq.
CREATE TABLE IF NOT EXISTS "lintel_change" (
    "seq" BIGSERIAL,
    "at" DATETIME NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "id" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("seq" AUTOINCREMENT) -- only sqlite
    PRIMARY KEY ("seq") -- only postgresql mariadb
);
CREATE INDEX IF NOT EXISTS "lintel_ix_change_at" ON "lintel_change" ("at");

-- Look-ups of logins, validation and cascades for which Keystone's schema has no index. MariaDB makes one by itself for
-- each foreign key.
CREATE INDEX IF NOT EXISTS "lintel_ix_application_credential_id" ON "application_credential" ("id");
CREATE INDEX IF NOT EXISTS "lintel_ix_application_credential_project_id" ON "application_credential" ("project_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_assignment_target_id" ON "assignment" ("target_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_assignment_role_id" ON "assignment" ("role_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_system_assignment_actor_id" ON "system_assignment" ("actor_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_credential_user_id" ON "credential" ("user_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_credential_project_id" ON "credential" ("project_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_trust_trustee_user_id" ON "trust" ("trustee_user_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_trust_project_id" ON "trust" ("project_id");
CREATE INDEX IF NOT EXISTS "lintel_ix_password_local_user_id" ON "password" ("local_user_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_user_domain_id" ON "user" ("domain_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_project_parent_id" ON "project" ("parent_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_endpoint_region_id" ON "endpoint" ("region_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_federated_user_user_id" ON "federated_user" ("user_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_implied_role_implied_role_id" ON "implied_role" ("implied_role_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_expiring_user_group_membership_group_id" ON "expiring_user_group_membership" ("group_id"); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_application_credential_access_rule_access_rule_id" ON "application_credential_access_rule" ("access_rule_id"); -- only sqlite postgresql

-- Revocation events of a chain or a trust, and the few of none of the kinds that have an index. PostgreSQL takes the NULLs
-- of several columns for independent and would read the table; the partial index tells it how few those few are.
CREATE INDEX IF NOT EXISTS "lintel_ix_revocation_event_audit_chain_id" ON "revocation_event" ("audit_chain_id", "issued_before");
CREATE INDEX IF NOT EXISTS "lintel_ix_revocation_event_trust_id" ON "revocation_event" ("trust_id", "issued_before");
CREATE INDEX IF NOT EXISTS "lintel_ix_revocation_event_rest" ON "revocation_event" ("user_id", "project_id", "audit_id", "audit_chain_id", "trust_id", "issued_before"); -- only sqlite mariadb
CREATE INDEX IF NOT EXISTS "lintel_ix_revocation_event_rest" ON "revocation_event" ("issued_before") WHERE "user_id" IS NULL AND "project_id" IS NULL AND "audit_id" IS NULL AND "audit_chain_id" IS NULL AND "trust_id" IS NULL; -- only postgresql

-- Names that differ in case only are the same, as MariaDB's collation has it.
CREATE INDEX IF NOT EXISTS "lintel_ix_local_user_folded" ON "local_user" ("domain_id", LOWER("name")); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_group_folded" ON "group" ("domain_id", LOWER("name")); -- only sqlite postgresql
