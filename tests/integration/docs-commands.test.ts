/** Commands of the docs that belong to the build host, as they stand. */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { $ } from 'zx';
import { type CommandBlock, pages, root, runnable } from '../docs/pages.ts';
import { scriptOf } from '../docs/placeholders.ts';

/** Where the commands of a page are run: what it calls the directory of the image, or the checkout. */
function preparedFor(page: string): { directory: string; made: boolean } {
  if (page !== 'docs/publisher/evidence.md') return { directory: root, made: false };
  const directory = mkdtempSync(join(tmpdir(), 'docs-evidence-'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const content = '{"name": "image"}\n';
  writeFileSync(join(directory, 'evidence.json'), content);
  writeFileSync(
    join(directory, 'evidence.json.sig'),
    `${sign('sha256', Buffer.from(content), privateKey).toString('base64')}\n`,
  );
  const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  writeFileSync(join(directory, 'publisher.pem'), pem);
  return { directory, made: true };
}

async function carryOut({ page, text }: CommandBlock, spoil?: (directory: string) => void) {
  const { directory, made } = preparedFor(page);
  try {
    spoil?.(directory);
    return await $({ quiet: true, nothrow: true, cwd: directory })`bash -c ${scriptOf(text)}`;
  } finally {
    if (made) rmSync(directory, { recursive: true });
  }
}

const blocks = pages.flatMap((page) => runnable(page, 'build-host'));

test.each(blocks.map((block) => ({ ...block, title: `${block.page}:${block.line}` })))(
  '$title does what it says',
  async (block) => {
    const { exitCode, stdout, stderr } = await carryOut(block);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toBe('');
  },
);

test('the check of the signature fails where the evidence was altered', async () => {
  const block = blocks.find(({ page }) => page === 'docs/publisher/evidence.md');
  const alter = (directory: string): void => writeFileSync(join(directory, 'evidence.json'), '{}');
  const { exitCode, stdout } = await carryOut(block as CommandBlock, alter);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: 'Verification failure\n' });
});
