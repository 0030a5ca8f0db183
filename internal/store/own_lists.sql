-- Lists in the order of names, which look at no more entities than they show. MariaDB's names have no case, so there the keys
-- that Keystone made do, but for lists of all domains. (One of ours on parent_id would take the place of a foreign key's there.)
CREATE INDEX IF NOT EXISTS "lintel_ix_project_folded" ON "project" ("domain_id", LOWER("name")); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_project_below" ON "project" ("parent_id", LOWER("name")); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_local_user_name" ON "local_user" (LOWER("name")); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_local_user_name" ON "local_user" ("name"); -- only mariadb
CREATE INDEX IF NOT EXISTS "lintel_ix_nonlocal_user_folded" ON "nonlocal_user" ("domain_id", LOWER("name")); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_federated_user_name" ON "federated_user" (LOWER("display_name")); -- only sqlite postgresql
CREATE INDEX IF NOT EXISTS "lintel_ix_federated_user_name" ON "federated_user" ("display_name"); -- only mariadb

-- Lists by the time of the last login, and counts of who has not been there for long.
CREATE INDEX IF NOT EXISTS "lintel_ix_user_last_active_at" ON "user" ("domain_id", "last_active_at");
