-- Who agreed to grants that wait for a second factor, and where they hold the rights to that; NULL where nobody had to.
ALTER TABLE "lintel_waiting_grant" ADD COLUMN IF NOT EXISTS "agreer_id" VARCHAR(64);
ALTER TABLE "lintel_waiting_grant" ADD COLUMN IF NOT EXISTS "agreer_scope" VARCHAR(80);
