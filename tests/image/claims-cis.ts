import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createLog } from '../../packer/index.ts';
import { type Audit, productOf, recheckInVm } from '../../sbom/index.ts';
import { sealedTree } from '../harness/machine-image.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

export function cisClaims(world: () => World): void {
  let audit: Audit;
  beforeAll(async () => {
    const tree = sealedTree();
    const options = {
      tree,
      product: productOf('debian-13'),
      target: 'qemu',
      // Where the bake has left what the container was found to be.
      output: join(dirname(tree), 'audit'),
    };
    const work = { log: createLog(), signal: new AbortController().signal };
    audit = await recheckInVm(world().plain.machine, options, work);
  });

  test('every rule of the tailored profile passes', () => {
    expect(audit.check.status, audit.check.detail).toBe('passed');
  });

  test('the machine carries the report and the score of its audit', async () => {
    const directory = `/etc/${facts.vendor.directory}`;
    const report = await world().plain.machine.succeed(`cat ${directory}/cis-report.html`);
    expect(report).toContain('</html>');
    const score = JSON.parse(await world().plain.machine.succeed(`cat ${directory}/cis-score.json`));
    expect(score).toMatchObject({ scannedIn: 'container' });
    expect(existsSync(audit.arf)).toBe(true);
  });
}
