import { modelLimits, type TagFields } from './folded-fields.ts';
import type { ModelLimitFields } from './limit-fields.ts';
import { MEMBER_KEY_DURATION, requireKeyDuration } from './member-key-duration.ts';
import { changedMember, foldedMetadata, type Metadata, replacedMetadata } from './metadata.ts';
import { MEMBER_BUDGET } from './team-budgets.ts';

/** Members of a request that are kept in the metadata of a team, and limit it: its tags too, since a tag may have a budget. */
const folded = [...modelLimits, 'tags', MEMBER_KEY_DURATION] as const;

const limiting = [...folded, MEMBER_BUDGET] as const;

/** Fields of a request that are kept in the metadata of a team. */
export interface TeamMetadataFields extends ModelLimitFields, TagFields {
  /** How long keys of members last, at most and where they do not say it themselves. */
  readonly team_member_key_duration?: string | null;
}

interface Wanted extends TeamMetadataFields {
  readonly metadata?: Metadata | null;
}

/**
 * The metadata of a team after a request. New ones replace the old as a whole, but for what limits the team: who does not
 * govern it leaves that as it is by not naming it, and the budget of its members stays in any case. Throws GatewayError
 * bad_request for a new duration of keys that is none at this time.
 */
export function teamMetadata(
  wanted: Wanted,
  now: Metadata,
  { govern, time }: { readonly govern: boolean; readonly time: number },
): Metadata {
  const replaced = replacedMetadata(wanted.metadata, now, govern ? [MEMBER_BUDGET] : limiting);
  const metadata = foldedMetadata(replaced, wanted, folded);
  if (metadata[MEMBER_KEY_DURATION] !== now[MEMBER_KEY_DURATION]) requireKeyDuration(metadata, time);
  return metadata;
}

/** What of a team's limits new metadata change; undefined when nothing. */
export function changedLimit(metadata: Metadata | undefined, now: Metadata): string | undefined {
  return changedMember(limiting, metadata, now);
}
