import { expect, test } from 'vitest';
import { ensureTools } from '../tools.ts';
import { probeRuns } from './kvm.ts';

test('the probe guest runs to its end where the accelerator works', async () => {
  await ensureTools('unit');
  expect(await probeRuns('tcg')).toBe(true);
});
