-- Virtual keys, with LiteLLM's names, so that its databases and its operators' queries fit.
-- Times are UTC without a zone, as LiteLLM stores them.

CREATE TABLE "LiteLLM_VerificationToken" (
  token text PRIMARY KEY,
  key_name text,
  key_alias text,
  soft_budget_cooldown boolean NOT NULL DEFAULT false,
  spend double precision NOT NULL DEFAULT 0.0,
  expires timestamp(3),
  models text[] NOT NULL DEFAULT '{}',
  aliases jsonb NOT NULL DEFAULT '{}',
  config jsonb NOT NULL DEFAULT '{}',
  router_settings jsonb DEFAULT '{}',
  user_id text,
  team_id text,
  agent_id text,
  project_id text,
  permissions jsonb NOT NULL DEFAULT '{}',
  max_parallel_requests integer,
  metadata jsonb NOT NULL DEFAULT '{}',
  blocked boolean,
  tpm_limit bigint,
  rpm_limit bigint,
  max_budget double precision,
  budget_duration text,
  budget_reset_at timestamp(3),
  allowed_cache_controls text[] NOT NULL DEFAULT '{}',
  allowed_routes text[] NOT NULL DEFAULT '{}',
  policies text[] NOT NULL DEFAULT '{}',
  access_group_ids text[] NOT NULL DEFAULT '{}',
  model_spend jsonb NOT NULL DEFAULT '{}',
  model_max_budget jsonb NOT NULL DEFAULT '{}',
  budget_limits jsonb,
  budget_id text,
  organization_id text,
  object_permission_id text,
  created_at timestamp(3) DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at timestamp(3) DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text,
  updated_by text,
  last_active timestamp(3),
  rotation_count integer DEFAULT 0,
  auto_rotate boolean DEFAULT false,
  rotation_interval text,
  last_rotation_at timestamp(3),
  key_rotation_at timestamp(3)
);

CREATE INDEX "LiteLLM_VerificationToken_user_id_team_id_idx" ON "LiteLLM_VerificationToken" (user_id, team_id);
CREATE INDEX "LiteLLM_VerificationToken_team_id_idx" ON "LiteLLM_VerificationToken" (team_id);
CREATE INDEX "LiteLLM_VerificationToken_budget_reset_at_expires_idx"
  ON "LiteLLM_VerificationToken" (budget_reset_at, expires);
-- Ours: an alias is unique by rule, and the rule looks it up at each generation.
CREATE INDEX "LiteLLM_VerificationToken_key_alias_idx" ON "LiteLLM_VerificationToken" (key_alias);

-- A deleted key stays readable for whoever reconciles spend; the row is a copy, so a hash may occur twice.
CREATE TABLE "LiteLLM_DeletedVerificationToken" (
  LIKE "LiteLLM_VerificationToken" INCLUDING DEFAULTS,
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  deleted_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  deleted_by text,
  deleted_by_api_key text,
  litellm_changed_by text
);

CREATE INDEX "LiteLLM_DeletedVerificationToken_token_idx" ON "LiteLLM_DeletedVerificationToken" (token);
CREATE INDEX "LiteLLM_DeletedVerificationToken_deleted_at_idx" ON "LiteLLM_DeletedVerificationToken" (deleted_at);
