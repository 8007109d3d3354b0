import { isDeepStrictEqual } from 'node:util';

export type Metadata = Readonly<Record<string, unknown>>;

/** The metadata with the members that were sent beside it; null takes one away. */
export function foldedMetadata<N extends string>(
  metadata: Metadata,
  request: Readonly<Partial<Record<N, unknown>>>,
  names: readonly N[],
): Metadata {
  const sent = names.filter((name) => request[name] !== undefined);
  if (sent.length === 0) return metadata;
  const members = new Map(Object.entries(metadata));
  for (const name of sent) {
    if (request[name] === null) members.delete(name);
    else members.set(name, request[name]);
  }
  return Object.fromEntries(members);
}

/** New metadata, which replace the old as a whole, but for members that stay as they are by not being named. */
export function replacedMetadata(
  sent: Metadata | null | undefined,
  now: Metadata,
  stays: readonly string[] = [],
): Metadata {
  if (sent === undefined) return now;
  const kept = Object.fromEntries(stays.flatMap((name) => (name in now ? [[name, now[name]]] : [])));
  return { ...kept, ...sent };
}

/** The first of these members that new metadata change; undefined when none. */
export function changedMember<N extends string>(
  members: readonly N[],
  metadata: Metadata | undefined,
  now: Metadata,
): N | undefined {
  if (metadata === undefined) return undefined;
  return members.find((name) => !isDeepStrictEqual(metadata[name], now[name]));
}
