import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../harness/outside-browser.ts';
import { facts } from './appliance.ts';
import { places, type World } from './world.ts';

/** What the operator chooses. */
export const CHOSEN = 'correct horse battery staple';

/** After the quick start, in which the operator has chosen a password. */
export function uiClaims(world: () => World): void {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const browser = await openBrowser(world().network, places.machines);
    // The machine has made its certificate itself; people click through the browser's warning.
    page = await browser.newPage({ ignoreHTTPSErrors: true });
    close = () => browser.close();
  });
  afterAll(() => close?.());

  async function signIn(password: string): Promise<void> {
    await page.goto(world().plain.url);
    await page.getByLabel('User name').fill(facts.users.admin);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  test('the initial password is of no more use, the chosen one is', async () => {
    await signIn(world().plain.credentials.adminPassword);
    await page.getByRole('alert').waitFor();
    await signIn(CHOSEN);
    await page.getByRole('heading', { name: 'State of the machine' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/ui');
  });
}
