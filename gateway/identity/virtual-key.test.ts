import { expect, test } from 'vitest';
import { displayName, generateVirtualKey, hashKey, hashOf, isVirtualKey } from './virtual-key.ts';

/** The hash that LiteLLM's tables hold for this key: a database taken over keeps its keys. */
test('a key is hashed as LiteLLM hashes it', () => {
  expect(hashKey('sk-1234')).toBe('88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b');
});

test('generated keys are written like keys and never the same', () => {
  const keys = new Set(Array.from({ length: 1000 }, generateVirtualKey));
  expect(keys.size).toBe(1000);
  for (const key of keys) expect(key).toMatch(/^sk-[\w-]{22}$/);
});

test('a key is named by itself or by its hash, and by nothing else', () => {
  const hash = hashKey('sk-1234');
  expect(hashOf('sk-1234')).toBe(hash);
  expect(hashOf(hash)).toBe(hash);
  expect(hashOf(hash.toUpperCase())).toBeUndefined();
  expect(hashOf('alias')).toBeUndefined();
  expect(isVirtualKey(hash)).toBe(false);
});

test('the display form shows the last four characters', () => {
  expect(displayName('sk-RV-l2BJEZ_LYNChSx2EueQ')).toBe('sk-...EueQ');
});
