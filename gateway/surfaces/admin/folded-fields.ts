/** Members of a request that LiteLLM keeps in the metadata of a key, or of a team, and that are enforced of some. */
export const folded = [
  'model_rpm_limit',
  'model_tpm_limit',
  'enforced_params',
  'temp_budget_increase',
  'temp_budget_expiry',
] as const;
