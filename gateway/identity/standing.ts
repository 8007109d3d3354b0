import type { Identity } from './identity.ts';
import type { Standing } from './roles.ts';

/** Everything that the caller is at once. */
export function standingsOf(who: Identity): readonly Standing[] {
  return [
    who.role,
    ...(who.adminOfOrganizations.length > 0 ? (['org_admin'] as const) : []),
    ...(who.adminOfTeams.length > 0 ? (['team_admin'] as const) : []),
    ...(who.seesAllSums ? (['spend_reader'] as const) : []),
  ];
}
