-- Mails that wait for the mail server (see package mail). sealed is the mail, encrypted as credentials are. One that was
-- refused stays for a while, for those who want to know.
CREATE TABLE IF NOT EXISTS "lintel_mail" (
    "id" VARCHAR(64) NOT NULL,
    "sealed" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL,
    "due_at" DATETIME NOT NULL,
    "tries" INTEGER NOT NULL,
    "failed_at" DATETIME,
    "failure" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_mail_due_at" ON "lintel_mail" ("due_at");
