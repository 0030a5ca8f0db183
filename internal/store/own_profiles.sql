-- Wrong codes of a second factor in a row, and until when no more of them is looked at. The factor tells codes that came after a right
-- password from those of strangers.
CREATE TABLE IF NOT EXISTS "lintel_guess" (
    "user_id" VARCHAR(64) NOT NULL,
    "factor" VARCHAR(32) NOT NULL,
    "misses" INTEGER NOT NULL,
    "until" DATETIME NOT NULL,
    PRIMARY KEY ("user_id", "factor")
);

-- How far the clock of an authenticator is off, in periods, as its user has shown by two codes in a row.
CREATE TABLE IF NOT EXISTS "lintel_drift" (
    "credential_id" VARCHAR(64) NOT NULL,
    "periods" INTEGER NOT NULL,
    PRIMARY KEY ("credential_id")
);

-- What people chose for themselves. muted are kinds of mails, words with blanks between them.
CREATE TABLE IF NOT EXISTS "lintel_profile" (
    "user_id" VARCHAR(64) NOT NULL,
    "language" VARCHAR(8) NOT NULL,
    "zone" VARCHAR(64) NOT NULL,
    "theme" VARCHAR(8) NOT NULL,
    "muted" VARCHAR(255) NOT NULL,
    PRIMARY KEY ("user_id")
);

-- What somebody has begun to set up waits for minutes, so that the table may be made anew.
DROP TABLE IF EXISTS "lintel_enrolment";
CREATE TABLE IF NOT EXISTS "lintel_enrolment" (
    "user_id" VARCHAR(64) NOT NULL,
    "id" VARCHAR(64) NOT NULL,
    "seed" TEXT NOT NULL,
    "challenge" VARCHAR(255) NOT NULL,
    "passkey" TEXT,
    "until" DATETIME NOT NULL,
    "misses" INTEGER NOT NULL,
    "step" BIGINT,
    "drift" INTEGER NOT NULL,
    "codes" TEXT,
    PRIMARY KEY ("user_id")
);
