import { expect, test } from 'vitest';
import { ManualTimers } from '../../tests/harness/manual-timers.ts';
import { type ErrorCode, GatewayError } from '../http/errors.ts';
import { type RefusalRow, Refusals, ROWS_PER_DAY, ROWS_PER_GROUP, ROWS_PER_MINUTE } from './refusals.ts';

const MINUTE = 60_000;
const KEY = ['sk', 'presented-by-a-stranger'].join('-');

function trace(write?: () => Promise<void>) {
  const timers = new ManualTimers(MINUTE * 1000);
  const rows: RefusalRow[] = [];
  const warnings: unknown[] = [];
  const refusals = new Refusals({
    enabled: true,
    write: write ?? (async (more) => void rows.push(...more)),
    timers,
    logger: { warn: (...args: unknown[]) => void warnings.push(args) },
  });
  const refuse = (times: number, ip = '192.0.2.7', code: ErrorCode = 'unknown_key', key = KEY): void => {
    for (let time = 0; time < times; time++) {
      const headers = { authorization: `Bearer ${key}` };
      const request = { id: 'call-1', route: '/key/info', headers, ip, identity: null };
      refusals.note(request, new GatewayError(code, 'refused'));
    }
  };
  return { timers, rows, warnings, refusals, refuse };
}

test('a refusal leaves a row with its address, its reason, the hash of the key, and of the key its ends', async () => {
  const { refuse, refusals, rows } = trace();
  refuse(1);
  await refusals.flush();
  expect(rows).toMatchObject([
    { address: '192.0.2.7', reason: 'unknown_key', status: 401, maskedKey: 'sk-p****nger', count: 1 },
  ]);
  expect(rows[0]?.apiKey).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(rows)).not.toContain(KEY);
});

test('what is no refusal of a caller leaves none', async () => {
  const { refuse, refusals, rows } = trace();
  for (const code of ['bad_request', 'not_found', 'upstream', 'internal'] as const) refuse(1, '::1', code);
  await refusals.close();
  expect(rows).toEqual([]);
});

test('of one address, reason and key there are a few rows a minute, and one more that counts the others', async () => {
  const { refuse, refusals, rows, timers } = trace();
  refuse(1000);
  await timers.pass(MINUTE * 2);
  expect(rows.map(({ count }) => count)).toEqual([
    ...Array.from({ length: ROWS_PER_GROUP }, () => 1),
    1000 - ROWS_PER_GROUP,
  ]);
  await refusals.close();
});

test('a flood from everywhere is cut off at the limit of a minute, and is counted in the log', async () => {
  const { refuse, refusals, rows, timers, warnings } = trace();
  for (let host = 0; host < 10_000; host++) refuse(1, `10.0.${host >> 8}.${host & 255}`);
  await timers.pass(MINUTE * 2);
  expect(rows.length).toBe(ROWS_PER_MINUTE);
  expect(warnings).toEqual([
    [{ refusals: 10_000 - ROWS_PER_MINUTE }, expect.stringContaining('more requests')],
  ]);
  await refusals.close();
});

test('a flood that goes on is cut off at the limit of a day, and the next day has rows again', async () => {
  const { refuse, refusals, rows, timers } = trace();
  const minutes = Math.ceil(ROWS_PER_DAY / ROWS_PER_MINUTE) + 60;
  timers.jump(1440 * MINUTE - (timers.now() % (1440 * MINUTE)));
  for (let minute = 0; minute < minutes; minute++) {
    for (let host = 0; host < 100; host++) refuse(1, `10.0.0.${host}`);
    timers.jump(MINUTE);
  }
  await refusals.flush();
  expect(rows.length).toBe(ROWS_PER_DAY);
  timers.jump(1440 * MINUTE);
  refuse(1);
  await refusals.flush();
  expect(rows.length).toBeGreaterThan(ROWS_PER_DAY);
  await refusals.close();
});

test('a database that is away loses the rows, says so, and stops nobody', async () => {
  const { refuse, refusals, warnings } = trace(() => Promise.reject(new Error('away')));
  refuse(3);
  await refusals.close();
  expect(warnings).toEqual([
    [{ err: new Error('away'), rows: 3 }, expect.stringContaining('could not be stored')],
  ]);
});
