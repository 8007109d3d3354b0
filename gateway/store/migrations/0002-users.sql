-- Internal users. A key's role is the role of its user's row; a key without such a row is an internal user's.

CREATE TABLE "LiteLLM_UserTable" (
  user_id text PRIMARY KEY,
  user_alias text,
  team_id text,
  sso_user_id text UNIQUE,
  organization_id text,
  object_permission_id text,
  password text,
  teams text[] NOT NULL DEFAULT '{}',
  user_role text,
  max_budget double precision,
  spend double precision NOT NULL DEFAULT 0.0,
  user_email text,
  models text[] NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  max_parallel_requests integer,
  tpm_limit bigint,
  rpm_limit bigint,
  budget_duration text,
  budget_reset_at timestamp(3),
  allowed_cache_controls text[] NOT NULL DEFAULT '{}',
  policies text[] NOT NULL DEFAULT '{}',
  model_spend jsonb NOT NULL DEFAULT '{}',
  model_max_budget jsonb NOT NULL DEFAULT '{}',
  created_at timestamp(3) DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at timestamp(3) DEFAULT (now() AT TIME ZONE 'UTC')
);

-- The built-in admin; its password column stays empty until the initial password has been replaced.
INSERT INTO "LiteLLM_UserTable" (user_id, user_role) VALUES ('default_user_id', 'proxy_admin');
