-- Who changed what, with LiteLLM's columns; those that begin with litellm_ are ours. Rows hang on one another by hashes over
-- the digests of their values: a value can be blanked, with its salt, and the chain still holds. Rows without a number were
-- brought along from LiteLLM.
CREATE TABLE "LiteLLM_AuditLog" (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  changed_by text NOT NULL DEFAULT '',
  changed_by_api_key text NOT NULL DEFAULT '',
  action text NOT NULL,
  table_name text NOT NULL,
  object_id text NOT NULL,
  before_value jsonb,
  updated_values jsonb,
  litellm_seq bigint UNIQUE,
  litellm_salts jsonb,
  litellm_digests jsonb,
  litellm_previous text,
  litellm_hash text
);
CREATE INDEX "LiteLLM_AuditLog_updated_at_idx" ON "LiteLLM_AuditLog" (updated_at);
CREATE INDEX "LiteLLM_AuditLog_object_id_idx" ON "LiteLLM_AuditLog" (object_id);
CREATE INDEX "LiteLLM_AuditLog_changed_by_idx" ON "LiteLLM_AuditLog" (changed_by);

-- The end of the chain. Whoever appends holds this row until its transaction ends, hence one after the other.
CREATE TABLE audit_head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  seq bigint NOT NULL,
  hash text NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, '');
