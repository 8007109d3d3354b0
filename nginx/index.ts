export { type AccessList, type Prefix, prefixes } from './prefixes.ts';
export { ACME_ROOT, edgeLinks, type RenderedFile, renderEdge } from './render.ts';
