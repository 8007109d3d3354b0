-- What was spent on each UTC day, with LiteLLM's names: six tables of the same columns, one for each kind of whom it is
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
