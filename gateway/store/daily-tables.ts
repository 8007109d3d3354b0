/** Kinds of whom days are counted for. */
export type DailyKind = 'user' | 'team' | 'organization' | 'agent' | 'endUser' | 'tag';

/** A table of what was spent on each day, and its column that says for whom. */
export interface DailyTableName {
  readonly name: string;
  readonly whom: string;
}

export const dailyTables: Readonly<Record<DailyKind, DailyTableName>> = {
  user: { name: 'LiteLLM_DailyUserSpend', whom: 'user_id' },
  team: { name: 'LiteLLM_DailyTeamSpend', whom: 'team_id' },
  organization: { name: 'LiteLLM_DailyOrganizationSpend', whom: 'organization_id' },
  agent: { name: 'LiteLLM_DailyAgentSpend', whom: 'agent_id' },
  endUser: { name: 'LiteLLM_DailyEndUserSpend', whom: 'end_user_id' },
  tag: { name: 'LiteLLM_DailyTagSpend', whom: 'tag' },
};
