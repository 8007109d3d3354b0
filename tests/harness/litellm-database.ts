/**
 * A database as LiteLLM leaves it. The tables are described by what PostgreSQL's catalogue said after all migrations of
 * `litellm-proxy-extras` 0.4.110 (the package of PyPI that LiteLLM 1.110.2 brings) had been applied to an empty PostgreSQL 16:
 * names, types, nullability, defaults, primary and foreign keys and the unique keys of the daily tables. LiteLLM itself
 * could not be run against a database: Prisma's engine cannot be had here. The rows are planted by hand.
 */
import { createHash } from 'node:crypto';
import { Client } from 'pg';
import type { TestDatabase } from './postgres.ts';

/** Types as they are written below. `!`: not null; what follows `=` is the default. */
const types: Readonly<Record<string, string>> = {
  text: 'text',
  list: 'text[]',
  float: 'double precision',
  int: 'integer',
  big: 'bigint',
  bool: 'boolean',
  json: 'jsonb',
  ts: 'timestamp(3)',
};

const made = 'created_at ts!=now, updated_at ts!=now';
const who = 'created_at ts!=now, created_by text!, updated_at ts!=now, updated_by text!';
const limits =
  'max_parallel_requests int, tpm_limit big, rpm_limit big, budget_duration text, budget_reset_at ts, tpd_limit big';
const spent = 'spend float!=0, model_spend json!={}, model_max_budget json!={}';
const key = `token text!, key_name text, key_alias text, soft_budget_cooldown bool!=false, ${spent}, expires ts, models list,
  aliases json!={}, config json!={}, user_id text, team_id text, permissions json!={}, metadata json!={}, blocked bool,
  max_budget float, ${limits}, allowed_cache_controls list={}, budget_id text, organization_id text, created_by text,
  updated_by text, allowed_routes list={}, object_permission_id text, auto_rotate bool=false, key_rotation_at ts,
  last_rotation_at ts, rotation_count int=0, rotation_interval text, project_id text, router_settings json={},
  policies list={}, access_group_ids list={}, last_active ts, agent_id text, budget_fallbacks json!={}, key_type text,
  settings_updated_at ts, total_spend float!=0`;
const team = `team_id text!, team_alias text, organization_id text, admins list, members list, members_with_roles json!={},
  metadata json!={}, max_budget float, ${spent}, models list, ${limits}, blocked bool!=false, model_id int,
  team_member_permissions list={}, object_permission_id text, router_settings json={}, policies list={},
  allow_team_guardrail_config bool!=false, soft_budget float, access_group_ids list={}`;
const deleted =
  'deleted_at ts!=now, deleted_by text, deleted_by_api_key text, litellm_changed_by text, id text!';
const figures = `date text!, api_key text!, model text, model_group text, custom_llm_provider text,
  mcp_namespaced_tool_name text, endpoint text, prompt_tokens big!=0, completion_tokens big!=0,
  cache_read_input_tokens big!=0, cache_creation_input_tokens big!=0, spend float!=0, api_requests big!=0,
  successful_requests big!=0, failed_requests big!=0, created_at ts!=now, updated_at ts!, timed_requests big!=0`;

/** Columns, and behind the bar what stands beside them. In the order in which they can be made. */
const tables: Readonly<Record<string, string>> = {
  LiteLLM_BudgetTable: `budget_id text!, max_budget float, soft_budget float, model_max_budget json, ${limits},
    allowed_models list={}, ${who}, temp_budget_increase float, temp_budget_expiry ts | PRIMARY KEY (budget_id)`,
  LiteLLM_ObjectPermissionTable:
    'object_permission_id text!, mcp_servers list={}, vector_stores list={} | PRIMARY KEY (object_permission_id)',
  LiteLLM_ModelTable: `id int!, aliases json, ${who} | PRIMARY KEY (id)`,
  LiteLLM_OrganizationTable: `organization_id text!, organization_alias text!, budget_id text!, metadata json!={}, models list,
    spend float!=0, model_spend json!={}, object_permission_id text, ${who} | PRIMARY KEY (organization_id);
    FOREIGN KEY (budget_id) REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE RESTRICT;
    FOREIGN KEY (object_permission_id) REFERENCES "LiteLLM_ObjectPermissionTable" ON DELETE SET NULL`,
  LiteLLM_TeamTable: `${team}, ${made}, budget_limits json, default_team_member_models list={} | PRIMARY KEY (team_id);
    UNIQUE (model_id); FOREIGN KEY (model_id) REFERENCES "LiteLLM_ModelTable" ON DELETE SET NULL;
    FOREIGN KEY (organization_id) REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE SET NULL`,
  LiteLLM_DeletedTeamTable: `${team}, ${deleted}, created_at ts, updated_at ts | PRIMARY KEY (id)`,
  LiteLLM_UserTable: `user_id text!, user_alias text, team_id text, sso_user_id text, organization_id text,
    object_permission_id text, password text, teams list={}, user_role text, max_budget float, ${spent}, user_email text,
    models list, metadata json!={}, max_parallel_requests int, tpm_limit big, rpm_limit big, budget_duration text,
    budget_reset_at ts, allowed_cache_controls list={}, policies list={}, created_at ts=now, updated_at ts=now,
    password_reset_required bool, last_breach_check_at ts | PRIMARY KEY (user_id); UNIQUE (sso_user_id);
    FOREIGN KEY (organization_id) REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE SET NULL`,
  LiteLLM_VerificationToken: `${key}, created_at ts=now, updated_at ts=now, budget_limits json | PRIMARY KEY (token);
    FOREIGN KEY (budget_id) REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL;
    FOREIGN KEY (organization_id) REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE SET NULL;
    FOREIGN KEY (object_permission_id) REFERENCES "LiteLLM_ObjectPermissionTable" ON DELETE SET NULL`,
  LiteLLM_DeletedVerificationToken: `${key}, ${deleted}, created_at ts, updated_at ts | PRIMARY KEY (id)`,
  LiteLLM_DeprecatedVerificationToken:
    'id text!, token text!, active_token_id text!, revoke_at ts!, created_at ts!=now | PRIMARY KEY (id); UNIQUE (token)',
  LiteLLM_JWTKeyMapping: `id text!, jwt_claim_name text!, jwt_claim_value text!, token text!, is_active bool!=true, ${made} |
    PRIMARY KEY (id); FOREIGN KEY (token) REFERENCES "LiteLLM_VerificationToken" ON UPDATE CASCADE ON DELETE CASCADE`,
  LiteLLM_OrganizationMembership: `user_id text!, organization_id text!, user_role text, spend float=0, budget_id text,
    created_at ts=now, updated_at ts=now | PRIMARY KEY (user_id, organization_id); UNIQUE (user_id, organization_id);
    FOREIGN KEY (user_id) REFERENCES "LiteLLM_UserTable" ON UPDATE CASCADE ON DELETE RESTRICT;
    FOREIGN KEY (organization_id) REFERENCES "LiteLLM_OrganizationTable" ON UPDATE CASCADE ON DELETE RESTRICT;
    FOREIGN KEY (budget_id) REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL`,
  LiteLLM_TeamMembership: `user_id text!, team_id text!, spend float!=0, total_spend float!=0, budget_id text |
    PRIMARY KEY (user_id, team_id);
    FOREIGN KEY (budget_id) REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL`,
  LiteLLM_EndUserTable: `user_id text!, alias text, spend float!=0, allowed_model_region text, default_model text,
    budget_id text, object_permission_id text, blocked bool!=false, models list={} | PRIMARY KEY (user_id);
    FOREIGN KEY (budget_id) REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL`,
  LiteLLM_InvitationLink: `id text!, user_id text!, is_accepted bool!=false, accepted_at ts, expires_at ts!, created_at ts!,
    created_by text!, updated_at ts!, updated_by text! | PRIMARY KEY (id);
    FOREIGN KEY (user_id) REFERENCES "LiteLLM_UserTable" ON UPDATE CASCADE ON DELETE RESTRICT;
    FOREIGN KEY (created_by) REFERENCES "LiteLLM_UserTable" ON UPDATE CASCADE ON DELETE RESTRICT`,
  LiteLLM_ProxyModelTable: `model_id text!, model_name text!, litellm_params json!, model_info json, ${who},
    blocked bool!=false | PRIMARY KEY (model_id)`,
  LiteLLM_CredentialsTable: `credential_id text!, credential_name text!, credential_values json!, credential_info json, ${who},
    display_name text | PRIMARY KEY (credential_id); UNIQUE (credential_name)`,
  LiteLLM_Config:
    'param_name text!, param_value json, last_run_at ts, reload_revision big!=0 | PRIMARY KEY (param_name)',
  LiteLLM_SpendLogs: `request_id text!, call_type text!, api_key text!='', spend float!=0, total_tokens int!=0,
    prompt_tokens int!=0, completion_tokens int!=0, "startTime" ts!, "endTime" ts!, "completionStartTime" ts, model text!='',
    model_id text='', model_group text='', custom_llm_provider text='', api_base text='', "user" text='', metadata json={},
    cache_hit text='', cache_key text='', request_tags json=[], team_id text, end_user text, requester_ip_address text,
    messages json={}, response json={}, proxy_server_request json={}, session_id text, status text,
    mcp_namespaced_tool_name text, organization_id text, agent_id text, request_duration_ms int, ${made},
    litellm_call_id text, billing_agent_id text | PRIMARY KEY (request_id)`,
  LiteLLM_AuditLog: `id text!, updated_at ts!=now, changed_by text!='', changed_by_api_key text!='', action text!,
    table_name text!, object_id text!, before_value json, updated_values json | PRIMARY KEY (id)`,
};

const days: Readonly<Record<string, string>> = {
  User: 'user_id',
  Team: 'team_id',
  Tag: 'tag',
  Organization: 'organization_id',
  EndUser: 'end_user_id',
  Agent: 'agent_id',
};

function columnSql(column: string): string {
  const [, name, type = '', required, fallback] = /^(\S+) ([a-z]+)(!?)(?:=(.*))?$/.exec(column.trim()) ?? [];
  const value = fallback === undefined ? '' : ` DEFAULT ${defaultSql(type, fallback)}`;
  return `${name} ${types[type]}${required === '!' ? ' NOT NULL' : ''}${value}`;
}

function defaultSql(type: string, value: string): string {
  if (type === 'ts') return 'CURRENT_TIMESTAMP';
  if (type === 'list') return 'ARRAY[]::text[]';
  return type === 'json' ? `'${value}'` : value;
}

function tableSql([name, text]: readonly [string, string]): string {
  const [columns = '', beside = ''] = text.split('|');
  const parts = [...columns.split(',').map(columnSql), ...beside.split(';')];
  return `CREATE TABLE "${name}" (${parts.join(', ')});`;
}

const indexSql = `
  CREATE INDEX "LiteLLM_SpendLogs_startTime_idx" ON "LiteLLM_SpendLogs" ("startTime");
  CREATE INDEX "LiteLLM_SpendLogs_startTime_request_id_idx" ON "LiteLLM_SpendLogs" ("startTime", request_id);
  CREATE INDEX "LiteLLM_SpendLogs_end_user_idx" ON "LiteLLM_SpendLogs" (end_user);
  CREATE INDEX "LiteLLM_SpendLogs_session_id_idx" ON "LiteLLM_SpendLogs" (session_id);`;

function dailySql([kind, whom]: readonly [string, string]): string {
  const name = `LiteLLM_Daily${kind}Spend`;
  const request = kind === 'Tag' ? ', request_id text' : '';
  return `${tableSql([name, `id text!, ${whom} text, ${figures}${request} | PRIMARY KEY (id)`])}
    CREATE UNIQUE INDEX ON "${name}" (${whom}, date, api_key, model, custom_llm_provider, mcp_namespaced_tool_name, endpoint);`;
}

/** What makes LiteLLM's tables. */
export const litellmTables = [
  "SET TimeZone = 'UTC';",
  ...Object.entries(tables).map(tableSql),
  indexSql,
  ...Object.entries(days).map(dailySql),
].join('\n');

/** As LiteLLM hashes a key. */
export const hashed = (text: string): string => createHash('sha256').update(text).digest('hex');

type Row = Readonly<Record<string, unknown>>;

/** Rows as they go into a LiteLLM database, by table. */
export type Plant = Readonly<Record<string, readonly Row[]>>;

/** Makes LiteLLM's tables in an empty database and puts rows into them, as another program's role would. */
export async function litellmDatabase({ ownerUrl }: TestDatabase, plant: Plant): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(litellmTables);
    for (const name of [
      ...Object.keys(tables),
      ...Object.keys(days).map((kind) => `LiteLLM_Daily${kind}Spend`),
    ]) {
      for (const row of plant[name] ?? []) {
        const names = Object.keys(row);
        await client.query(
          `INSERT INTO "${name}" (${names.map((each) => `"${each}"`).join(', ')})
           VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
          Object.values(row),
        );
      }
    }
  } finally {
    await client.end();
  }
}
