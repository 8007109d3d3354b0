import { expect, test } from 'vitest';
import { Findings, Reader } from './findings.ts';
import { readRedis } from './redis.ts';
import { resolveReferences } from './references.ts';

function read(written: Record<string, unknown>, environment: Record<string, string> = {}) {
  const findings = new Findings();
  const resolved = resolveReferences(written, environment) as Record<string, unknown>;
  const redis = readRedis(new Reader(resolved, 'router_settings', findings), written, findings);
  return { redis, faults: findings.faults.map(({ path, message }) => `${path}: ${message}`) };
}

test.each([
  [{}, null],
  [{ redis_port: 6380 }, null],
  [{ redis_host: 'counters' }, { url: 'redis://counters:6379', password: null, database: null }],
  [
    { redis_host: '10.0.0.5', redis_port: '6380', redis_password: 's3', redis_db: 2 },
    { url: 'redis://10.0.0.5:6380', password: 's3', database: 2 },
  ],
  [{ redis_host: 'fd12::1' }, { url: 'redis://[fd12::1]:6379', password: null, database: null }],
  [
    { redis_url: 'rediss://user:pw@counters:6380/1', redis_host: 'ignored' },
    { url: 'rediss://user:pw@counters:6380/1', password: null, database: null },
  ],
])('%j names %j', (written, redis) => {
  expect(read(written)).toEqual({ redis, faults: [] });
});

test('references are resolved, and one that leads nowhere is a fault: each machine would count for itself', () => {
  const written = { redis_host: 'os.environ/REDIS_HOST', redis_password: 'os.environ/REDIS_PASSWORD' };
  expect(read(written, { REDIS_HOST: 'counters', REDIS_PASSWORD: 'pw' }).redis).toEqual({
    url: 'redis://counters:6379',
    password: 'pw',
    database: null,
  });
  expect(read(written, { REDIS_HOST: 'counters' }).faults).toEqual([
    'router_settings.redis_password: names REDIS_PASSWORD, which is not set',
  ]);
});

test('an address of another kind is a fault that does not repeat it', () => {
  const { faults } = read({ redis_url: 'http://user:secret@counters' });
  expect(faults).toEqual(['router_settings.redis_url: must begin with redis:// or rediss://']);
});
