import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { freePort, places } from '../../packer/index.ts';
import { DevGateway } from './dev-gateway.ts';
import { filledIn, quickStart } from './quick-start.ts';
import { follow } from './quick-start-browser.ts';

/** Where the listing has the picture. */
export const pictureFile = join(places.root, 'docs/listing/screenshots/admin-ui.png');

/** What Azure asks of a screenshot, in pixels. */
export const pictureSize = { width: 1280, height: 720 } as const;

/** A picture (PNG) of the admin UI as it is after the first sign-in, which is done as the quick start says. */
export async function pictureOfAdminUi(): Promise<Buffer> {
  await using cleanUp = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'admin-ui-picture-'));
  cleanUp.defer(() => rm(data, { recursive: true, force: true }));
  const port = await freePort(0);
  const gateway = await new DevGateway({ port, data }).ready();
  cleanUp.defer(async () => void (await gateway.stop()));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  cleanUp.defer(() => browser.close());
  const page = await browser.newPage({ viewport: pictureSize });
  const values = {
    ADDRESS: `localhost:${port}`,
    ADMIN_USER: 'admin',
    INITIAL_PASSWORD: /password (\S+)/.exec(gateway.output)?.[1] ?? '',
    NEW_PASSWORD: 'correct horse battery',
  };
  const lines = quickStart.flatMap(({ blocks }) => blocks).filter(({ place }) => place === 'browser');
  // The gateway of a development machine has no edge in front of it.
  for (const { text } of lines) await follow(page, filledIn(text, values).replace('https:', 'http:'));
  await page.waitForLoadState('networkidle');
  return await page.screenshot();
}
