/** What the quick start prints for the browser, followed on the real pages; the image test follows all of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { freePort } from '../../packer/index.ts';
import { DevGateway } from '../harness/dev-gateway.ts';
import { filledIn, quickStart } from '../harness/quick-start.ts';
import { follow } from '../harness/quick-start-browser.ts';

test('the printed lines lead from the first password to the state of the machine', async () => {
  await using cleanUp = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'quick-start-'));
  cleanUp.defer(() => rm(data, { recursive: true, force: true }));
  const port = await freePort(0);
  const gateway = await new DevGateway({ port, data }).ready();
  cleanUp.defer(async () => void (await gateway.stop()));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  cleanUp.defer(() => browser.close());
  const page = await browser.newPage();
  const values = {
    ADDRESS: `localhost:${port}`,
    ADMIN_USER: 'admin',
    INITIAL_PASSWORD: /password (\S+)/.exec(gateway.output)?.[1] ?? '',
    NEW_PASSWORD: 'correct horse battery',
  };
  const seen: string[] = [];
  for (const { text } of quickStart
    .flatMap(({ blocks }) => blocks)
    .filter(({ place }) => place === 'browser')) {
    // The gateway of a development machine has no edge in front of it.
    seen.push(...(await follow(page, filledIn(text, values).replace('https:', 'http:'))));
  }
  expect(seen).toEqual(['Choose a new password', 'State of the machine']);
});
