-- For whom an account is and where its user may sign in; without a row it is a person's, who may everywhere.
CREATE TABLE IF NOT EXISTS "lintel_user_surface" (
    "user_id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "portal_login" BOOLEAN NOT NULL,
    "api_login" BOOLEAN NOT NULL,
    PRIMARY KEY ("user_id")
);

-- Hashes of passwords that let their users into the portal alone. Their rows in Keystone's table hold none, so that no Keystone
-- lets them in.
CREATE TABLE IF NOT EXISTS "lintel_portal_password" (
    "user_id" VARCHAR(64) NOT NULL,
    "password_id" INTEGER NOT NULL,
    "hash" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("user_id", "password_id")
);
