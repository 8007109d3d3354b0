export { renderBans } from './bans.ts';
export { type AccessList, type GuardedLocation, guardedLocations } from './locations.ts';
export { edgeLinks, renderEdge } from './render.ts';
export type { RenderedFile } from './template.ts';
