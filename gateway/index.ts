export { limits } from './http/limits.ts';
export { type Access, type RouteDeclaration, type RouteId, routes } from './http/routes.ts';
export { type Prepared, type PrepareOptions, prepareDatabase, preparePartitions } from './store/prepare.ts';
