import { expect, test } from 'vitest';
import { PasswordHasher } from './password.ts';

test('a stored password is matched by itself alone, and never stored as text', async () => {
  const hasher = new PasswordHasher();
  const stored = await hasher.hash('correct horse battery');
  expect(stored).toMatch(/^scrypt:32768:8:3:[\w-]{22}:[\w-]{43}$/);
  expect(await hasher.matches('correct horse battery', stored)).toBe(true);
  expect(await hasher.matches('correct horse batterz', stored)).toBe(false);
});

test('two hashes of one password differ', async () => {
  const hasher = new PasswordHasher();
  expect(await hasher.hash('same')).not.toBe(await hasher.hash('same'));
});

test('a password is the same in both ways to write an accent', async () => {
  const hasher = new PasswordHasher();
  expect(await hasher.matches('caf\u0065\u0301', await hasher.hash('caf\u00e9'))).toBe(true);
});

test.each([
  null,
  '',
  'scrypt:abc',
  'scrypt:c2FsdA==$hash',
  'a'.repeat(64),
  'scrypt:32768:8:3:c2FsdA:c2hvcnQ',
])('what is not our form (%s) matches nothing', async (stored) => {
  expect(await new PasswordHasher().matches('', stored)).toBe(false);
});

test('a flood is refused before it is computed, and everyone who waited is served', async () => {
  const hasher = new PasswordHasher({ atOnce: 2, waiting: 3 });
  const attempts = await Promise.allSettled(Array.from({ length: 9 }, () => hasher.hash('x')));
  const served = attempts.filter(({ status }) => status === 'fulfilled');
  const refused = attempts.filter((attempt) => attempt.status === 'rejected');
  expect([served.length, refused.length]).toEqual([5, 4]);
  expect(hasher.computations).toBe(5);
  expect(refused[0]?.reason).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  await expect(hasher.hash('x')).resolves.toBeTypeOf('string');
});
