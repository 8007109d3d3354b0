-- Budgets of members of organisations, as those of members of teams: what a member spends there is counted in budget_state, and
-- its row shows it.
COMMENT ON COLUMN budget_state.scope IS
  'Whose it is: key:HASH, team:ID, team_member:["TEAM","USER"], user:ID, organization:ID, organization_member:["ORGANIZATION","USER"], end_user:ID, tag:NAME, global:litellm-proxy-budget; of a part window:["DURATION","WHOLE"], model:["NAME","WHOLE"].';

-- Whoever changes a budget looks for what is linked to it.
CREATE INDEX "LiteLLM_OrganizationMembership_budget_id_idx" ON "LiteLLM_OrganizationMembership" (budget_id)
  WHERE budget_id IS NOT NULL;

-- Its `spend` follows with each batch of calls: room on the page keeps the indexes out of it.
ALTER TABLE "LiteLLM_OrganizationMembership" SET (fillfactor = 70);
