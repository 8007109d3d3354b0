import type { RouteDeclaration } from '../gateway/index.ts';

/**
 * Which guard stands before a location.
 * - `probe`: health checks that say nothing and take no key; open, since load balancers ask from addresses of their own.
 * - `inference`, `admin`: the lists of `litellm-ctl access`; `admin` as soon as one route below manages.
 * - `private`: this machine and private networks alone.
 */
export type AccessList = 'probe' | 'inference' | 'admin' | 'private';

/** What nginx matches, as it stands behind `location`, and who may go there. */
export interface GuardedLocation {
  readonly match: string;
  readonly access: AccessList;
}

const INFERENCE = new Set<RouteDeclaration['access']>(['llm', 'public']);

function firstSegment(url: string): string {
  return url.split('/')[1] ?? '';
}

function listOf(members: readonly RouteDeclaration[]): AccessList {
  const shared = members.filter(({ reach }) => reach !== 'private');
  if (shared.length === 0) return 'private';
  if (shared.every(({ access }) => access === 'public')) return 'probe';
  return shared.every(({ access }) => INFERENCE.has(access)) ? 'inference' : 'admin';
}

/** A private route beside others: exactly its path, or everything below it where the rest of the path is open. */
function privateMatch({ url }: RouteDeclaration): string {
  const open = url.search(/[:*]/);
  return open === -1 ? `= ${url}` : `^~ ${url.slice(0, open)}`;
}

/**
 * The locations that cover `routes`, in the order of the table: each first path segment with everything below it, and
 * private routes among others by themselves. The exact match beside a prefix keeps nginx from adding a slash.
 */
export function guardedLocations(
  routes: Readonly<Record<string, RouteDeclaration>>,
): readonly GuardedLocation[] {
  const locations = new Map<string, AccessList>();
  const segments = Map.groupBy(Object.values(routes), (route) => firstSegment(route.url));
  for (const [segment, members] of segments) {
    const list = listOf(members);
    locations.set(`= /${segment}`, list).set(`^~ /${segment}/`, list);
    for (const route of members.filter(({ reach }) => reach === 'private')) {
      locations.set(privateMatch(route), 'private');
    }
  }
  return [...locations].map(([match, access]) => ({ match, access }));
}
