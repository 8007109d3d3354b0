import { describe, expect, test } from 'vitest';
import { EndUserBudgets } from './end-user-budgets.ts';

/** Customers whose budgets are in a map, and a count of how often they were looked up. */
async function customers(limited: Record<string, string>) {
  const budgets = new Map(Object.entries(limited));
  const state = { looked: 0, now: 0 };
  const memory = new EndUserBudgets({
    load: async (endUser) => {
      state.looked++;
      const scope = budgets.has(endUser) ? `end_user:${endUser}` : null;
      return { scope, budgetId: budgets.get(endUser) ?? null };
    },
    anyLimited: async () => budgets.size > 0,
    outage: null,
    clock: () => state.now,
    logger: { warn: () => undefined } as never,
  });
  await memory.refresh();
  memory.confirmed(0);
  return { memory, budgets, state };
}

describe('the budgets of customers', () => {
  test('are not looked up where no customer has one', async () => {
    const { memory } = await customers({});
    expect(memory.scopeOf('acme')).toBeNull();
  });

  test('are looked up once, for those without a budget too', async () => {
    const { memory, state } = await customers({ acme: 'gold' });
    expect(await memory.scopeOf('acme')).toBe('end_user:acme');
    expect(await memory.scopeOf('other')).toBeNull();
    expect([memory.scopeOf('acme'), memory.scopeOf('other')]).toEqual(['end_user:acme', null]);
    expect(state.looked).toBe(2);
  });

  test.each([null, '', 'a'.repeat(257), 'a\u0000'])('%j is no customer', async (name) => {
    const { memory, state } = await customers({ acme: 'gold' });
    expect(memory.scopeOf(name)).toBeNull();
    expect(state.looked).toBe(0);
  });

  test.each(['end_user:acme', 'budget:gold'])('are looked up again after %s has changed', async (subject) => {
    const { memory, budgets } = await customers({ acme: 'gold', other: 'silver' });
    await memory.scopeOf('acme');
    budgets.delete('acme');
    await memory.evict(subject);
    expect(await memory.scopeOf('acme')).toBeNull();
  });

  test('are looked up while it is not certain that every change was heard of', async () => {
    const { memory, budgets, state } = await customers({});
    expect(memory.scopeOf('acme')).toBeNull();
    budgets.set('acme', 'gold');
    state.now = 5000;
    expect(await memory.scopeOf('acme')).toBe('end_user:acme');
  });

  test('the first budget of any customer is noticed', async () => {
    const { memory, budgets } = await customers({});
    budgets.set('acme', 'gold');
    await memory.evict('end_user:acme');
    expect(await memory.scopeOf('acme')).toBe('end_user:acme');
  });
});
