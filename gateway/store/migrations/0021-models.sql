-- Models and credentials that were added by the API, with LiteLLM's columns. Texts in litellm_params and credential_values are
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
