import { GatewayError } from '../../http/errors.ts';
import { endOf, parseDuration } from '../../identity/duration.ts';
import { expiryOf, fieldsOver, type KeyParams } from '../../identity/key-params.ts';
import type { Connection } from '../../store/connection.ts';
import { readTeam } from '../../store/teams.ts';
import { badRequest } from './faults.ts';
import type { NewOwner } from './key-permissions.ts';
import type { KeyFields } from './key-requests.ts';
import { saysNothing } from './key-rules.ts';
import type { Metadata } from './metadata.ts';

/** Member of a team's metadata that says how long keys of its members last; as in LiteLLM. */
export const MEMBER_KEY_DURATION = 'team_member_key_duration';

/** Whether something that lasts so long from `now` on has an end that a key may have. */
function hasEnd(duration: string, now: number): boolean {
  if (!((parseDuration(duration)?.count ?? 0) > 0)) return false;
  try {
    return endOf(duration, now) !== null;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/** Throws GatewayError bad_request for metadata by which keys of a team's members would last for no time, or nobody knows how long. */
export function requireKeyDuration({ [MEMBER_KEY_DURATION]: duration }: Metadata, now: number): void {
  if (saysNothing(duration) || hasEnd(String(duration), now)) return;
  throw badRequest(
    MEMBER_KEY_DURATION,
    `'${MEMBER_KEY_DURATION}' must be a whole number above 0 and s, m, h, d, w or mo, such as 30d, that ends before the year 10000`,
  );
}

type Member = Pick<NewOwner, 'teamId' | 'userId'>;

/** How long a key of a member may last. */
interface Longest {
  readonly duration: string;
  readonly end: Date | null;
  readonly teamId: string;
}

/**
 * Null where the team says nothing of it, and for keys of nobody. Throws GatewayError bad_request where another program has
 * written what is no duration.
 */
async function longestOf(db: Connection, { teamId, userId }: Member, now: number): Promise<Longest | null> {
  if (teamId === null || userId === null) return null;
  const { metadata = {} } = (await readTeam(db, teamId)) ?? {};
  if (saysNothing(metadata[MEMBER_KEY_DURATION])) return null;
  requireKeyDuration(metadata, now);
  const duration = String(metadata[MEMBER_KEY_DURATION]);
  return { duration, end: endOf(duration, now), teamId };
}

function requireEnd(expires: Date | null, { duration, end, teamId }: Longest): void {
  if (end === null || (expires !== null && expires <= end)) return;
  throw badRequest(
    'duration',
    `A key of a member of team '${teamId}' lasts ${duration} at most: that is the team's '${MEMBER_KEY_DURATION}'`,
  );
}

/** A request for a new key: as it was sent, and with what the configuration fills in. */
interface NewKey<T> {
  readonly asked: KeyFields;
  readonly wanted: T;
  readonly owner: Member;
}

/**
 * The request with the end that the key's team wants of members' keys, where it says none itself; a ceiling of the
 * configuration that is nearer goes before. Throws GatewayError bad_request for a key that would last longer.
 */
export async function endedByTeam<T extends KeyFields>(
  db: Connection,
  { asked, wanted, owner }: NewKey<T>,
  { ceilings, now }: { readonly ceilings: KeyParams; readonly now: number },
): Promise<T> {
  const longest = await longestOf(db, owner, now);
  if (longest === null) return wanted;
  if (!saysNothing(asked.duration)) {
    requireEnd(expiryOf(asked.duration, now), longest);
    return wanted;
  }
  const { duration } = longest;
  const isOver = fieldsOver({ duration }, ceilings, now).length > 0;
  return { ...wanted, duration: (isOver && ceilings.duration) || duration };
}

/** Throws GatewayError bad_request where a key that is changed would last longer than its team lets keys of members. */
export async function requireMemberEnd(
  db: Connection,
  owner: Member,
  { expires, now }: { readonly expires: Date | null; readonly now: number },
): Promise<void> {
  const longest = await longestOf(db, owner, now);
  if (longest !== null) requireEnd(expires, longest);
}
