import { expect, test } from 'vitest';
import type { RunProgram } from '../appliance/index.ts';
import { exposureFaults, exposureRule, exposureTable } from './exposure.ts';

const printing =
  (stdout: string, exitCode = 0): RunProgram =>
  async () => ({ exitCode, stdout, stderr: 'no' });

const printed = JSON.stringify([
  { unit: 'cron.service', exposure: '9.6', predicate: 'UNSAFE', happy: '' },
  { unit: 'litellm.service', exposure: '1.3', predicate: 'OK', happy: '' },
  { unit: 'postgresql@17-main.service', exposure: 5.1, predicate: 'MEDIUM', happy: '' },
]);

test('every service has its row, the most exposed first, with what is promised or why nothing is', async () => {
  expect(await exposureTable(printing(printed))).toEqual([
    { unit: 'cron.service', exposure: 9.6, reason: expect.stringContaining("the operator's") },
    { unit: 'postgresql@17-main.service', exposure: 5.1, limit: 5, reason: expect.any(String) },
    { unit: 'litellm.service', exposure: 1.3, limit: 2, reason: expect.any(String) },
  ]);
});

test('a broken promise is a fault, and so is a figure that is none', async () => {
  const rows = await exposureTable(printing(printed));
  expect(exposureFaults(rows).map(({ unit }) => unit)).toEqual(['postgresql@17-main.service']);
  const unrated = { unit: 'nginx.service', exposure: Number.NaN, ...exposureRule('nginx.service') };
  expect(exposureFaults([unrated])).toEqual([unrated]);
});

test('a systemd that does not tell is no empty table', async () => {
  await expect(exposureTable(printing('[]', 1))).rejects.toThrow('systemd-analyze security');
});

test('a unit that nobody has thought of is listed and promised nothing', () => {
  expect(exposureRule('new.service')).toEqual({ reason: expect.stringContaining('no promise') });
});
