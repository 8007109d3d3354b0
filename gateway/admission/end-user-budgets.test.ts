import { describe, expect, test } from 'vitest';
import { EndUserBudgets } from './end-user-budgets.ts';

interface Customer {
  readonly budgetId: string;
  readonly requests: number;
}

/** Customers whose budgets are in a map, and a count of how often they were looked up. */
async function customers(limited: Record<string, Customer>) {
  const budgets = new Map(Object.entries(limited));
  const state = { looked: 0, now: 0, away: false };
  const memory = new EndUserBudgets({
    load: async (endUser) => {
      state.looked++;
      if (state.away) throw new Error('away');
      const { budgetId = null, requests = null } = budgets.get(endUser) ?? {};
      const scopes = budgets.has(endUser) ? [`end_user:${endUser}`] : [];
      return { budgets: scopes, budgetId, limits: { requests, tokens: null, parallel: null } };
    },
    anyLimited: async () => budgets.size > 0,
    outage: null,
    clock: () => state.now,
    logger: { warn: () => undefined } as never,
  });
  await memory.refresh();
  memory.confirmed(0);
  const held = async (endUser: string) => {
    const { budgets: scopes, limits } = await memory.of(endUser);
    return [scopes[0] ?? null, limits[0]?.limit ?? null];
  };
  return { memory, budgets, state, held };
}

const gold = { budgetId: 'gold', requests: 5 };
const nothing = { budgets: [], budgetId: null, limits: [] };

describe('the budgets of customers', () => {
  test('are not looked up where no customer has one', async () => {
    const { memory, state } = await customers({});
    expect(memory.of('acme')).toEqual(nothing);
    expect(state.looked).toBe(0);
  });

  test('are looked up once, with the limits in them, for those without a budget too', async () => {
    const { memory, state } = await customers({ acme: gold });
    const acme = {
      budgets: ['end_user:acme'],
      budgetId: 'gold',
      limits: [
        {
          scope: 'end_user',
          value: 'acme',
          type: 'requests',
          limit: 5,
          counter: '{end_user:acme}:requests',
        },
      ],
    };
    expect(await memory.of('acme')).toEqual(acme);
    expect(await memory.of('other')).toEqual(nothing);
    expect([memory.of('acme'), memory.of('other')]).toEqual([acme, nothing]);
    expect(state.looked).toBe(2);
  });

  test.each([null, '', 'a'.repeat(257), 'a\u0000'])('%j is no customer', async (name) => {
    const { memory, state } = await customers({ acme: gold });
    expect(memory.of(name)).toEqual(nothing);
    expect(state.looked).toBe(0);
  });

  test.each(['end_user:acme', 'budget:gold'])('are looked up again after %s has changed', async (subject) => {
    const { memory, budgets, held } = await customers({ acme: gold, other: { ...gold, budgetId: 'silver' } });
    await held('acme');
    budgets.set('acme', { ...gold, requests: 6 });
    await memory.evict(subject);
    expect(await held('acme')).toEqual(['end_user:acme', 6]);
  });

  test('stay as they are when others have changed', async () => {
    const { memory, state, held } = await customers({ acme: gold });
    await held('acme');
    for (const subject of ['a'.repeat(64), 'team:acme', 'user:acme', 'end_user:other', 'budget:other']) {
      await memory.evict(subject);
    }
    expect(await held('acme')).toEqual(['end_user:acme', 5]);
    expect(state.looked).toBe(1);
  });

  test('are looked up while it is not certain that every change was heard of', async () => {
    const { memory, budgets, state, held } = await customers({});
    expect(memory.of('acme')).toEqual(nothing);
    budgets.set('acme', gold);
    state.now = 5000;
    expect(await held('acme')).toEqual(['end_user:acme', 5]);
  });

  test('that cannot be read are refused, and asked for again by the next call', async () => {
    const { state, held } = await customers({ acme: gold });
    state.away = true;
    await expect(held('acme')).rejects.toThrow('away');
    state.away = false;
    expect(await held('acme')).toEqual(['end_user:acme', 5]);
  });

  test('the first budget of any customer is noticed', async () => {
    const { memory, budgets, held } = await customers({});
    budgets.set('acme', gold);
    await memory.evict('end_user:acme');
    expect(await held('acme')).toEqual(['end_user:acme', 5]);
  });
});
