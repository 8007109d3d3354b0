import { describe, expect, test } from 'vitest';
import { findProvider, type Provider, servedProviders, unservedWireFormat } from './catalogue.ts';

const rows = servedProviders().map((prefix) => [prefix, findProvider(prefix) as Provider] as const);

describe.each(rows)('%s', (_prefix, row) => {
  test('has a secure address or says which variable holds it', () => {
    if (row.base_url === undefined) return expect(row.api_base_env ?? row.api_key_optional).toBeTruthy();
    const url = new URL(row.base_url);
    expect(url.protocol).toBe('https:');
    expect(row.base_url.endsWith('/')).toBe(false);
    expect(url.username + url.password + url.search + url.hash).toBe('');
  });

  test('has a key, or needs none', () => {
    expect(row.api_key_env.every((name) => /^[A-Z0-9_]+$/.test(name))).toBe(true);
    expect(row.api_key_env.length > 0 || row.api_key_optional === true).toBe(true);
  });
});

test('no provider is both served and not', () => {
  expect(servedProviders().filter((prefix) => unservedWireFormat(prefix) !== undefined)).toEqual([]);
});

test.each(['anthropic', 'gemini', 'vertex_ai', 'bedrock', 'azure', 'cohere'])(
  '%s is known and not served',
  (prefix) => {
    expect(findProvider(prefix)).toBeUndefined();
    expect(unservedWireFormat(prefix)).toBeTypeOf('string');
  },
);
