-- Teams, organisations, budgets and customers, with LiteLLM's names. Its foreign keys are LiteLLM's: what is linked to by
-- choice becomes unlinked when the other side goes (SET NULL), what belongs to it holds it (RESTRICT).

CREATE TABLE "LiteLLM_BudgetTable" (
  budget_id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  max_budget double precision,
  soft_budget double precision,
  max_parallel_requests integer,
  tpm_limit bigint,
  rpm_limit bigint,
  model_max_budget jsonb,
  budget_duration text,
  budget_reset_at timestamp(3),
  allowed_models text[] NOT NULL DEFAULT '{}',
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);

CREATE TABLE "LiteLLM_OrganizationTable" (
  organization_id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  organization_alias text NOT NULL,
  budget_id text NOT NULL REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE RESTRICT,
  metadata jsonb NOT NULL DEFAULT '{}',
  models text[] NOT NULL DEFAULT '{}',
  spend double precision NOT NULL DEFAULT 0.0,
  model_spend jsonb NOT NULL DEFAULT '{}',
  object_permission_id text,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);

CREATE TABLE "LiteLLM_OrganizationMembership" (
  user_id text NOT NULL REFERENCES "LiteLLM_UserTable" ON UPDATE CASCADE ON DELETE RESTRICT,
  organization_id text NOT NULL REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE RESTRICT,
  user_role text,
  spend double precision DEFAULT 0.0,
  budget_id text REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  PRIMARY KEY (user_id, organization_id)
);
CREATE INDEX "LiteLLM_OrganizationMembership_organization_id_idx"
  ON "LiteLLM_OrganizationMembership" (organization_id);

CREATE TABLE "LiteLLM_TeamTable" (
  team_id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  team_alias text,
  organization_id text REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE SET NULL,
  object_permission_id text,
  admins text[] NOT NULL DEFAULT '{}',
  members text[] NOT NULL DEFAULT '{}',
  members_with_roles jsonb NOT NULL DEFAULT '[]',
  metadata jsonb NOT NULL DEFAULT '{}',
  max_budget double precision,
  soft_budget double precision,
  spend double precision NOT NULL DEFAULT 0.0,
  models text[] NOT NULL DEFAULT '{}',
  max_parallel_requests integer,
  tpm_limit bigint,
  rpm_limit bigint,
  budget_duration text,
  budget_reset_at timestamp(3),
  blocked boolean NOT NULL DEFAULT false,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  model_spend jsonb NOT NULL DEFAULT '{}',
  model_max_budget jsonb NOT NULL DEFAULT '{}',
  router_settings jsonb,
  team_member_permissions text[] NOT NULL DEFAULT '{}',
  access_group_ids text[] NOT NULL DEFAULT '{}',
  policies text[] NOT NULL DEFAULT '{}',
  default_team_member_models text[] NOT NULL DEFAULT '{}',
  budget_limits jsonb,
  model_id integer UNIQUE,
  allow_team_guardrail_config boolean NOT NULL DEFAULT false
);
CREATE INDEX "LiteLLM_TeamTable_organization_id_idx" ON "LiteLLM_TeamTable" (organization_id);
CREATE INDEX "LiteLLM_TeamTable_team_alias_idx" ON "LiteLLM_TeamTable" (team_alias);
-- Ours: authentication and lists ask for the teams of a user.
CREATE INDEX "LiteLLM_TeamTable_members_with_roles_idx"
  ON "LiteLLM_TeamTable" USING gin (members_with_roles jsonb_path_ops);

-- A deleted team stays readable for whoever reconciles spend.
CREATE TABLE "LiteLLM_DeletedTeamTable" (
  LIKE "LiteLLM_TeamTable" INCLUDING DEFAULTS,
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  deleted_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  deleted_by text,
  deleted_by_api_key text,
  litellm_changed_by text
);
CREATE INDEX "LiteLLM_DeletedTeamTable_team_id_idx" ON "LiteLLM_DeletedTeamTable" (team_id);

CREATE TABLE "LiteLLM_TeamMembership" (
  user_id text NOT NULL,
  team_id text NOT NULL,
  spend double precision NOT NULL DEFAULT 0.0,
  total_spend double precision NOT NULL DEFAULT 0.0,
  budget_id text REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL,
  PRIMARY KEY (user_id, team_id)
);
CREATE INDEX "LiteLLM_TeamMembership_team_id_idx" ON "LiteLLM_TeamMembership" (team_id);

CREATE TABLE "LiteLLM_EndUserTable" (
  user_id text PRIMARY KEY,
  alias text,
  spend double precision NOT NULL DEFAULT 0.0,
  allowed_model_region text,
  default_model text,
  budget_id text REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL,
  object_permission_id text,
  blocked boolean NOT NULL DEFAULT false
);
-- Ours: each gateway keeps the blocked ones in memory.
CREATE INDEX "LiteLLM_EndUserTable_blocked_idx" ON "LiteLLM_EndUserTable" (user_id) WHERE blocked;

-- The key that a rotated one has become, for as long as the old one may still be used.
CREATE TABLE "LiteLLM_DeprecatedVerificationToken" (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  token text NOT NULL UNIQUE,
  active_token_id text NOT NULL,
  revoke_at timestamp(3) NOT NULL,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX "LiteLLM_DeprecatedVerificationToken_active_token_id_idx"
  ON "LiteLLM_DeprecatedVerificationToken" (active_token_id);
CREATE INDEX "LiteLLM_DeprecatedVerificationToken_revoke_at_idx"
  ON "LiteLLM_DeprecatedVerificationToken" (revoke_at);

ALTER TABLE "LiteLLM_VerificationToken"
  ADD FOREIGN KEY (budget_id) REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL,
  ADD FOREIGN KEY (organization_id) REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE SET NULL;
-- Deleting the other side looks for the rows that point at it.
CREATE INDEX "LiteLLM_VerificationToken_budget_id_idx" ON "LiteLLM_VerificationToken" (budget_id)
  WHERE budget_id IS NOT NULL;
CREATE INDEX "LiteLLM_VerificationToken_organization_id_idx" ON "LiteLLM_VerificationToken" (organization_id)
  WHERE organization_id IS NOT NULL;

ALTER TABLE "LiteLLM_UserTable"
  ADD FOREIGN KEY (organization_id) REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE SET NULL;
-- An address names one person, however it is written.
CREATE INDEX "LiteLLM_UserTable_user_email_idx" ON "LiteLLM_UserTable" (lower(user_email));
CREATE INDEX "LiteLLM_UserTable_created_at_idx" ON "LiteLLM_UserTable" (created_at);
