import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readFacts } from '../../appliance/index.ts';
import { places } from '../../packer/index.ts';
import { listings } from './listing.ts';
import { NotRun } from './look.ts';
import type { Subject } from './subject.ts';

const facts = readFacts();

async function look(id: 'DOC-01' | 'DOC-02', changes: Partial<Subject> = {}) {
  const subject = { target: 'azure', facts, release: false, repository: places.root, ...changes };
  return await listings[id]?.repository?.(subject as Subject);
}

test('the usage instructions have every heading that buyers look for', async () => {
  expect(await look('DOC-01')).toEqual({ seen: '7 headings', faults: [] });
});

test('a heading that is missing is named', async () => {
  const repository = mkdtempSync(join(tmpdir(), 'usage-'));
  mkdirSync(join(repository, 'docs/listing'), { recursive: true });
  writeFileSync(join(repository, 'docs/listing/usage.md'), '# Usage\n\n## Launch\n');
  const found = await look('DOC-01', { repository });
  rmSync(repository, { recursive: true });
  expect(found?.faults).toContain("docs/listing/usage.md has no heading 'Rotation'");
  expect(found?.faults).toHaveLength(6);
});

test.each(['azure', 'aws', 'gcp', 'digitalocean'])(
  'a rehearsal for %s may have example addresses, and says so',
  async (target) => {
    expect(await look('DOC-02', { target })).toEqual({
      seen: `the form of ${target}; 8 example addresses in it`,
      faults: [],
    });
  },
);

test('a release may not: each is named', async () => {
  const found = await look('DOC-02', { release: true });
  expect(found?.faults).toHaveLength(8);
  expect(found?.faults).toContain('nobody is at listing.privacy: https://www.example.com/privacy');
});

test('a target without a form is not looked at', async () => {
  await expect(look('DOC-02', { target: 'vmware' })).rejects.toThrow(NotRun);
});
