-- Users by their e-mail address, which Keystone keeps in a column of JSON. The database keeps these itself, whoever writes.
CREATE INDEX IF NOT EXISTS "lintel_ix_user_address" ON "user" (LOWER(SUBSTR(CASE WHEN json_valid("extra") THEN json_extract("extra", '$.email') END, 1, 255))); -- only sqlite
CREATE INDEX IF NOT EXISTS "lintel_ix_user_address" ON "user" (LOWER(SUBSTR(SUBSTRING("extra" FROM '"email": *"([^"]*)"'), 1, 255))); -- only postgresql
ALTER TABLE "user" ADD COLUMN IF NOT EXISTS "lintel_address" VARCHAR(255) AS (LOWER(SUBSTR(IF(JSON_VALID("extra"), JSON_VALUE("extra", '$.email'), NULL), 1, 255))) VIRTUAL INVISIBLE; -- only mariadb
CREATE INDEX IF NOT EXISTS "lintel_ix_user_address" ON "user" ("lintel_address"); -- only mariadb
