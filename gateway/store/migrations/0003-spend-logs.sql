-- One row per call, one partition per UTC day: old days are dropped, not deleted row by row.
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
