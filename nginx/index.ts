export { renderBans } from './bans.ts';
export { type AccessList, type GuardedLocation, guardedLocations } from './locations.ts';
export { ACME_ROOT, edgeLinks, renderEdge } from './render.ts';
export type { RenderedFile } from './template.ts';
