import type { Identity } from '../../identity/identity.ts';
import type { Limit, LimitScope } from './limit-store.ts';

/** Limits of one descriptor; absent or null where it has none. */
interface Limited {
  readonly requests?: number | null;
  readonly tokens?: number | null;
  readonly parallel?: number | null;
}

const types = [
  ['requests', 'requests'],
  ['tokens', 'tokens'],
  ['max_parallel_requests', 'parallel'],
] as const;

function add(list: Limit[], scope: LimitScope, value: string, limited: Limited): void {
  for (const [type, member] of types) {
    const limit = limited[member] ?? null;
    if (limit !== null) list.push({ scope, value, type, limit });
  }
}

/** What else than the caller bears on a call's limits. */
export interface LimitedCall {
  /** The name that the client asked for, and the group that it means: a limit on either counts. */
  readonly models: readonly string[];
  /** Calls at the same time in the whole gateway; null without such a limit. */
  readonly globalParallel: number | null;
}

/** The limits that a call of this caller must keep, in the order in which they are told. */
export function limitsOn({ keyHash, limits }: Identity, { models, globalParallel }: LimitedCall): Limit[] {
  const list: Limit[] = [];
  add(list, 'api_key', keyHash, limits);
  for (const model of new Set(models)) {
    const limited = limits.models.get(model);
    if (limited !== undefined) add(list, 'model_per_key', `${keyHash}:${model}`, limited);
  }
  add(list, 'global', 'proxy', { parallel: globalParallel });
  return list;
}
