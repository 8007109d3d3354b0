import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createLog } from '../../packer/index.ts';
import { type Audit, type AuditOptions, auditVm, productOf, recheckInVm } from '../../sbom/index.ts';
import { sealedTree } from '../harness/machine-image.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

export function cisClaims(world: () => World): void {
  const work = { log: createLog(), signal: new AbortController().signal };
  const whatIsJudged = (output: string): AuditOptions => {
    const tree = sealedTree('azure');
    return { tree, product: productOf('debian-13'), target: 'azure', output: join(dirname(tree), output) };
  };
  let audit: Audit;
  beforeAll(async () => {
    // The directory in which the bake has left what the container was found to be.
    audit = await recheckInVm(world().azure.machine, whatIsJudged('audit'), work);
  });

  test('every rule of the tailored profile passes', () => {
    expect(audit.check.status, audit.check.detail).toBe('passed');
  });

  if (process.env.SOAK === '1') {
    test('every rule of it passes when all are judged in the machine', async () => {
      const { check } = await auditVm(world().azure.machine, whatIsJudged('audit-vm'), work);
      expect(check.status, check.detail).toBe('passed');
    });
  }

  test('the machine carries the report and the score of its audit', async () => {
    const directory = `/etc/${facts.vendor.directory}`;
    const { machine } = world().azure;
    const report = await machine.succeed(`cat ${directory}/cis-report.html`);
    expect(report).toContain('</html>');
    const score = JSON.parse(await machine.succeed(`cat ${directory}/cis-score.json`));
    expect(score).toMatchObject({ scannedIn: 'container' });
    expect(existsSync(audit.arf)).toBe(true);
  });
}
