import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRowName, type Owner, ownerOf, owners, scopeOf } from './owners.ts';

const id = fc.string({ unit: 'binary', minLength: 1 });

test('the name of a budget says whose it is', () => {
  const some: fc.Arbitrary<Owner> = fc.oneof(
    id.map(owners.team),
    id.map(owners.user),
    id.map(owners.organization),
    id.map(owners.endUser),
    fc.tuple(id, id).map(([team, user]) => owners.member(team, user)),
    fc.constant(owners.global),
  );
  fc.assert(
    fc.property(some, (owner) => {
      expect(ownerOf(scopeOf(owner))).toEqual(owner);
    }),
  );
});

test('no two members share a budget', () => {
  expect(scopeOf(owners.member('a","b', 'c'))).not.toBe(scopeOf(owners.member('a', 'b","c')));
});

test.each(['key:abc', 'sentinel:1', 'team'])('%s names no owner', (scope) => {
  expect(ownerOf(scope)).toBeNull();
});

test.each([
  ['acme', true],
  ['', false],
  ['a'.repeat(257), false],
  ['a\u0000b', false],
  ['a\ud800', false],
])('whether a call that names %j names a customer: %s', (name, fits) => {
  expect(isRowName(name)).toBe(fits);
});
