import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BudgetPart, readScope, scopeOfPart } from './budget-parts.ts';
import { owners, scopeOf } from './owners.ts';

const text = fc.string({ unit: 'binary', minLength: 1 });

test('the name of a part says of whose budget it is which part', () => {
  const part = fc.record({ kind: fc.constantFrom<BudgetPart['kind']>('window', 'model'), name: text });
  const owner = fc.oneof(
    text.map(owners.team),
    fc.tuple(text, text).map(([team, user]) => owners.member(team, user)),
  );
  fc.assert(
    fc.property(part, owner, (one, whose) => {
      const whole = scopeOf(whose);
      expect(readScope(scopeOfPart(one, whole))).toEqual({ part: one, whole, owner: whose });
      expect(readScope(whole)).toEqual({ part: null, whole, owner: whose });
    }),
  );
});

test('a part of a key’s budget is found by the name that the key had first', () => {
  const part = { kind: 'window', name: '1d' } as const;
  expect(readScope(scopeOfPart(part, 'key:abc'))).toEqual({ part, whole: 'key:abc', owner: null });
});
