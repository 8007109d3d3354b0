/** What a new team has where its request says nothing, under the names of `/team/new`. */
export interface TeamDefaults {
  /** USD. */
  readonly max_budget?: number;
  readonly budget_duration?: string;
  readonly tpm_limit?: number;
  readonly rpm_limit?: number;
  readonly models?: readonly string[];
  readonly team_member_permissions?: readonly string[];
}
