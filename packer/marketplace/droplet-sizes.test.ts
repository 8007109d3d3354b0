import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readFacts } from '../../appliance/index.ts';
import { readForm } from '../../sbom/index.ts';

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

test("a snapshot of DigitalOcean's build droplet starts on every size that is listed", () => {
  const disks = parse(read('droplet-sizes.yaml')) as Record<string, number>;
  const [, built = ''] = /^ {2}size +=\s*"([^"]+)"$/m.exec(read('source-digitalocean.pkr.hcl')) ?? [];
  const { sizes } = readForm('digitalocean', readFacts());
  expect(sizes.length).toBeGreaterThan(0);
  for (const { name } of sizes)
    expect(disks[name], name).toBeGreaterThanOrEqual(disks[built] ?? Number.POSITIVE_INFINITY);
});
