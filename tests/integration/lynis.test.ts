import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { $ } from 'zx';
import { ensureLynis, lynisReport } from '../../sbom/index.ts';

test('the real Lynis runs from its directory, counts, and leaves no file behind', async () => {
  const run = async (command: string) => (await $({ quiet: true })`sh -c ${command}`).stdout;
  const report = await lynisReport(run, await ensureLynis(), ['KRNL-5622', 'SSH-7402']);
  expect(report.version).toMatch(/^3\./);
  expect(report.tests).toBe(2);
  expect(report.hardeningIndex).toBeGreaterThan(0);
  expect(existsSync('/run/lynis-report.dat')).toBe(false);
});
