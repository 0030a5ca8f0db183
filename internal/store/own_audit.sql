-- The tokens by which things on the trail were done, and those that a login led to: the audit id of each, and that of the first token
-- of its chain.
ALTER TABLE "lintel_trail" ADD COLUMN IF NOT EXISTS "audit_id" VARCHAR(32);
ALTER TABLE "lintel_trail" ADD COLUMN IF NOT EXISTS "audit_chain_id" VARCHAR(32);
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_audit_id" ON "lintel_trail" ("audit_id", "at", "seq");
CREATE INDEX IF NOT EXISTS "lintel_ix_trail_audit_chain_id" ON "lintel_trail" ("audit_chain_id", "at", "seq");
