-- Budgets of teams, members, users, organisations, customers and of the whole gateway, beside those of keys. What any of them
-- spends is counted in budget_state, to the pico-dollar; a row that is there already gets its account when it is next used.
COMMENT ON COLUMN budget_state.scope IS
  'Whose it is: key:HASH, team:ID, team_member:["TEAM","USER"], user:ID, organization:ID, end_user:ID, global:litellm-proxy-budget.';

-- Whoever changes a budget looks for what is linked to it, and so does whoever deletes it.
CREATE INDEX "LiteLLM_OrganizationTable_budget_id_idx" ON "LiteLLM_OrganizationTable" (budget_id);
CREATE INDEX "LiteLLM_TeamMembership_budget_id_idx" ON "LiteLLM_TeamMembership" (budget_id) WHERE budget_id IS NOT NULL;
CREATE INDEX "LiteLLM_EndUserTable_budget_id_idx" ON "LiteLLM_EndUserTable" (budget_id) WHERE budget_id IS NOT NULL;
CREATE INDEX "LiteLLM_TeamTable_member_budget_idx" ON "LiteLLM_TeamTable" ((metadata ->> 'team_member_budget_id'))
  WHERE (metadata ->> 'team_member_budget_id') IS NOT NULL;
CREATE INDEX "LiteLLM_BudgetTable_budget_reset_at_idx" ON "LiteLLM_BudgetTable" (budget_reset_at)
  WHERE budget_reset_at IS NOT NULL;

-- Their `spend` follows with each batch of calls: room on the page keeps the indexes out of it.
ALTER TABLE "LiteLLM_OrganizationTable" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_TeamTable" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_TeamMembership" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_UserTable" SET (fillfactor = 70);
ALTER TABLE "LiteLLM_EndUserTable" SET (fillfactor = 70);
