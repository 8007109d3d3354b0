import type { TagFields } from './folded-fields.ts';
import { modelLimits } from './folded-fields.ts';
import type { ModelLimitFields } from './limit-fields.ts';
import { changedMember, foldedMetadata, type Metadata, replacedMetadata } from './metadata.ts';
import { MEMBER_BUDGET } from './team-budgets.ts';

/** Members of the metadata that limit the team: its tags too, since a tag may have a budget. */
const limiting = [...modelLimits, 'tags', MEMBER_BUDGET] as const;

interface Wanted extends ModelLimitFields, TagFields {
  readonly metadata?: Metadata | null;
}

/**
 * The metadata of a team after a request. New ones replace the old as a whole, but for what limits the team: who does not
 * govern it leaves that as it is by not naming it, and the budget of its members stays in any case.
 */
export function teamMetadata(wanted: Wanted, now: Metadata, govern: boolean): Metadata {
  return foldedMetadata(replacedMetadata(wanted.metadata, now, govern ? [MEMBER_BUDGET] : limiting), wanted);
}

/** What of a team's limits new metadata change; undefined when nothing. */
export function changedLimit(metadata: Metadata | undefined, now: Metadata): string | undefined {
  return changedMember(limiting, metadata, now);
}
