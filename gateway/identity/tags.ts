import { isRowName } from './owners.ts';

type Members = Readonly<Record<string, unknown>>;

/** The tags that the `metadata` of a key or a team gives to each of its calls; what another program has written may be anything. */
export function tagsIn(metadata: unknown): readonly string[] {
  const tags = typeof metadata === 'object' && metadata !== null ? (metadata as Members).tags : null;
  if (!Array.isArray(tags)) return [];
  return tags.filter((tag): tag is string => typeof tag === 'string' && isRowName(tag));
}
