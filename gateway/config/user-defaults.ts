/** A team that new users join, under the names of `teams` of `/user/new`. */
export interface DefaultTeam {
  readonly team_id: string;
  readonly user_role?: 'user' | 'admin';
  /** USD. */
  readonly max_budget_in_team?: number;
}

/** What a new internal user has where its request says nothing, under the names of `/user/new`. */
export interface UserDefaults {
  readonly user_role?: 'internal_user' | 'internal_user_viewer';
  /** USD. */
  readonly max_budget?: number;
  readonly budget_duration?: string;
  readonly tpm_limit?: number;
  readonly rpm_limit?: number;
  readonly max_parallel_requests?: number;
  readonly models?: readonly string[];
  readonly teams?: readonly DefaultTeam[];
  /** Ids of teams that each internal user may join by himself. */
  readonly available_teams?: readonly string[];
}
