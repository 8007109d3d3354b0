-- Settings that were stored by the API, with LiteLLM's columns: a row for each section of config.yaml. LiteLLM's own table is there where
-- its database was taken over before this. Values of `environment_variables` are sealed with the salt key that litellm_value_key_id
-- names; null in a row that LiteLLM has written, and in one that more than one key has sealed.
CREATE TABLE IF NOT EXISTS "LiteLLM_Config" (
  param_name text PRIMARY KEY,
  param_value jsonb
);

ALTER TABLE "LiteLLM_Config" ADD COLUMN IF NOT EXISTS litellm_value_key_id text;
