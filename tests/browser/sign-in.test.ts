import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../packer/index.ts';
import { DevGateway } from '../harness/dev-gateway.ts';

const OWN_PASSWORD = 'correct horse battery';

let browser: Browser;
let gateway: DevGateway;
let data: string;
let address: string;
let initialPassword: string;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sign-in-'));
  const port = await freePort(0);
  gateway = await new DevGateway({ port, data }).ready();
  address = `http://localhost:${port}`;
  initialPassword = /password (\S+)/.exec(gateway.output)?.[1] ?? '';
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  await rm(data, { recursive: true, force: true });
});
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return async () => {
    await context.close();
  };
});

async function signIn(password: string): Promise<void> {
  await page.goto(`${address}/ui`);
  await page.getByRole('textbox', { name: 'User name' }).fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const heading = (name: string) => page.getByRole('heading', { level: 1, name });

/** The story of the first day; the tests below go on from its end. */
test('the initial password leads to a new one, which then is the only one', async () => {
  await signIn(initialPassword);
  await heading('Choose a new password').waitFor();
  expect(new URL(page.url()).pathname).toBe('/ui/password');

  await page.getByLabel('New password', { exact: true }).fill(initialPassword);
  await page.getByLabel('New password, again').fill(initialPassword);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByRole('alert').filter({ hasText: 'must not be the initial one' }).waitFor();

  await page.getByLabel('New password', { exact: true }).fill(OWN_PASSWORD);
  await page.getByLabel('New password, again').fill(OWN_PASSWORD);
  await page.getByRole('button', { name: 'Save password' }).click();
  await heading('State of the machine').waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading('Sign in').waitFor();
  await page.goto(`${address}/ui`);
  await heading('Sign in').waitFor();

  await signIn(initialPassword);
  await page.getByRole('alert').filter({ hasText: 'is wrong' }).waitFor();
  await signIn(OWN_PASSWORD);
  await heading('State of the machine').waitFor();
});

test('the cookie of a session is out of reach for scripts', async () => {
  await signIn(OWN_PASSWORD);
  await heading('State of the machine').waitFor();
  const cookies = await context.cookies();
  expect(cookies).toMatchObject([
    { name: '__Host-litellm_session', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' },
  ]);
  expect(await page.evaluate('document.cookie')).toBe('');
});

test('the page after sign-in has its parts under their headings, and nothing that the policy refuses', async () => {
  await signIn(OWN_PASSWORD);
  for (const name of ['Gateway', 'Models', 'Next steps']) {
    await page.getByRole('heading', { level: 2, name }).waitFor();
  }
  await page.getByRole('main').waitFor();
  await page.getByRole('banner').waitFor();
  await page.getByRole('navigation', { name: 'Account' }).waitFor();
  for (const title of ['Add a provider key', 'Get a certificate', 'Make a virtual key']) {
    await page.getByLabel(`Commands: ${title}`).waitFor();
  }
  expect(complaints).toEqual([]);
});

test('the commands that the page shows make a virtual key', async () => {
  await signIn(OWN_PASSWORD);
  const commands = await page.getByLabel('Commands: Make a virtual key').textContent();
  const shell = spawnSync('bash', ['-c', commands ?? ''], {
    input: `${gateway.shown('Master key')}\n`,
    encoding: 'utf8',
  });
  expect(shell.stdout).toMatch(/"key":"sk-[\w-]{22}"/);
  await page.reload();
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Make a virtual key' })
    .filter({ hasText: 'done' })
    .waitFor();
});

test.each([
  ['a phone', 360, 640],
  ['a wide screen', 1600, 900],
])('no page is wider than %s', async (_title, width, height) => {
  await page.setViewportSize({ width, height });
  const excess = () => page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
  await page.goto(`${address}/ui/sign-in`);
  expect(await excess()).toBeLessThanOrEqual(0);
  await signIn(OWN_PASSWORD);
  await heading('State of the machine').waitFor();
  expect(await excess()).toBeLessThanOrEqual(0);
});

test('the form can be filled in and sent with the keyboard alone', async () => {
  await page.goto(`${address}/ui/sign-in`);
  // The page has put the cursor there itself; what is typed before is lost.
  await page.getByLabel('User name').and(page.locator(':focus')).waitFor();
  await page.keyboard.type('admin');
  await page.keyboard.press('Tab');
  await page.keyboard.type(OWN_PASSWORD);
  await page.keyboard.press('Enter');
  await heading('State of the machine').waitFor();
});

/** Last: it leaves this address with a pause. */
test('wrong passwords are answered with a pause, which the page names', async () => {
  const paused = page.getByRole('alert').filter({ hasText: 'Too many attempts. Try again in' });
  // The first pause is of two seconds: a busy machine may need longer for the next attempt, and gets a longer one.
  for (let attempt = 1; attempt <= 10 && !(await paused.isVisible()); attempt++) {
    await signIn('a wrong guess');
    await page.getByRole('alert').waitFor();
  }
  await paused.waitFor();
  await page.goto(`${address}/ui`);
  await heading('Sign in').waitFor();
});
