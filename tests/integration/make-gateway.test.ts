import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../packer/index.ts';
import { printed } from '../docs/printed.ts';
import { DevGateway } from '../harness/dev-gateway.ts';

let data: string;
let port: number;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'dev-gateway-'));
  port = await freePort(0);
});
afterAll(() => rm(data, { recursive: true, force: true }));

async function ask(path: string, key: string, body?: object): Promise<Response> {
  return fetch(`http://localhost:${port}${path}`, {
    headers: { authorization: `Bearer ${key}` },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
}

test('a key made in one run works in the next, under the same master key', async () => {
  const first = await new DevGateway({ port, data }).ready();
  const masterKey = first.shown('Master key');
  const made = await ask('/key/generate', masterKey, { key_alias: 'kept' });
  expect(made.status).toBe(200);
  const { key } = (await made.json()) as { key: string };
  expect(await first.stop()).toBe(0);

  const second = await new DevGateway({ port, data }).ready();
  expect(second.shown('Master key')).toBe(masterKey);
  expect((await ask('/v1/models', key)).status).toBe(200);
  const client = new Client({ connectionString: second.shown('Database') });
  await client.connect();
  const { rows } = await client.query('SELECT key_alias FROM "LiteLLM_VerificationToken"');
  await client.end();
  expect(rows).toEqual([{ key_alias: 'kept' }]);
  expect(await second.stop()).toBe(0);
});

test('the command of the README serves, until Ctrl-C ends all that it has started', async () => {
  const command = printed('README.md', 'make gateway');
  const gateway = await new DevGateway({ port, data, command }).ready();
  expect((await ask('/v1/models', gateway.shown('Master key'))).status).toBe(200);
  await gateway.stop();
  const nobody = createServer().listen(port, '127.0.0.1');
  await once(nobody, 'listening');
  nobody.close();
});

test('a master key in the environment is used', async () => {
  const env = { MASTER_KEY: 'sk-of-the-environment' };
  const gateway = await new DevGateway({ port, data, env }).ready();
  expect((await ask('/key/list', env.MASTER_KEY)).status).toBe(200);
  expect(await gateway.stop()).toBe(0);
});

test('a taken port is named before anything is started', async () => {
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  const gateway = new DevGateway({ port, data });
  expect(await gateway.exitCode()).toBe(1);
  expect(gateway.output).toContain(`port ${port} is taken`);
  holder.close();
});

test('a configuration that does not exist is named', async () => {
  const gateway = new DevGateway({ port, data, env: { CONFIG: '/nowhere/config.yaml' } });
  expect(await gateway.exitCode()).toBe(1);
  expect(gateway.output).toContain('CONFIG=/nowhere/config.yaml does not exist');
});
