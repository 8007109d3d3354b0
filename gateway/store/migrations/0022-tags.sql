-- Tags, with LiteLLM's names: what calls with a tag may spend together. A database that was taken over has the table already.
CREATE TABLE IF NOT EXISTS "LiteLLM_TagTable" (
  tag_name text PRIMARY KEY,
  description text,
  models text[] NOT NULL DEFAULT '{}',
  model_info jsonb,
  spend double precision NOT NULL DEFAULT 0.0,
  budget_id text REFERENCES "LiteLLM_BudgetTable" ON UPDATE CASCADE ON DELETE SET NULL,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

-- Whoever changes a budget looks for what is linked to it, and each gateway for the tags that have one.
CREATE INDEX IF NOT EXISTS "LiteLLM_TagTable_budget_id_idx" ON "LiteLLM_TagTable" (budget_id)
  WHERE budget_id IS NOT NULL;

-- Its `spend` follows with each batch of calls: room on the page keeps the indexes out of it.
ALTER TABLE "LiteLLM_TagTable" SET (fillfactor = 70);
