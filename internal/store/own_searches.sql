-- What people look for again and again on the audit trail: JSON in ASCII, a list of names and addresses in the portal.
ALTER TABLE "lintel_profile" ADD COLUMN IF NOT EXISTS "searches" TEXT;
