-- How often a thing was used that may be used so many times: the nonce of a signed request, a guess. Rows are forgotten
-- when the thing cannot be used any more in any case.
CREATE TABLE IF NOT EXISTS "lintel_use" (
    "id" VARCHAR(64) NOT NULL,
    "uses" INTEGER NOT NULL,
    "until" DATETIME NOT NULL,
    PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "lintel_ix_use_until" ON "lintel_use" ("until");
