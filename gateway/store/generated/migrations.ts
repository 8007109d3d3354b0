// Made by gateway/generated-text.ts from gateway/store/migrations; do not edit.
export const migrationTexts = {
  '0001-keys.sql': `-- Virtual keys, with LiteLLM's names, so that its databases and its operators' queries fit.
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
`,
  '0002-users.sql': `-- Internal users. A key's role is the role of its user's row; a key without such a row is an internal user's.

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
`,
  '0003-spend-logs.sql': `-- One row per call, one partition per UTC day: old days are dropped, not deleted row by row.
-- PostgreSQL wants the partition key in the primary key; LiteLLM's is request_id alone.

CREATE TABLE "LiteLLM_SpendLogs" (
  request_id text NOT NULL,
  call_type text NOT NULL,
  api_key text NOT NULL DEFAULT '',
  spend double precision NOT NULL DEFAULT 0.0,
  total_tokens integer NOT NULL DEFAULT 0,
  prompt_tokens integer NOT NULL DEFAULT 0,
  completion_tokens integer NOT NULL DEFAULT 0,
  "startTime" timestamp(3) NOT NULL,
  "endTime" timestamp(3) NOT NULL,
  "completionStartTime" timestamp(3),
  request_duration_ms integer,
  model text NOT NULL DEFAULT '',
  model_id text DEFAULT '',
  model_group text DEFAULT '',
  custom_llm_provider text DEFAULT '',
  api_base text DEFAULT '',
  "user" text DEFAULT '',
  end_user text,
  team_id text,
  organization_id text,
  agent_id text,
  metadata jsonb DEFAULT '{}',
  cache_hit text DEFAULT '',
  cache_key text DEFAULT '',
  request_tags jsonb DEFAULT '[]',
  requester_ip_address text,
  messages jsonb DEFAULT '{}',
  response jsonb DEFAULT '{}',
  proxy_server_request jsonb DEFAULT '{}',
  session_id text,
  status text,
  mcp_namespaced_tool_name text,
  PRIMARY KEY (request_id, "startTime")
) PARTITION BY RANGE ("startTime");

-- (startTime, request_id) also serves LiteLLM's index on startTime alone.
CREATE INDEX "LiteLLM_SpendLogs_startTime_request_id_idx" ON "LiteLLM_SpendLogs" ("startTime", request_id);
CREATE INDEX "LiteLLM_SpendLogs_end_user_idx" ON "LiteLLM_SpendLogs" (end_user);
CREATE INDEX "LiteLLM_SpendLogs_session_id_idx" ON "LiteLLM_SpendLogs" (session_id);

-- Takes what no day's partition takes: a clock that is wrong, a timer that did not run.
CREATE TABLE "LiteLLM_SpendLogs_default" PARTITION OF "LiteLLM_SpendLogs" DEFAULT;
`,
  '0004-sign-in.sql': `-- The admin UI's sessions and its count of failed sign-ins; not LiteLLM's.

CREATE TABLE ui_sessions (
  token_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "LiteLLM_UserTable" (user_id) ON DELETE CASCADE,
  -- The session was opened with the initial password and may only replace it.
  must_change_password boolean NOT NULL,
  created_at timestamp(3) NOT NULL,
  last_used_at timestamp(3) NOT NULL
);

-- A scope is an address (IPv6: its /64) or \`everyone\`. Kept in the database so that a restart forgives nobody.
CREATE TABLE ui_sign_in_attempts (
  scope text PRIMARY KEY,
  attempts integer NOT NULL,
  last_attempt_at timestamp(3) NOT NULL,
  refused_until timestamp(3) NOT NULL
);
`,
  '0005-spend-logs-indexes.sql': `-- The same two questions as LiteLLM's indexes answer, by indexes that take 4 µs of 27 less to store a row.

-- Most callers send no \`user\`; whoever asks for one's rows asks for a name.
DROP INDEX "LiteLLM_SpendLogs_end_user_idx";
CREATE INDEX "LiteLLM_SpendLogs_end_user_idx" ON "LiteLLM_SpendLogs" (end_user) WHERE end_user IS NOT NULL;

-- A session is only ever looked up by its whole id, which is random: a tree of them has no order that would help.
DROP INDEX "LiteLLM_SpendLogs_session_id_idx";
CREATE INDEX "LiteLLM_SpendLogs_session_id_idx" ON "LiteLLM_SpendLogs" USING hash (session_id);
`,
  '0006-budgets.sql': `-- Budgets to the pico-dollar (10^-12 USD); not LiteLLM's. Its float columns of the same things are projections.
-- For every scope: spent_pico + spent_next_pico + leased_pico <= limit_pico, unless the limit was lowered afterwards.

CREATE TABLE budget_state (
  -- What is limited: \`key:<hash>\`.
  scope text PRIMARY KEY,
  -- Null: nothing is limited, what is spent is still counted.
  limit_pico numeric(38, 0),
  -- Cost of the period's stored calls.
  spent_pico numeric(38, 0) NOT NULL DEFAULT 0,
  -- The same of calls that ended when the period was over already, but not reset yet.
  spent_next_pico numeric(38, 0) NOT NULL DEFAULT 0,
  -- Sum over budget_leases of granted_pico - stored_pico.
  leased_pico numeric(38, 0) NOT NULL DEFAULT 0 CHECK (leased_pico >= 0),
  duration text,
  period_start timestamp(3) NOT NULL DEFAULT '-infinity',
  resets_at timestamp(3),
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
) WITH (fillfactor = 50);

CREATE INDEX budget_state_resets_at_idx ON budget_state (resets_at) WHERE resets_at IS NOT NULL;

-- What each gateway process may spend without asking. Every number only grows while the row is there, but for money
-- that the process gives back.
CREATE TABLE budget_leases (
  process_id uuid NOT NULL,
  scope text NOT NULL,
  granted_pico numeric(38, 0) NOT NULL,
  -- The part of it that is in spend rows.
  stored_pico numeric(38, 0) NOT NULL DEFAULT 0,
  PRIMARY KEY (process_id, scope),
  CHECK (granted_pico >= stored_pico)
) WITH (fillfactor = 50);

CREATE INDEX budget_leases_scope_idx ON budget_leases (scope);

-- A process lives until expires_at, which it moves on. What a dead one has leased is free again once it is adopted too:
-- all its calls are in spend rows then.
CREATE TABLE budget_processes (
  process_id uuid PRIMARY KEY,
  expires_at timestamp(3) NOT NULL,
  adopted boolean NOT NULL DEFAULT false
);
`,
  '0007-row-ids.sql': `-- A row is known by an id that the gateway makes: providers repeat theirs, and two calls of one millisecond may have the
-- same. Rows from before have none. Nothing is rewritten: a column without a default is a change of the catalogue alone,
-- and the unique index leaves out what has no id.
ALTER TABLE "LiteLLM_SpendLogs" ADD COLUMN litellm_row_id uuid;

CREATE UNIQUE INDEX "LiteLLM_SpendLogs_litellm_row_id_idx" ON "LiteLLM_SpendLogs" (litellm_row_id, "startTime")
  WHERE litellm_row_id IS NOT NULL;

ALTER TABLE "LiteLLM_SpendLogs" DROP CONSTRAINT "LiteLLM_SpendLogs_pkey";

-- Asked for by the whole id alone, as sessions are. Of all steps only this one reads what is there: until it is done
-- rows wait in the gateway's journal.
CREATE INDEX "LiteLLM_SpendLogs_request_id_idx" ON "LiteLLM_SpendLogs" USING hash (request_id);
`,
  '0008-teams.sql': `-- Teams, organisations, budgets and customers, with LiteLLM's names. Its foreign keys are LiteLLM's: what is linked to by
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
`,
  '0009-rotated-keys.sql': `-- A budget outlives the hash that it is named after: a key that is rotated takes its budget along, and what gateways hold of
-- it in memory goes on under the old name.
ALTER TABLE budget_state ADD COLUMN token text UNIQUE;

UPDATE budget_state SET token = substr(scope, 5) WHERE scope LIKE 'key:%';

COMMENT ON COLUMN budget_state.token IS 'The key that has this budget; null where it is not that of a key.';
`,
  '0010-daily-spend.sql': `-- What was spent on each UTC day, with LiteLLM's names: six tables of the same columns, one for each kind of whom it is
-- counted for. They are written with the rows, in the same transaction. An absent part is an empty text, so that the unique
-- key holds.
DO $tables$
DECLARE
  daily record;
BEGIN
  FOR daily IN
    SELECT 'LiteLLM_Daily' || kind || 'Spend' AS name, whom
    FROM (VALUES
      ('User', 'user_id'),
      ('Team', 'team_id'),
      ('Tag', 'tag'),
      ('Organization', 'organization_id'),
      ('EndUser', 'end_user_id'),
      ('Agent', 'agent_id')
    ) AS kinds (kind, whom)
  LOOP
    EXECUTE format($table$
      CREATE TABLE %I (
        id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
        %I text,
        date text NOT NULL,
        api_key text NOT NULL,
        model text,
        model_group text,
        custom_llm_provider text,
        mcp_namespaced_tool_name text,
        endpoint text,
        prompt_tokens bigint NOT NULL DEFAULT 0,
        completion_tokens bigint NOT NULL DEFAULT 0,
        cache_read_input_tokens bigint NOT NULL DEFAULT 0,
        cache_creation_input_tokens bigint NOT NULL DEFAULT 0,
        -- USD: a projection of spend_pico, which is ours.
        spend double precision NOT NULL DEFAULT 0.0,
        spend_pico numeric(38, 0) NOT NULL DEFAULT 0,
        api_requests bigint NOT NULL DEFAULT 0,
        successful_requests bigint NOT NULL DEFAULT 0,
        failed_requests bigint NOT NULL DEFAULT 0,
        created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
        updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
      ) WITH (fillfactor = 70)
    $table$, daily.name, daily.whom);
    -- LiteLLM's key; its index on (whom, date) is the beginning of this one.
    EXECUTE format(
      'CREATE UNIQUE INDEX %I ON %I '
        '(%I, date, api_key, model, custom_llm_provider, mcp_namespaced_tool_name, endpoint)',
      daily.name || '_key', daily.name, daily.whom);
    -- Without LiteLLM's on tool and endpoint, where nearly all rows have the same.
    EXECUTE format('CREATE INDEX %I ON %I (date)', daily.name || '_date_idx', daily.name);
    EXECUTE format('CREATE INDEX %I ON %I (api_key)', daily.name || '_api_key_idx', daily.name);
    EXECUTE format('CREATE INDEX %I ON %I (model)', daily.name || '_model_idx', daily.name);
  END LOOP;
END
$tables$;

-- One of the calls that a row counts, in LiteLLM; nothing is written there.
ALTER TABLE "LiteLLM_DailyTagSpend" ADD COLUMN request_id text;
`,
  '0011-counted-calls.sql': `-- Calls whose cost is counted although no row of "LiteLLM_SpendLogs" says so, by the id that the gateway made: those that are
-- not to leave a row, and those whose row was dropped with its day while their journal may still be there. The ids are UUIDs
-- of version 7, so that old ones are found by the key itself.
CREATE TABLE counted_calls (
  litellm_row_id uuid PRIMARY KEY
);
`,
  '0012-owner-budgets.sql': `-- Budgets of teams, members, users, organisations, customers and of the whole gateway, beside those of keys. What any of them
-- spends is counted in budget_state, to the pico-dollar; a row that is there already gets its account when it is next used.
COMMENT ON COLUMN budget_state.scope IS
  'Whose it is: key:HASH, team:ID, team_member:["TEAM","USER"], user:ID, organization:ID, end_user:ID, global:litellm-proxy-budget.';

-- Whoever changes a budget looks for what is linked to it, and so does whoever deletes it.
CREATE INDEX "LiteLLM_OrganizationTable_budget_id_idx" ON "LiteLLM_OrganizationTable" (budget_id);
CREATE INDEX "LiteLLM_TeamMembership_budget_id_idx" ON "LiteLLM_TeamMembership" (budget_id) WHERE budget_id IS NOT NULL;
CREATE INDEX "LiteLLM_EndUserTable_budget_id_idx" ON "LiteLLM_EndUserTable" (budget_id) WHERE budget_id IS NOT NULL;
CREATE INDEX "LiteLLM_TeamTable_member_budget_idx" ON "LiteLLM_TeamTable" ((metadata ->> 'team_member_budget_id'))
  WHERE (metadata ->> 'team_member_budget_id') IS NOT NULL;
CREATE INDEX "LiteLLM_BudgetTable_budget_reset_at_idx" ON "LiteLLM_BudgetTable" (budget_reset_at)
  WHERE budget_reset_at IS NOT NULL;

-- Their \`spend\` follows with each batch of calls: room on the page keeps the indexes out of it.
ALTER TABLE "LiteLLM_OrganizationTable" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_TeamTable" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_TeamMembership" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_UserTable" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_EndUserTable" SET (fillfactor = 70);
`,
  '0013-audit-log.sql': `-- Who changed what, with LiteLLM's columns; those that begin with litellm_ are ours. Rows hang on one another by hashes over
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
`,
  '0014-key-changes.sql': `-- How often keys, and whom they act for, have changed: each change counts up in its own transaction, so that who reads this
-- number knows whether it has heard of every change.
CREATE TABLE key_changes (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version bigint NOT NULL
);

INSERT INTO key_changes (version) VALUES (0);
`,
  '0015-budget-alerts.sql': `-- Alerts that budgets are spent. What was told of a budget stands beside it, so that exactly one process tells it, in the
-- transaction that stores the spend.
ALTER TABLE budget_state
  -- From here on it is told that so much was spent; nobody is held back.
  ADD COLUMN soft_pico numeric(38, 0),
  -- The highest of the thresholds that was told, counted from 1, and until when no lower one is.
  ADD COLUMN alert_level smallint NOT NULL DEFAULT 0,
  ADD COLUMN alert_quiet_until timestamp(3),
  ADD COLUMN soft_quiet_until timestamp(3);

-- What is to be told, until it was.
CREATE TABLE alert_outbox (
  -- Sent with each attempt, so that the receiver knows what it has already.
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event text NOT NULL,
  -- The budget that it is about, as in budget_state.
  scope text NOT NULL,
  -- JSON, byte for byte as it is sent.
  body text NOT NULL,
  created_at timestamp(3) NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Whoever sends it moves this on first: nobody else sends it meanwhile.
  due_at timestamp(3) NOT NULL,
  -- What became of the last attempt that failed.
  last_error text,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given_up')),
  -- When it was delivered or given up.
  ended_at timestamp(3)
);

CREATE INDEX alert_outbox_due_idx ON alert_outbox (due_at) WHERE state = 'waiting';
CREATE INDEX alert_outbox_ended_idx ON alert_outbox (ended_at) WHERE ended_at IS NOT NULL;
`,
  '0016-spend-reports.sql': `-- Lists of calls are asked for by whose they are, the newest first: the beginning of an index is found at once in each day's
-- partition, and read no further than the page goes. Rows that have no such name are left out of them.
CREATE INDEX "LiteLLM_SpendLogs_user_startTime_idx" ON "LiteLLM_SpendLogs" ("user", "startTime") WHERE "user" <> '';
CREATE INDEX "LiteLLM_SpendLogs_api_key_startTime_idx" ON "LiteLLM_SpendLogs" (api_key, "startTime");
CREATE INDEX "LiteLLM_SpendLogs_team_id_startTime_idx" ON "LiteLLM_SpendLogs" (team_id, "startTime")
  WHERE team_id IS NOT NULL;
CREATE INDEX "LiteLLM_SpendLogs_organization_id_startTime_idx" ON "LiteLLM_SpendLogs" (organization_id, "startTime")
  WHERE organization_id IS NOT NULL;
-- What went wrong is rare among what went well.
CREATE INDEX "LiteLLM_SpendLogs_failed_idx" ON "LiteLLM_SpendLogs" ("startTime") WHERE status <> 'success';

-- The views that LiteLLM's reports and its operators' queries read. What was spent comes from the daily tables, so that no
-- view reads every call; a call that leaves no row counts here too. Days are UTC.
DROP VIEW IF EXISTS "LiteLLM_VerificationTokenView", "MonthlyGlobalSpend", "MonthlyGlobalSpendPerKey",
  "MonthlyGlobalSpendPerUserPerKey", "Last30dKeysBySpend", "Last30dModelsBySpend", "Last30dTopEndUsersSpend",
  "DailyTagSpend";

CREATE VIEW "LiteLLM_VerificationTokenView" AS
SELECT v.*, t.spend AS team_spend, t.max_budget AS team_max_budget, t.soft_budget AS team_soft_budget,
  t.tpm_limit AS team_tpm_limit, t.rpm_limit AS team_rpm_limit, t.models AS team_models, t.metadata AS team_metadata,
  t.blocked AS team_blocked, t.team_alias, t.members_with_roles AS team_members_with_roles,
  NULL::jsonb AS team_model_aliases
FROM "LiteLLM_VerificationToken" v LEFT JOIN "LiteLLM_TeamTable" t ON t.team_id = v.team_id;

CREATE VIEW "MonthlyGlobalSpendPerUserPerKey" AS
SELECT date::date AS date, (sum(spend_pico) / 1e12)::double precision AS spend, api_key, user_id AS "user"
FROM "LiteLLM_DailyUserSpend"
WHERE date >= to_char((now() AT TIME ZONE 'UTC')::date - 30, 'YYYY-MM-DD')
GROUP BY "LiteLLM_DailyUserSpend".date, api_key, user_id;

CREATE VIEW "MonthlyGlobalSpendPerKey" AS
SELECT date::date AS date, (sum(spend_pico) / 1e12)::double precision AS spend, api_key
FROM "LiteLLM_DailyUserSpend"
WHERE date >= to_char((now() AT TIME ZONE 'UTC')::date - 30, 'YYYY-MM-DD')
GROUP BY "LiteLLM_DailyUserSpend".date, api_key;

CREATE VIEW "MonthlyGlobalSpend" AS
SELECT date::date AS date, (sum(spend_pico) / 1e12)::double precision AS spend
FROM "LiteLLM_DailyUserSpend"
WHERE date >= to_char((now() AT TIME ZONE 'UTC')::date - 30, 'YYYY-MM-DD')
GROUP BY "LiteLLM_DailyUserSpend".date;

CREATE VIEW "Last30dKeysBySpend" AS
SELECT d.api_key, v.key_alias, v.key_name, (sum(d.spend_pico) / 1e12)::double precision AS total_spend
FROM "LiteLLM_DailyUserSpend" d LEFT JOIN "LiteLLM_VerificationToken" v ON v.token = d.api_key
WHERE d.date >= to_char((now() AT TIME ZONE 'UTC')::date - 30, 'YYYY-MM-DD')
GROUP BY d.api_key, v.key_alias, v.key_name
ORDER BY total_spend DESC;

CREATE VIEW "Last30dModelsBySpend" AS
SELECT model, (sum(spend_pico) / 1e12)::double precision AS total_spend
FROM "LiteLLM_DailyUserSpend"
WHERE date >= to_char((now() AT TIME ZONE 'UTC')::date - 30, 'YYYY-MM-DD') AND model <> ''
GROUP BY model
ORDER BY total_spend DESC;

CREATE VIEW "Last30dTopEndUsersSpend" AS
SELECT end_user_id AS end_user, sum(api_requests)::bigint AS total_events,
  (sum(spend_pico) / 1e12)::double precision AS total_spend
FROM "LiteLLM_DailyEndUserSpend"
WHERE date >= to_char((now() AT TIME ZONE 'UTC')::date - 30, 'YYYY-MM-DD') AND end_user_id <> ''
GROUP BY end_user_id
ORDER BY total_spend DESC
LIMIT 100;

CREATE VIEW "DailyTagSpend" AS
SELECT tag AS individual_request_tag, date::date AS spend_date, sum(api_requests)::bigint AS log_count,
  (sum(spend_pico) / 1e12)::double precision AS total_spend
FROM "LiteLLM_DailyTagSpend"
GROUP BY tag, "LiteLLM_DailyTagSpend".date;
`,
  '0017-erased-people.sql': `-- People who were erased: what comes to be stored of calls that they had begun before is stored under the pseudonym. It is known
-- by a digest of kind and id, so that this table names nobody.
CREATE TABLE erased_people (
  subject text PRIMARY KEY,
  pseudonym text NOT NULL,
  -- Calls that began up to then are his; null while he is being erased.
  erased_at timestamp(3)
);
`,
  '0018-audit-retention.sql': `-- The row before the first that retention has left of the audit log: the chain begins behind it.
ALTER TABLE audit_head
  ADD COLUMN first_seq bigint NOT NULL DEFAULT 0,
  ADD COLUMN first_hash text NOT NULL DEFAULT '';
`,
  '0019-budget-parts.sql': `-- Budgets beside the whole of an owner's: of all its calls in a window of time, or of its calls to one model. Each is a row of
-- its own, with its own count and its own reset.
ALTER TABLE budget_state
  -- The budget of which it is a part; null where it is whole.
  ADD COLUMN part_of text,
  -- Added to limit_pico until then; it ends by itself.
  ADD COLUMN increase_pico numeric(38, 0),
  ADD COLUMN increase_until timestamp(3);

CREATE INDEX budget_state_part_of_idx ON budget_state (part_of) WHERE part_of IS NOT NULL;

COMMENT ON COLUMN budget_state.scope IS
  'Whose it is: key:HASH, team:ID, team_member:["TEAM","USER"], user:ID, organization:ID, end_user:ID, global:litellm-proxy-budget; of a part window:["DURATION","WHOLE"], model:["NAME","WHOLE"].';
`,
  '0020-invitations.sql': `-- Invitations, with LiteLLM's names: who holds the link sets the password of the user whom it is for.

CREATE TABLE "LiteLLM_InvitationLink" (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  user_id text NOT NULL REFERENCES "LiteLLM_UserTable" ON UPDATE CASCADE ON DELETE CASCADE,
  is_accepted boolean NOT NULL DEFAULT false,
  accepted_at timestamp(3),
  expires_at timestamp(3) NOT NULL,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);
CREATE INDEX "LiteLLM_InvitationLink_user_id_idx" ON "LiteLLM_InvitationLink" (user_id);

-- What the aliases of teams' models stand for.
CREATE TABLE "LiteLLM_ModelTable" (
  id integer PRIMARY KEY,
  aliases jsonb,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);
`,
  '0021-models.sql': `-- Models and credentials that were added by the API, with LiteLLM's columns. Texts in litellm_params and credential_values are
-- sealed with the salt key. The columns that begin with litellm_ and end with _key_id are ours: they name the key that has sealed
-- a row, so that it is known which rows are to be sealed anew for another key; null in rows that LiteLLM has written.
CREATE TABLE "LiteLLM_ProxyModelTable" (
  model_id text PRIMARY KEY,
  model_name text NOT NULL,
  litellm_params jsonb NOT NULL,
  model_info jsonb,
  blocked boolean NOT NULL DEFAULT false,
  litellm_params_key_id text,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);

CREATE TABLE "LiteLLM_CredentialsTable" (
  credential_id text PRIMARY KEY,
  credential_name text NOT NULL UNIQUE,
  credential_values jsonb NOT NULL,
  credential_info jsonb,
  litellm_values_key_id text,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);
`,
  '0022-tags.sql': `-- Tags, with LiteLLM's names: what calls with a tag may spend together. A database that was taken over has the table already.
CREATE TABLE IF NOT EXISTS "LiteLLM_TagTable" (
  tag_name text PRIMARY KEY,
  description text,
  models text[] NOT NULL DEFAULT '{}',
  model_info jsonb,
  spend double precision NOT NULL DEFAULT 0.0,
  budget_id text REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

-- Whoever changes a budget looks for what is linked to it, and each gateway for the tags that have one.
CREATE INDEX IF NOT EXISTS "LiteLLM_TagTable_budget_id_idx" ON "LiteLLM_TagTable" (budget_id)
  WHERE budget_id IS NOT NULL;

-- Its \`spend\` follows with each batch of calls: room on the page keeps the indexes out of it.
ALTER TABLE "LiteLLM_TagTable" SET (fillfactor = 70);
`,
  '0023-organization-members.sql': `-- Budgets of members of organisations, as those of members of teams: what a member spends there is counted in budget_state, and
-- its row shows it.
COMMENT ON COLUMN budget_state.scope IS
  'Whose it is: key:HASH, team:ID, team_member:["TEAM","USER"], user:ID, organization:ID, organization_member:["ORGANIZATION","USER"], end_user:ID, tag:NAME, global:litellm-proxy-budget; of a part window:["DURATION","WHOLE"], model:["NAME","WHOLE"].';

-- Whoever changes a budget looks for what is linked to it.
CREATE INDEX "LiteLLM_OrganizationMembership_budget_id_idx" ON "LiteLLM_OrganizationMembership" (budget_id)
  WHERE budget_id IS NOT NULL;

-- Its \`spend\` follows with each batch of calls: room on the page keeps the indexes out of it.
ALTER TABLE "LiteLLM_OrganizationMembership" SET (fillfactor = 70);
`,
  '0024-stored-settings.sql': `-- Settings that were stored by the API, with LiteLLM's columns: a row for each section of config.yaml. LiteLLM's own table is there where
-- its database was taken over before this. Values of \`environment_variables\` are sealed with the salt key that litellm_value_key_id
-- names; null in a row that LiteLLM has written, and in one that more than one key has sealed.
CREATE TABLE IF NOT EXISTS "LiteLLM_Config" (
  param_name text PRIMARY KEY,
  param_value jsonb
);

ALTER TABLE "LiteLLM_Config" ADD COLUMN IF NOT EXISTS litellm_value_key_id text;
`,
} as const;
