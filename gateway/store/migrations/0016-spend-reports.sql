-- Lists of calls are asked for by whose they are, the newest first: the beginning of an index is found at once in each day's
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
