import { isRowName } from './owners.ts';

/** The tags of every call of a key. */
export interface OwnTags {
  readonly key: readonly string[];
  /** Those of its team. */
  readonly team: readonly string[];
}

export const NO_TAGS: OwnTags = Object.freeze({ key: Object.freeze([]), team: Object.freeze([]) });

/** The tags that the `metadata` of a key or a team gives to each of its calls; what another program has written may be anything. */
export function tagsIn(metadata: unknown): readonly string[] {
  const tags = typeof metadata === 'object' && metadata !== null && 'tags' in metadata ? metadata.tags : null;
  if (!Array.isArray(tags)) return [];
  return tags.filter((tag): tag is string => typeof tag === 'string' && isRowName(tag));
}
