import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainBaseArf } from './fixtures/arf.ts';
import { writeRehearsal } from './rehearsal.ts';

test('a rehearsal has figures of its own, and says what it is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rehearsal-'));
  writeFileSync(`${directory}/rehearsal-arf.xml`, plainBaseArf());
  const written = JSON.parse(readFileSync(await writeRehearsal(directory, 'ubuntu2404'), 'utf8'));
  expect(written).toMatchObject({
    content: 'ubuntu2404',
    how: 'Content for ubuntu2404 on a machine that is not: its one element that names the system was taken out.',
    rules: 403,
    results: { pass: 228, fail: 120, notapplicable: 54, notchecked: 1 },
    ratio: 65.52,
    errors: [],
  });
  expect(written.failed).toHaveLength(120);
});
