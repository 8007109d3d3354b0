/** What the operator says of the routes that take a key, by rules as in a key's `allowed_routes`. */
export interface RouteRules {
  /** The routes that are open, to the master key too; empty for all of them. */
  readonly allowed: readonly string[];
  /** Routes for proxy admins alone. */
  readonly adminOnly: readonly string[];
}

export const NO_ROUTE_RULES: RouteRules = Object.freeze({ allowed: [], adminOnly: [] });
