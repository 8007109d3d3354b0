import { isDeepStrictEqual } from 'node:util';
import type { TeamRow } from '../../store/teams.ts';
import type { TagFields } from './folded-fields.ts';
import { foldedMetadata } from './key-columns.ts';
import type { ModelLimitFields } from './limit-fields.ts';
import { MEMBER_BUDGET } from './team-budgets.ts';

type Metadata = TeamRow['metadata'];

/** Members of the metadata that limit the team: its tags too, since a tag may have a budget. */
const limiting = ['model_rpm_limit', 'model_tpm_limit', 'tags', MEMBER_BUDGET] as const;

interface Wanted extends ModelLimitFields, TagFields {
  readonly metadata?: Metadata | null;
}

/**
 * The metadata of a team after a request. New ones replace the old as a whole, but for what limits the team: who does not
 * govern it leaves that as it is by not naming it, and the budget of its members stays in any case.
 */
export function teamMetadata(wanted: Wanted, now: Metadata, govern: boolean): Metadata {
  const stays = govern ? [MEMBER_BUDGET] : limiting;
  const kept = Object.fromEntries(stays.flatMap((name) => (name in now ? [[name, now[name]]] : [])));
  const replaced = wanted.metadata === undefined ? now : { ...kept, ...wanted.metadata };
  return foldedMetadata(replaced, wanted);
}

/** What of a team's limits new metadata change; undefined when nothing. */
export function changedLimit(metadata: Metadata | undefined, now: Metadata): string | undefined {
  if (metadata === undefined) return undefined;
  return limiting.find((name) => !isDeepStrictEqual(metadata[name], now[name]));
}
