import { expect, test } from 'vitest';
import type { RunProgram } from '../appliance/index.ts';
import { exposureFaults, exposureRule, exposureTable } from './exposure.ts';

const running = [
  { unit: 'cron.service', exposure: '9.6', predicate: 'UNSAFE', happy: ':-{' },
  { unit: 'litellm.service', exposure: '1.3', predicate: 'OK', happy: ':-)' },
  { unit: 'postgresql@17-main.service', exposure: '5.1', predicate: 'MEDIUM', happy: ':-|' },
];
const files = `cron.service                enabled  enabled
litellm-firstboot.service   enabled  enabled
litellm-migrate.service     static   -
litellm.service             enabled  enabled
postgresql@.service         indirect enabled
sudo.service                masked   enabled
`;

/** Answers as systemd does. */
const run: RunProgram = async (program, args) => {
  const said = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
  if (program === 'systemctl') return said(files);
  if (args.includes('--json=short')) return said(JSON.stringify(running));
  const unit = args.at(-1) ?? '';
  const rated = unit === 'litellm-firstboot.service' ? '3.0 OK' : 'of no kind';
  return said(`  NAME  DESCRIPTION\n\n→ Overall exposure level for ${unit}: ${rated}\n`);
};

test('every running service has its row, and so has every one that is promised something', async () => {
  expect(await exposureTable(run)).toEqual(
    expect.arrayContaining([
      { unit: 'cron.service', exposure: 9.6, reason: expect.stringContaining("the operator's") },
      { unit: 'postgresql@17-main.service', exposure: 5.1, limit: 5, reason: expect.any(String) },
      { unit: 'litellm-firstboot.service', exposure: 3, limit: 5, reason: expect.any(String) },
      { unit: 'litellm-migrate.service', exposure: Number.NaN, limit: 5, reason: expect.any(String) },
      { unit: 'litellm.service', exposure: 1.3, limit: 2, reason: expect.any(String) },
    ]),
  );
  expect(await exposureTable(run)).toHaveLength(5);
});

test('a broken promise is a fault, and so is a figure that is none', async () => {
  const faults = exposureFaults(await exposureTable(run));
  expect(faults.map(({ unit }) => unit).sort()).toEqual([
    'litellm-migrate.service',
    'postgresql@17-main.service',
  ]);
});

test('a systemd that does not tell is no empty table', async () => {
  const silent: RunProgram = async () => ({ exitCode: 1, stdout: '[]', stderr: 'no' });
  await expect(exposureTable(silent)).rejects.toThrow('systemd-analyze security');
});

test('a unit that nobody has thought of is listed and promised nothing', () => {
  expect(exposureRule('new.service')).toEqual({ reason: expect.stringContaining('no promise') });
});
