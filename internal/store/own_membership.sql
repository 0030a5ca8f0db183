-- Invitations to projects. open_key ties an open one to its project and address, so that there is one at most. details are
-- JSON in ASCII.
CREATE TABLE IF NOT EXISTS "lintel_invitation" (
    "id" VARCHAR(64) NOT NULL,
    "project_id" VARCHAR(64) NOT NULL,
    "open_key" VARCHAR(64),
    "address" VARCHAR(255) NOT NULL,
    "details" TEXT NOT NULL,
    "language" VARCHAR(8) NOT NULL,
    "inviter_id" VARCHAR(64) NOT NULL,
    "scope" VARCHAR(80) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "sent_at" DATETIME NOT NULL,
    "expires_at" DATETIME NOT NULL,
    "decided_at" DATETIME,
    "sends" INTEGER NOT NULL,
    "mail_id" VARCHAR(64) NOT NULL,
    "problem" VARCHAR(255) NOT NULL,
    "user_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "lintel_ix_invitation_open_key" ON "lintel_invitation" ("open_key");
CREATE INDEX IF NOT EXISTS "lintel_ix_invitation_project_id" ON "lintel_invitation" ("project_id", "created_at");
CREATE INDEX IF NOT EXISTS "lintel_ix_invitation_expires_at" ON "lintel_invitation" ("expires_at");

-- One-time links. digest is the SHA-256 of the secret that the link holds.
CREATE TABLE IF NOT EXISTS "lintel_link" (
    "digest" VARCHAR(64) NOT NULL,
    "purpose" VARCHAR(16) NOT NULL,
    "subject" VARCHAR(64) NOT NULL,
    "data" TEXT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" DATETIME NOT NULL,
    "ends_at" DATETIME NOT NULL,
    PRIMARY KEY ("digest")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_link_subject" ON "lintel_link" ("subject");
CREATE INDEX IF NOT EXISTS "lintel_ix_link_ends_at" ON "lintel_link" ("ends_at");
