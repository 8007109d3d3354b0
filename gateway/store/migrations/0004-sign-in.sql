-- The admin UI's sessions and its count of failed sign-ins; not LiteLLM's.

CREATE TABLE ui_sessions (
  token_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "LiteLLM_UserTable" (user_id) ON DELETE CASCADE,
  -- The session was opened with the initial password and may only replace it.
  must_change_password boolean NOT NULL,
  created_at timestamp(3) NOT NULL,
  last_used_at timestamp(3) NOT NULL
);

-- A scope is an address (IPv6: its /64) or `everyone`. Kept in the database so that a restart forgives nobody.
CREATE TABLE ui_sign_in_attempts (
  scope text PRIMARY KEY,
  attempts integer NOT NULL,
  last_attempt_at timestamp(3) NOT NULL,
  refused_until timestamp(3) NOT NULL
);
