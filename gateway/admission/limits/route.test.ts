import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../routing/deployment.ts';
import { type Limited, type LimitStore, limitsOf } from './limit-store.ts';
import { MemoryStore } from './memory-store.ts';
import { Route } from './route.ts';

const WALL = Date.UTC(2026, 10, 28, 12);
const TOKENS = 10;

const deployment = (id: string, limits: Limited = {}): Deployment =>
  ({ id, limits: limitsOf('deployment', id, limits) }) as unknown as Deployment;

/** Stores that answer at once, and later. */
const kinds = [
  ['at once', (store: LimitStore) => store],
  [
    'later',
    (store: LimitStore): LimitStore => ({ waits: true, take: async (...args) => store.take(...args) }),
  ],
] as const;

describe.each(kinds)('from a store that answers %s', (_when, from) => {
  function setUp(...deployments: Deployment[]) {
    const clock = { now: 0 };
    const store = from(new MemoryStore(() => clock.now));
    const route = () => new Route(deployments, { store, now: () => WALL, tokens: TOKENS });
    const next = async (one: Route) => (await one.next())?.id ?? null;
    return { clock, route, next };
  }

  test('a call goes through deployments in their order, each once', async () => {
    const { route, next } = setUp(deployment('a'), deployment('b'));
    const one = route();
    expect([await next(one), await next(one), await next(one)]).toEqual(['a', 'b', null]);
    expect(one.refusal()).toBeNull();
  });

  test('a deployment that is full is passed over, until a call on it is over', async () => {
    const { route, next } = setUp(deployment('a', { parallel: 1 }), deployment('b'));
    const [first, second, third] = [route(), route(), route()];
    expect([await next(first), await next(second)]).toEqual(['a', 'b']);
    first.finish(3);
    expect(await next(third)).toBe('a');
  });

  test('a call that moves on takes nothing of the deployment that it could not reach', async () => {
    const full = { requests: 1, tokens: TOKENS, parallel: 1 };
    const { route, next } = setUp(deployment('a', full), deployment('b', full));
    const first = route();
    expect([await next(first), await next(first)]).toEqual(['a', 'b']);
    const second = route();
    expect([await next(second), await next(second)]).toEqual(['a', null]);
    first.cancel();
    expect(await next(route())).toBe('a');
  });

  test('when all are full, the one that has room first is named', async () => {
    const { route, next, clock } = setUp(deployment('a', { requests: 1 }), deployment('b', { requests: 1 }));
    expect(await next(route())).toBe('a');
    clock.now = 20_000;
    expect(await next(route())).toBe('b');
    const refused = route();
    expect(await next(refused)).toBeNull();
    const refusal = refused.refusal();
    expect(refusal?.message).toContain('Rate limit exceeded for deployment: a. Limit type: requests.');
    expect(refusal?.headers['retry-after']).toBe('40');
  });

  test('tokens of a deployment are settled to what the call used', async () => {
    const { route, next } = setUp(deployment('a', { tokens: 15 }));
    const first = route();
    expect([await next(first), await next(route())]).toEqual(['a', null]);
    first.finish(5);
    expect(await next(route())).toBe('a');
  });

  test('a call that is over before it has a place takes none', async () => {
    const { route, next } = setUp(deployment('a', { parallel: 1 }));
    const left = route();
    const found = left.next();
    left.finish(null);
    await found;
    expect(await next(route())).toBe('a');
  });
});
