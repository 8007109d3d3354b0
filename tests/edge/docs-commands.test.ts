/** Commands of the docs, as they stand, beside the real edge and gateway: those of clients, and of who runs the edge. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { $ } from 'zx';
import { makeCurlHome } from '../docs/curl-home.ts';
import { type CommandBlock, runnable } from '../docs/pages.ts';
import { type Placeholders, scriptOf, typedAt } from '../docs/placeholders.ts';
import { Authority } from '../harness/authority.ts';
import { deployment } from '../harness/chat.ts';
import { ask } from '../harness/edge-client.ts';
import { startBehind } from '../harness/edge-gateway.ts';
import { EdgeOperator } from '../harness/edge-operator.ts';
import { startFail2ban } from '../harness/fail2ban.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { MASTER_KEY } from '../harness/gateway-process.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import type { Attempt } from '../harness/sandbox.ts';

/** Where the sandbox finds `sudo` and `litellm-ctl`; as root already, the former has nothing to do. */
const BIN = '/run/docs/bin';
const WORK = '/run/docs/work';

let postgres: PostgresServer;
let edge: Edge;
let provider: FakeProvider;
let values: Placeholders;
let client: string;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  edge = await Edge.create();
  await EdgeOperator.install(edge);
  client = makeCurlHome(await shownByEdge());
  await startFail2ban(edge);
  provider = await startFakeProvider({ handle: await edge.sandbox.listen('127.0.0.1', 9000) });
  await startBehind(edge, {
    database: await postgres.createDatabase(),
    config: stringify({ model_list: [deployment('gpt-4o-mini', 'http://127.0.0.1:9000/v1')] }),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
  });
  await install('sudo', 'exec "$@"');
  await install('litellm-ctl', `exec ${process.execPath} /var/lib/litellm-ctl/litellm-ctl.mjs "$@"`);
  edge.write(`${WORK}/empty`, '');
  const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' };
  const made = await ask(edge, '/key/generate', { method: 'POST', headers, body: '{}' });
  const { key } = JSON.parse(made.text) as { key: string };
  values = { HOST: addresses.router.ipv4, MASTER_KEY, KEY: key, CALL_ID: 'none' };
});

afterAll(async () => {
  await provider?.close();
  await edge?.[Symbol.asyncDispose]();
  await postgres?.stop();
  if (client !== undefined) rmSync(client, { recursive: true });
});

async function install(name: string, line: string): Promise<void> {
  edge.write(`${BIN}/${name}`, `#!/bin/sh\n${line}\n`);
  await edge.sandbox.run(['chmod', '755', `${BIN}/${name}`]);
}

/** Has the edge show a certificate for its address; that of the authority that signed it, PEM. */
async function shownByEdge(): Promise<string> {
  const authority = await Authority.create();
  const { cert, key } = await authority.issue(addresses.router.ipv4);
  const { tls } = edge.facts.paths;
  edge.write(`${tls}/cert.pem`, cert);
  edge.write(`${tls}/key.pem`, key);
  await edge.reload();
  return authority.certificatePem;
}

async function carryOut({ page, place, text }: CommandBlock): Promise<Attempt> {
  const input = typedAt(page, { providerKey: 'sk-provider' });
  const env = { ...values };
  if (place === 'vm') {
    const script = ['bash', '-c', `cd ${WORK}; export PATH=${BIN}:$PATH; ${scriptOf(text)}`];
    return edge.sandbox.attempt(script, { env, input });
  }
  const command = edge.sandbox.network.command('bash', '-c', scriptOf(text));
  const settings = { quiet: true, nothrow: true, input, env: { ...process.env, ...env, CURL_HOME: client } };
  const { exitCode, stdout, stderr } = await $(settings)`${command}`;
  return { exitCode, stdout, stderr };
}

const clientPages = ['docs/operator/launch.md', 'docs/operator/credentials.md', 'docs/api.md'];
const edgePages = ['docs/operator/access-lists.md', 'docs/operator/vpn-and-cdn.md'];
const blocks = [
  ...clientPages.flatMap((page) => runnable(page, 'client')),
  ...edgePages.flatMap((page) => runnable(page, 'vm', 'client')),
];

test.each(blocks.map((block) => ({ ...block, title: `${block.page}:${block.line}` })))(
  '$title does what it says',
  async (block) => {
    const { exitCode, stdout, stderr } = await carryOut(block);
    expect({ exitCode, said: exitCode === 0 ? '' : `${stdout}${stderr}` }).toEqual({ exitCode: 0, said: '' });
    expect(stdout).not.toBe('');
  },
);

test('the pages leave the edge as it was', async () => {
  const shown = await edge.sandbox.attempt([
    process.execPath,
    '/var/lib/litellm-ctl/litellm-ctl.mjs',
    'access',
  ]);
  expect(shown.stdout).toMatch(/admin UI, management +everyone\n +inference +everyone\n/);
  expect(shown.stdout).toMatch(/1000 connections, 500 requests a second\n +trusted proxies +none\n/);
  expect(shown.stdout).toMatch(/client certificates +not asked for\n +password at the edge +none\n/);
});

test('the call that the developer is shown reaches the provider', () => {
  expect(provider.requests.length).toBeGreaterThan(0);
  expect(provider.requests.filter(({ violation }) => violation !== null)).toEqual([]);
});
