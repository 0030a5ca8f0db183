-- Keystone's tables as its first alembic revision makes them (27e647c0fad4, in
-- keystone/common/sql/migrations/versions). The later revisions are steps in migrate.go.
--
-- Each statement may run again where an interrupted run got past it, since MariaDB cannot take it back.
--
-- Words that each dialect spells in its own way: SERIAL (an integer that counts up), DATETIME, BOOLEAN, GRANT_TYPE and
-- ENTITY_TYPE (enums). A line that ends in "only NAME …" is for those dialects. Constraints without a name are named by the
-- database, as upstream leaves them.

CREATE TYPE "type" AS ENUM ('UserProject', 'GroupProject', 'UserDomain', 'GroupDomain'); -- only postgresql
CREATE TYPE "entity_type" AS ENUM ('user', 'group'); -- only postgresql

CREATE TABLE IF NOT EXISTS "application_credential" (
    "internal_id" SERIAL,
    "id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "secret_hash" VARCHAR(255) NOT NULL,
    "description" TEXT,
    "user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64),
    "expires_at" BIGINT,
    "system" VARCHAR(64),
    "unrestricted" BOOLEAN,
    PRIMARY KEY ("internal_id"),
    CONSTRAINT "duplicate_app_cred_constraint" UNIQUE ("user_id", "name")
);

CREATE TABLE IF NOT EXISTS "assignment" (
    "type" GRANT_TYPE NOT NULL,
    "actor_id" VARCHAR(64) NOT NULL,
    "target_id" VARCHAR(64) NOT NULL,
    "role_id" VARCHAR(64) NOT NULL,
    "inherited" BOOLEAN NOT NULL,
    PRIMARY KEY ("type", "actor_id", "target_id", "role_id", "inherited"), -- only sqlite
    CONSTRAINT "fk_assignment_role_id" FOREIGN KEY("role_id") REFERENCES "role" ("id") -- only sqlite
    PRIMARY KEY ("type", "actor_id", "target_id", "role_id", "inherited") -- only postgresql mariadb
);
CREATE INDEX IF NOT EXISTS "ix_actor_id" ON "assignment" ("actor_id");

CREATE TABLE IF NOT EXISTS "access_rule" (
    "id" SERIAL,
    "service" VARCHAR(64),
    "path" VARCHAR(128),
    "method" VARCHAR(16),
    "external_id" VARCHAR(64),
    "user_id" VARCHAR(64),
    PRIMARY KEY ("id"),
    CONSTRAINT "access_rule_external_id_key" UNIQUE ("external_id"),
    CONSTRAINT "duplicate_access_rule_for_user_constraint" UNIQUE ("user_id", "service", "path", "method")
);
CREATE INDEX IF NOT EXISTS "external_id" ON "access_rule" ("external_id");
CREATE INDEX IF NOT EXISTS "user_id" ON "access_rule" ("user_id");

CREATE TABLE IF NOT EXISTS "config_register" (
    "type" VARCHAR(64) NOT NULL,
    "domain_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("type")
);

CREATE TABLE IF NOT EXISTS "consumer" (
    "id" VARCHAR(64) NOT NULL,
    "description" VARCHAR(64),
    "secret" VARCHAR(64) NOT NULL,
    "extra" TEXT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "credential" (
    "id" VARCHAR(64) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64),
    "type" VARCHAR(255) NOT NULL,
    "extra" TEXT,
    "key_hash" VARCHAR(64) NOT NULL,
    "encrypted_blob" TEXT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "group" (
    "id" VARCHAR(64) NOT NULL,
    "domain_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(64) NOT NULL,
    "description" TEXT,
    "extra" TEXT,
    PRIMARY KEY ("id"),
    CONSTRAINT "ixu_group_name_domain_id" UNIQUE ("domain_id", "name")
);

CREATE TABLE IF NOT EXISTS "id_mapping" (
    "public_id" VARCHAR(64) NOT NULL,
    "domain_id" VARCHAR(64) NOT NULL,
    "local_id" VARCHAR(255) NOT NULL,
    "entity_type" ENTITY_TYPE NOT NULL,
    PRIMARY KEY ("public_id"),
    CONSTRAINT "domain_id" UNIQUE ("domain_id", "local_id", "entity_type")
);

CREATE TABLE IF NOT EXISTS "identity_provider" (
    "id" VARCHAR(64) NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "description" TEXT,
    "domain_id" VARCHAR(64) NOT NULL,
    "authorization_ttl" INTEGER,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "idp_remote_ids" (
    "idp_id" VARCHAR(64),
    "remote_id" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("remote_id"),
    FOREIGN KEY("idp_id") REFERENCES "identity_provider" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "mapping" (
    "id" VARCHAR(64) NOT NULL,
    "rules" TEXT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "policy" (
    "id" VARCHAR(64) NOT NULL,
    "type" VARCHAR(255) NOT NULL,
    "blob" TEXT NOT NULL,
    "extra" TEXT,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "policy_association" (
    "id" VARCHAR(64) NOT NULL,
    "policy_id" VARCHAR(64) NOT NULL,
    "endpoint_id" VARCHAR(64),
    "service_id" VARCHAR(64),
    "region_id" VARCHAR(64),
    PRIMARY KEY ("id"),
    UNIQUE ("endpoint_id", "service_id", "region_id")
);

CREATE TABLE IF NOT EXISTS "project" (
    "id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(64) NOT NULL,
    "extra" TEXT,
    "description" TEXT,
    "enabled" BOOLEAN,
    "domain_id" VARCHAR(64) NOT NULL,
    "parent_id" VARCHAR(64),
    "is_domain" BOOLEAN DEFAULT '0' NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "ixu_project_name_domain_id" UNIQUE ("domain_id", "name"),
    CONSTRAINT "project_domain_id_fkey" FOREIGN KEY("domain_id") REFERENCES "project" ("id"),
    CONSTRAINT "project_parent_id_fkey" FOREIGN KEY("parent_id") REFERENCES "project" ("id")
);

CREATE TABLE IF NOT EXISTS "project_endpoint" (
    "endpoint_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("endpoint_id", "project_id")
);

CREATE TABLE IF NOT EXISTS "project_option" (
    "project_id" VARCHAR(64) NOT NULL,
    "option_id" VARCHAR(4) NOT NULL,
    "option_value" TEXT,
    PRIMARY KEY ("project_id", "option_id"),
    FOREIGN KEY("project_id") REFERENCES "project" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "project_tag" (
    "project_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("project_id", "name"),
    UNIQUE ("project_id", "name"),
    FOREIGN KEY("project_id") REFERENCES "project" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "region" (
    "id" VARCHAR(255) NOT NULL,
    "description" VARCHAR(255) NOT NULL,
    "parent_region_id" VARCHAR(255),
    "extra" TEXT,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "registered_limit" (
    "id" VARCHAR(64) NOT NULL,
    "service_id" VARCHAR(255),
    "region_id" VARCHAR(64),
    "resource_name" VARCHAR(255),
    "default_limit" INTEGER NOT NULL,
    "description" TEXT,
    "internal_id" SERIAL,
    PRIMARY KEY ("internal_id"),
    CONSTRAINT "registered_limit_id_key" UNIQUE ("id")
);

CREATE TABLE IF NOT EXISTS "request_token" (
    "id" VARCHAR(64) NOT NULL,
    "request_secret" VARCHAR(64) NOT NULL,
    "verifier" VARCHAR(64),
    "authorizing_user_id" VARCHAR(64),
    "requested_project_id" VARCHAR(64) NOT NULL,
    "role_ids" TEXT,
    "consumer_id" VARCHAR(64) NOT NULL,
    "expires_at" VARCHAR(64),
    PRIMARY KEY ("id"),
    FOREIGN KEY("consumer_id") REFERENCES "consumer" ("id")
);
CREATE INDEX IF NOT EXISTS "ix_request_token_consumer_id" ON "request_token" ("consumer_id");

CREATE TABLE IF NOT EXISTS "revocation_event" (
    "id" SERIAL,
    "domain_id" VARCHAR(64),
    "project_id" VARCHAR(64),
    "user_id" VARCHAR(64),
    "role_id" VARCHAR(64),
    "trust_id" VARCHAR(64),
    "consumer_id" VARCHAR(64),
    "access_token_id" VARCHAR(64),
    "issued_before" DATETIME NOT NULL,
    "expires_at" DATETIME,
    "revoked_at" DATETIME NOT NULL,
    "audit_id" VARCHAR(32),
    "audit_chain_id" VARCHAR(32),
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "ix_revocation_event_audit_id_issued_before" ON "revocation_event" ("audit_id", "issued_before");
CREATE INDEX IF NOT EXISTS "ix_revocation_event_issued_before" ON "revocation_event" ("issued_before");
CREATE INDEX IF NOT EXISTS "ix_revocation_event_new_revoked_at" ON "revocation_event" ("revoked_at");
CREATE INDEX IF NOT EXISTS "ix_revocation_event_project_id_issued_before" ON "revocation_event" ("project_id", "issued_before");
CREATE INDEX IF NOT EXISTS "ix_revocation_event_user_id_issued_before" ON "revocation_event" ("user_id", "issued_before");

CREATE TABLE IF NOT EXISTS "role" (
    "id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "extra" TEXT,
    "domain_id" VARCHAR(64) DEFAULT '<<null>>' NOT NULL,
    "description" VARCHAR(255),
    PRIMARY KEY ("id"),
    CONSTRAINT "ixu_role_name_domain_id" UNIQUE ("name", "domain_id")
);

CREATE TABLE IF NOT EXISTS "role_option" (
    "role_id" VARCHAR(64) NOT NULL,
    "option_id" VARCHAR(4) NOT NULL,
    "option_value" TEXT,
    PRIMARY KEY ("role_id", "option_id"),
    FOREIGN KEY("role_id") REFERENCES "role" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "sensitive_config" (
    "domain_id" VARCHAR(64) NOT NULL,
    "group" VARCHAR(255) NOT NULL,
    "option" VARCHAR(255) NOT NULL,
    "value" TEXT NOT NULL,
    PRIMARY KEY ("domain_id", "group", "option")
);

CREATE TABLE IF NOT EXISTS "service" (
    "id" VARCHAR(64) NOT NULL,
    "type" VARCHAR(255),
    "enabled" BOOLEAN DEFAULT '1' NOT NULL,
    "extra" TEXT,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "service_provider" (
    "auth_url" VARCHAR(256) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "description" TEXT,
    "sp_url" VARCHAR(256) NOT NULL,
    "relay_state_prefix" VARCHAR(256) DEFAULT 'ss:mem:' NOT NULL,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "system_assignment" (
    "type" VARCHAR(64) NOT NULL,
    "actor_id" VARCHAR(64) NOT NULL,
    "target_id" VARCHAR(64) NOT NULL,
    "role_id" VARCHAR(64) NOT NULL,
    "inherited" BOOLEAN NOT NULL,
    PRIMARY KEY ("type", "actor_id", "target_id", "role_id", "inherited")
);

CREATE TABLE IF NOT EXISTS "token" (
    "id" VARCHAR(64) NOT NULL,
    "expires" DATETIME,
    "extra" TEXT,
    "valid" BOOLEAN NOT NULL,
    "trust_id" VARCHAR(64),
    "user_id" VARCHAR(64),
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "ix_token_expires" ON "token" ("expires");
CREATE INDEX IF NOT EXISTS "ix_token_expires_valid" ON "token" ("expires", "valid");
CREATE INDEX IF NOT EXISTS "ix_token_trust_id" ON "token" ("trust_id");
CREATE INDEX IF NOT EXISTS "ix_token_user_id" ON "token" ("user_id");

CREATE TABLE IF NOT EXISTS "trust" (
    "id" VARCHAR(64) NOT NULL,
    "trustor_user_id" VARCHAR(64) NOT NULL,
    "trustee_user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64),
    "impersonation" BOOLEAN NOT NULL,
    "deleted_at" DATETIME,
    "expires_at" DATETIME,
    "remaining_uses" INTEGER,
    "extra" TEXT,
    "expires_at_int" BIGINT,
    "redelegated_trust_id" VARCHAR(64),
    "redelegation_count" INTEGER,
    PRIMARY KEY ("id"),
    CONSTRAINT "duplicate_trust_constraint_expanded" UNIQUE ("trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at", "expires_at_int")
);

CREATE TABLE IF NOT EXISTS "trust_role" (
    "trust_id" VARCHAR(64) NOT NULL,
    "role_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("trust_id", "role_id")
);

CREATE TABLE IF NOT EXISTS "user" (
    "id" VARCHAR(64) NOT NULL,
    "extra" TEXT,
    "enabled" BOOLEAN,
    "default_project_id" VARCHAR(64),
    "created_at" DATETIME,
    "last_active_at" DATE,
    "domain_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("id"),
    CONSTRAINT "ixu_user_id_domain_id" UNIQUE ("id", "domain_id")
);
CREATE INDEX IF NOT EXISTS "ix_default_project_id" ON "user" ("default_project_id");

CREATE TABLE IF NOT EXISTS "user_group_membership" (
    "user_id" VARCHAR(64) NOT NULL,
    "group_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("user_id", "group_id"),
    CONSTRAINT "fk_user_group_membership_user_id" FOREIGN KEY("user_id") REFERENCES "user" ("id"),
    CONSTRAINT "fk_user_group_membership_group_id" FOREIGN KEY("group_id") REFERENCES "group" ("id")
);
CREATE INDEX IF NOT EXISTS "group_id" ON "user_group_membership" ("group_id");

CREATE TABLE IF NOT EXISTS "user_option" (
    "user_id" VARCHAR(64) NOT NULL,
    "option_id" VARCHAR(4) NOT NULL,
    "option_value" TEXT,
    PRIMARY KEY ("user_id", "option_id"),
    FOREIGN KEY("user_id") REFERENCES "user" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "whitelisted_config" (
    "domain_id" VARCHAR(64) NOT NULL,
    "group" VARCHAR(255) NOT NULL,
    "option" VARCHAR(255) NOT NULL,
    "value" TEXT NOT NULL,
    PRIMARY KEY ("domain_id", "group", "option")
);

CREATE TABLE IF NOT EXISTS "access_token" (
    "id" VARCHAR(64) NOT NULL,
    "access_secret" VARCHAR(64) NOT NULL,
    "authorizing_user_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "role_ids" TEXT NOT NULL,
    "consumer_id" VARCHAR(64) NOT NULL,
    "expires_at" VARCHAR(64),
    PRIMARY KEY ("id"),
    FOREIGN KEY("consumer_id") REFERENCES "consumer" ("id")
);
CREATE INDEX IF NOT EXISTS "ix_access_token_authorizing_user_id" ON "access_token" ("authorizing_user_id");
CREATE INDEX IF NOT EXISTS "ix_access_token_consumer_id" ON "access_token" ("consumer_id");

CREATE TABLE IF NOT EXISTS "application_credential_role" (
    "application_credential_id" INTEGER NOT NULL,
    "role_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("application_credential_id", "role_id"),
    FOREIGN KEY("application_credential_id") REFERENCES "application_credential" ("internal_id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "application_credential_access_rule" (
    "application_credential_id" INTEGER NOT NULL,
    "access_rule_id" INTEGER NOT NULL,
    PRIMARY KEY ("application_credential_id", "access_rule_id"),
    FOREIGN KEY("application_credential_id") REFERENCES "application_credential" ("internal_id") ON DELETE CASCADE,
    FOREIGN KEY("access_rule_id") REFERENCES "access_rule" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "endpoint" (
    "id" VARCHAR(64) NOT NULL,
    "legacy_endpoint_id" VARCHAR(64),
    "interface" VARCHAR(8) NOT NULL,
    "service_id" VARCHAR(64) NOT NULL,
    "url" TEXT NOT NULL,
    "extra" TEXT,
    "enabled" BOOLEAN DEFAULT '1' NOT NULL,
    "region_id" VARCHAR(255),
    PRIMARY KEY ("id"),
    CONSTRAINT "endpoint_service_id_fkey" FOREIGN KEY("service_id") REFERENCES "service" ("id"),
    CONSTRAINT "fk_endpoint_region_id" FOREIGN KEY("region_id") REFERENCES "region" ("id")
);
CREATE INDEX IF NOT EXISTS "service_id" ON "endpoint" ("service_id");

CREATE TABLE IF NOT EXISTS "endpoint_group" (
    "id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "description" TEXT,
    "filters" TEXT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "expiring_user_group_membership" (
    "user_id" VARCHAR(64) NOT NULL,
    "group_id" VARCHAR(64) NOT NULL,
    "idp_id" VARCHAR(64) NOT NULL,
    "last_verified" DATETIME NOT NULL,
    PRIMARY KEY ("user_id", "group_id", "idp_id"),
    FOREIGN KEY("user_id") REFERENCES "user" ("id"),
    FOREIGN KEY("group_id") REFERENCES "group" ("id"),
    FOREIGN KEY("idp_id") REFERENCES "identity_provider" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "federation_protocol" (
    "id" VARCHAR(64) NOT NULL,
    "idp_id" VARCHAR(64) NOT NULL,
    "mapping_id" VARCHAR(64) NOT NULL,
    "remote_id_attribute" VARCHAR(64),
    PRIMARY KEY ("id", "idp_id"),
    FOREIGN KEY("idp_id") REFERENCES "identity_provider" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "implied_role" (
    "prior_role_id" VARCHAR(64) NOT NULL,
    "implied_role_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("prior_role_id", "implied_role_id"),
    CONSTRAINT "implied_role_prior_role_id_fkey" FOREIGN KEY("prior_role_id") REFERENCES "role" ("id") ON DELETE CASCADE,
    CONSTRAINT "implied_role_implied_role_id_fkey" FOREIGN KEY("implied_role_id") REFERENCES "role" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "limit" (
    "id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64),
    "resource_limit" INTEGER NOT NULL,
    "description" TEXT,
    "internal_id" SERIAL,
    "registered_limit_id" VARCHAR(64),
    "domain_id" VARCHAR(64),
    PRIMARY KEY ("internal_id"),
    CONSTRAINT "limit_id_key" UNIQUE ("id")
);

CREATE TABLE IF NOT EXISTS "local_user" (
    "id" SERIAL,
    "user_id" VARCHAR(64) NOT NULL,
    "domain_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "failed_auth_count" INTEGER,
    "failed_auth_at" DATETIME,
    PRIMARY KEY ("id"),
    CONSTRAINT "local_user_user_id_fkey" FOREIGN KEY("user_id", "domain_id") REFERENCES "user" ("id", "domain_id") ON DELETE CASCADE ON UPDATE CASCADE,
    UNIQUE ("domain_id", "name"),
    UNIQUE ("user_id")
);

CREATE TABLE IF NOT EXISTS "nonlocal_user" (
    "domain_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("domain_id", "name"),
    CONSTRAINT "nonlocal_user_user_id_fkey" FOREIGN KEY("user_id", "domain_id") REFERENCES "user" ("id", "domain_id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "ixu_nonlocal_user_user_id" UNIQUE ("user_id")
);

CREATE TABLE IF NOT EXISTS "password" (
    "id" SERIAL,
    "local_user_id" INTEGER NOT NULL,
    "expires_at" DATETIME,
    "self_service" BOOLEAN DEFAULT '0' NOT NULL,
    "password_hash" VARCHAR(255),
    "created_at_int" BIGINT DEFAULT '0' NOT NULL,
    "expires_at_int" BIGINT,
    "created_at" DATETIME NOT NULL,
    PRIMARY KEY ("id"),
    FOREIGN KEY("local_user_id") REFERENCES "local_user" ("id") ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS "project_endpoint_group" (
    "endpoint_group_id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("endpoint_group_id", "project_id"),
    FOREIGN KEY("endpoint_group_id") REFERENCES "endpoint_group" ("id")
);

CREATE TABLE IF NOT EXISTS "federated_user" (
    "id" SERIAL,
    "user_id" VARCHAR(64) NOT NULL,
    "idp_id" VARCHAR(64) NOT NULL,
    "protocol_id" VARCHAR(64) NOT NULL,
    "unique_id" VARCHAR(255) NOT NULL,
    "display_name" VARCHAR(255),
    PRIMARY KEY ("id"),
    CONSTRAINT "federated_user_protocol_id_fkey" FOREIGN KEY("protocol_id", "idp_id") REFERENCES "federation_protocol" ("id", "idp_id") ON DELETE CASCADE,
    UNIQUE ("idp_id", "protocol_id", "unique_id"),
    FOREIGN KEY("user_id") REFERENCES "user" ("id") ON DELETE CASCADE,
    FOREIGN KEY("idp_id") REFERENCES "identity_provider" ("id") ON DELETE CASCADE
);

-- Left over from foreign keys that upstream dropped.
CREATE INDEX IF NOT EXISTS "region_id" ON "registered_limit" ("region_id"); -- only mariadb
CREATE INDEX IF NOT EXISTS "registered_limit_id" ON "limit" ("registered_limit_id"); -- only mariadb
CREATE INDEX IF NOT EXISTS "domain_id" ON "identity_provider" ("domain_id"); -- only mariadb
CREATE INDEX IF NOT EXISTS "domain_id" ON "user" ("domain_id"); -- only mariadb

-- The owner of all domains.
INSERT INTO "project" ("id", "name", "extra", "description", "enabled", "domain_id", "parent_id", "is_domain")
SELECT '<<keystone.domain.root>>', '<<keystone.domain.root>>', '{}', '', FALSE, '<<keystone.domain.root>>', NULL, TRUE
WHERE NOT EXISTS (SELECT 1 FROM "project");

-- Trigger functions that upstream's first revision leaves behind, bound to nothing. A later one may drop them.
CREATE OR REPLACE FUNCTION "keystone_read_only_insert"() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql; -- only postgresql
CREATE OR REPLACE FUNCTION "keystone_read_only_update"() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql; -- only postgresql
CREATE OR REPLACE FUNCTION "update_federated_user_domain_id"() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql; -- only postgresql
CREATE OR REPLACE FUNCTION "update_user_domain_id"() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql; -- only postgresql
