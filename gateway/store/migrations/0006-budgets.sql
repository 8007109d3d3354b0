-- Budgets to the pico-dollar (10^-12 USD); not LiteLLM's. Its float columns of the same things are projections.
-- For every scope: spent_pico + spent_next_pico + leased_pico <= limit_pico, unless the limit was lowered afterwards.

CREATE TABLE budget_state (
  -- What is limited: `key:<hash>`.
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
