import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstAnswer } from '../first-answer.ts';
import type { Door } from '../peers/peer.ts';
import { type Program, startProgram } from '../program.ts';
import { EVENTS_PER_STREAM } from '../provider/answers.ts';
import { fixedRate } from './fixed-rate.ts';
import { streams } from './streams.ts';

const doorTo = (port: number): Door => ({ port, path: '/v1/chat/completions', model: 'bench', headers: {} });

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

const folder = mkdtempSync(join(tmpdir(), 'loads-'));
const log = join(folder, 'log');
let provider: Program;
let door: Door;

beforeAll(async () => {
  const probe = createServer();
  door = doorTo(await listening(probe));
  probe.close();
  await once(probe, 'close');
  const main = fileURLToPath(new URL('../provider/main.ts', import.meta.url));
  provider = startProgram(process.execPath, [main, String(door.port)], { log });
  await firstAnswer('the provider', { door, cutDoor: door, program: provider });
});

afterAll(async () => {
  await provider.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a fixed rate sends what is due and measures every answer', async () => {
  const seen = await fixedRate(door, { perSecond: 100, seconds: 0.5 });
  expect(seen).toMatchObject({ due: 50, failures: [] });
  expect(seen.latenciesMs).toHaveLength(50);
  for (const latency of seen.latenciesMs) expect(latency).toBeGreaterThan(0);
});

test('a server that takes connections and never answers leaves every request of a fixed rate unanswered', async () => {
  const silent = createServer();
  const seen = await fixedRate(doorTo(await listening(silent)), { perSecond: 100, seconds: 0.1 });
  silent.close();
  expect(seen).toMatchObject({ due: 10, latenciesMs: [], failures: [] });
});

test('a refused connection is a failure with its reason', async () => {
  const gone = createServer();
  const port = await listening(gone);
  gone.close();
  await once(gone, 'close');
  const seen = await fixedRate(doorTo(port), { perSecond: 100, seconds: 0.1 });
  expect(seen.failures).toHaveLength(10);
  expect(seen.failures[0]).toContain('ECONNREFUSED');
});

test('every stream is followed to its last event, and the window sees only its own', async () => {
  let samples = 0;
  const seen = await streams(door, { atOnce: 4, seconds: 1, sample: () => ++samples });
  expect(seen).toMatchObject({ before: 1, after: 2, failures: [] });
  expect(seen.whole).toBe(seen.started);
  expect(seen.started).toBeGreaterThan(4);
  expect(seen.events).toBeGreaterThan(0);
  expect(seen.events).toBeLessThan(seen.whole * (EVENTS_PER_STREAM + 1));
});

test('a server that ends before it answers is named with its last words', async () => {
  const program = startProgram(process.execPath, ['-e', 'throw new Error("no such port")'], {
    log: `${log}.broken`,
  });
  const nowhere = doorTo(1);
  const starting = firstAnswer('the gateway', { door: nowhere, cutDoor: nowhere, program });
  await expect(starting).rejects.toThrow(/the gateway did not start: [\s\S]*no such port/);
});
