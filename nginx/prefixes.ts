import type { RouteDeclaration } from '../gateway/index.ts';

/** Which access list guards a prefix: `api` for inference and health, `admin` as soon as one route below it manages. */
export type AccessList = 'api' | 'admin';

/** A first path segment that belongs to the gateway, with everything below it. */
export interface Prefix {
  readonly segment: string;
  readonly access: AccessList;
}

const INFERENCE = new Set<RouteDeclaration['access']>(['llm', 'public']);

function firstSegment(url: string): string {
  return url.split('/')[1] ?? '';
}

/** The first path segments that cover `routes`, in the order of the table. */
export function prefixes(routes: Readonly<Record<string, RouteDeclaration>>): readonly Prefix[] {
  const segments = Map.groupBy(Object.values(routes), (route) => firstSegment(route.url));
  return [...segments].map(([segment, members]) => ({
    segment,
    access: members.every((route) => INFERENCE.has(route.access)) ? 'api' : 'admin',
  }));
}
