import type { Pool } from 'pg';

/** Calls that a database makes up itself, spread evenly over keys and models. */
export interface PlantedCalls {
  readonly perDay: number;
  readonly keys: number;
  readonly users: number;
  readonly teams: number;
  readonly models: number;
}

/** The hash of a key by its number; users and teams are called `user-7`, `team-7`. */
export const plantedKey = (number: number): string => number.toString(16).padStart(64, '0');

const COLUMNS = `litellm_row_id, request_id, call_type, api_key, spend, total_tokens, prompt_tokens, completion_tokens,
  "startTime", "endTime", "completionStartTime", request_duration_ms, model, model_id, model_group, custom_llm_provider,
  api_base, "user", end_user, team_id, organization_id, metadata, cache_hit, cache_key, request_tags, session_id, status`;

/** A key belongs to one user, team and organisation and calls every model; one call in 500 fails. */
const VALUES = `
  SELECT gen_random_uuid(), 'chatcmpl-' || md5($1::text || n), 'acompletion', lpad(to_hex(key), 64, '0'),
    ((n % 97) + 1) / 1e6, 120 + n % 50, 100 + n % 50, 20, began, began + interval '1 second', began, 1000,
    'model-' || model, 'deployment-' || model, 'group-' || model, 'openai', 'https://provider.example/v1',
    'user-' || (key % $4::integer), CASE WHEN n % 10 = 0 THEN 'customer-' || (n % 1000) END, 'team-' || (key % $5::integer), 'org-' || (key % 2),
    jsonb_build_object('status', CASE WHEN n % 500 = 0 THEN 'failure' ELSE 'success' END, 'user_api_key', lpad(to_hex(key), 64, '0'),
      'user_agent', 'openai-node/6.0.0', 'applied_guardrails', '[]'::jsonb, 'requester_ip_address', '192.0.2.7',
      'error_information', CASE WHEN n % 500 = 0
        THEN '{"error_code": "429", "error_message": "slow down"}'::jsonb ELSE 'null' END),
    'False', 'Cache OFF', CASE WHEN n % 10 = 0 THEN '["batch"]'::jsonb ELSE '[]' END, gen_random_uuid()::text,
    CASE WHEN n % 500 = 0 THEN 'failure' ELSE 'success' END
  FROM (
    SELECT n, n % $3::integer AS key, (n / $3::integer) % $6::integer AS model,
      $1::timestamp + n * (interval '1 day' / $2::integer) AS began
    FROM generate_series(0, $2::integer - 1) AS n
  ) AS calls`;

const FIGURES = `count(*), count(*) FILTER (WHERE status = 'success'), count(*) FILTER (WHERE status <> 'success'),
  sum(prompt_tokens), sum(completion_tokens), sum(spend), round(sum(spend::numeric) * 1e12)`;

/** The daily tables, and which of its columns in a call's row each is counted for. */
const daily = [
  ['LiteLLM_DailyUserSpend', 'user_id', '"user"'],
  ['LiteLLM_DailyTeamSpend', 'team_id', 'team_id'],
  ['LiteLLM_DailyOrganizationSpend', 'organization_id', 'organization_id'],
  ['LiteLLM_DailyEndUserSpend', 'end_user_id', 'end_user'],
  ['LiteLLM_DailyTagSpend', 'tag', 'jsonb_array_elements_text(request_tags)'],
] as const;

/** Makes up one UTC day's calls in `table`, which is the table of all or a day's own. */
export async function plantCalls(
  db: Pool,
  day: string,
  { perDay, keys, users, teams, models }: PlantedCalls,
  table = 'LiteLLM_SpendLogs',
): Promise<void> {
  const text = `INSERT INTO "${table}" (${COLUMNS}) ${VALUES}`;
  await db.query({ text, values: [day, perDay, keys, users, teams, models] });
  for (const [name, whom, column] of daily) {
    await db.query({
      text: `
        INSERT INTO "${name}" (${whom}, date, api_key, model, model_group, custom_llm_provider, mcp_namespaced_tool_name,
          endpoint, api_requests, successful_requests, failed_requests, prompt_tokens, completion_tokens, spend, spend_pico)
        SELECT whom, $1, api_key, model, model_group, custom_llm_provider, '', '/chat/completions', ${FIGURES}
        FROM (
          SELECT *, ${column} AS whom FROM "${table}" WHERE "startTime" >= $1::timestamp AND "startTime" < $1::timestamp + interval '1 day'
        ) AS calls
        WHERE whom IS NOT NULL GROUP BY whom, api_key, model, model_group, custom_llm_provider`,
      values: [day],
    });
  }
}
