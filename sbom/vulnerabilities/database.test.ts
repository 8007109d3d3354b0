import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeFakeScanner } from '../../tests/harness/fake-scanner.ts';
import { writeTrivyDatabase } from '../../tests/harness/trivy-database.ts';
import { ageFault, ensureDatabase } from './database.ts';

const DAY_MS = 86_400_000;
let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'database-'));
  vi.stubEnv('TRIVY_CACHE_DIR', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true });
});

function ensure(download: string) {
  const path = writeFakeScanner(`${scratch}/trivy`, download);
  const trivy = { path, version: '1', sha256: '0'.repeat(64), origin: 'PATH' };
  return ensureDatabase(trivy, 3, { own: `${scratch}/own` });
}

test('a database that cannot be had is no database, and the message says why and what to do', async () => {
  await expect(ensure('echo no such host >&2; exit 1')).rejects.toThrow(
    'no vulnerability database: its download ended with 1: no such host; give one with TRIVY_CACHE_DIR',
  );
});

test('our own is renewed when it is old, and only then', async () => {
  writeTrivyDatabase(`${scratch}/own`, []);
  await ensure(`touch ${scratch}/asked`);
  expect(existsSync(`${scratch}/asked`)).toBe(false);
  writeTrivyDatabase(`${scratch}/own`, [], { updatedAt: new Date(Date.now() - 4 * DAY_MS) });
  expect(await ensure(`touch ${scratch}/asked`)).toBe(`${scratch}/own`);
  expect(existsSync(`${scratch}/asked`)).toBe(true);
});

test('the one that TRIVY_CACHE_DIR names is used as it is', async () => {
  writeTrivyDatabase(`${scratch}/given`, [], { updatedAt: new Date(0) });
  const before = readFileSync(`${scratch}/given/db/metadata.json`, 'utf8');
  vi.stubEnv('TRIVY_CACHE_DIR', `${scratch}/given`);
  expect(await ensure(`touch ${scratch}/asked`)).toBe(`${scratch}/given`);
  expect(existsSync(`${scratch}/asked`)).toBe(false);
  expect(readFileSync(`${scratch}/given/db/metadata.json`, 'utf8')).toBe(before);
});

test.each([
  ['2026-11-26T12:00:00Z', undefined],
  ['2026-11-23T12:00:01Z', undefined],
  ['2026-11-23T11:59:59Z', 'is 3 days old, and 3 are allowed: renew it'],
  ['2026-11-28T12:00:01Z', 'which is yet to come'],
  ['yesterday', 'does not say when it was made'],
])('made at %s, read on 2026-11-26 at noon', (madeAt, fault) => {
  const found = ageFault(new Date(madeAt), 3, new Date('2026-11-26T12:00:00Z'));
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(fault);
});
