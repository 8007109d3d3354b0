-- Budgets beside the whole of an owner's: of all its calls in a window of time, or of its calls to one model. Each is a row of
-- its own, with its own count and its own reset.
ALTER TABLE budget_state
  -- The budget of which it is a part; null where it is whole.
  ADD COLUMN part_of text,
  -- Added to limit_pico until then; it ends by itself.
  ADD COLUMN increase_pico numeric(38, 0),
  ADD COLUMN increase_until timestamp(3);

CREATE INDEX budget_state_part_of_idx ON budget_state (part_of) WHERE part_of IS NOT NULL;

COMMENT ON COLUMN budget_state.scope IS
  'Whose it is: key:HASH, team:ID, team_member:["TEAM","USER"], user:ID, organization:ID, end_user:ID, global:litellm-proxy-budget; of a part window:["DURATION","WHOLE"], model:["NAME","WHOLE"].';
