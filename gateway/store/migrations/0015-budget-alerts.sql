-- Alerts that budgets are spent. What was told of a budget stands beside it, so that exactly one process tells it, in the
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
