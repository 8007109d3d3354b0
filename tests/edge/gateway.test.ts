/** The real gateway behind the real nginx, as clients meet them on the machine. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { limits } from '../../gateway/index.ts';
import { deployment, eventsOf, MESSAGES } from '../harness/chat.ts';
import { ask, type EdgeRequest, open } from '../harness/edge-client.ts';
import { startBehind } from '../harness/edge-gateway.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { MASTER_KEY } from '../harness/gateway-process.ts';
import { Edge } from '../harness/nginx.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import type { SandboxProcess } from '../harness/sandbox.ts';

const page = { accept: 'text/html' };
let postgres: PostgresServer;
let edge: Edge;
let provider: FakeProvider;
let gateway: SandboxProcess;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  edge = await Edge.create();
  provider = await startFakeProvider({ handle: await edge.sandbox.listen('127.0.0.1', 9000) });
  gateway = await startBehind(edge, {
    database: await postgres.createDatabase(),
    config: stringify({ model_list: [deployment('one', 'http://127.0.0.1:9000/v1')] }),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
  });
});

afterAll(async () => {
  await provider?.close();
  await edge?.[Symbol.asyncDispose]();
  await postgres?.stop();
});

function chat(more: object, key = MASTER_KEY): EdgeRequest {
  return {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'one', messages: MESSAGES, ...more }),
  };
}

const CHAT = '/v1/chat/completions';

test('a gateway that serves is ready through the edge', async () => {
  expect((await ask(edge, '/health/readiness')).status).toBe(200);
});

test('a call with a virtual key is answered through TLS', async () => {
  const made = await ask(edge, '/key/generate', { ...chat({}), body: '{"models": ["one"]}' });
  expect(made.status).toBe(200);
  const answer = await ask(edge, CHAT, chat({}, JSON.parse(made.text).key));
  expect(answer.status).toBe(200);
  expect(answer.headers['x-litellm-call-id']).toEqual(expect.any(String));
  expect(JSON.parse(answer.text)).toMatchObject({ model: 'one', object: 'chat.completion' });
});

test('each event of a stream arrives before the provider makes the next one', async () => {
  const gate = new Gate();
  provider.script({ kind: 'answer', gate });
  gate.release();
  const stream = (await open(edge, CHAT, chat({ stream: true, max_tokens: 4 }))).setEncoding('utf8');
  const arrived: string[] = [];
  for await (const chunk of stream) {
    arrived.push(...eventsOf(chunk));
    gate.release();
    // The event after the last word holds the usage, which the gateway keeps to itself.
    if (arrived.at(-1)?.includes('"finish_reason":"stop"')) gate.release();
  }
  expect(arrived.length).toBeGreaterThanOrEqual(4);
  expect(arrived.at(-1)).toBe('[DONE]');
});

test('a refused call carries the envelope of the gateway and the headers of the edge', async () => {
  const answer = await ask(edge, CHAT, chat({}, 'sk-nobody-knows'));
  expect(answer.status).toBe(401);
  expect(JSON.parse(answer.text)).toMatchObject({ error: { code: '401' } });
  expect(answer.headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
});

test('a stranger with a large body hears 401', async () => {
  const body = Buffer.alloc(limits.bodyBytes / 4, 'x');
  const answer = await ask(edge, CHAT, { ...chat({}, 'sk-nobody-knows'), body });
  expect(answer.status).toBe(401);
});

test('a path that only looks like the gateway gets the 404 of the gateway', async () => {
  const answer = await ask(edge, '/v1/nothing');
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.text).error.message).toContain('/v1/nothing');
});

test("the sign-in page obeys the edge's content policy", async () => {
  const answer = await ask(edge, '/ui/sign-in', { headers: page });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/text\/html/);
  expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none';.*form-action 'self'/);
  expect(answer.text).not.toMatch(
    /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|(src|href|action)="(https?:)?\/\//,
  );
});

test('the root leads to the sign-in page', async () => {
  const home = await ask(edge, '/', { headers: page });
  const ui = await ask(edge, String(home.headers.location), { headers: page });
  expect(ui.headers.location).toBe('/ui/sign-in');
});

test('after SIGTERM running streams end whole while new calls are sent away, then the splash page stands', async () => {
  const gate = new Gate();
  provider.script({ kind: 'answer', gate });
  gate.release();
  const stream = await open(edge, CHAT, chat({ stream: true, max_tokens: 3 }));
  gateway.signal('SIGTERM');
  await edge.gone(`${edge.facts.paths.runtime}/ready`);

  const refused = await ask(edge, CHAT, chat({}));
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toBe('5');

  for (let count = 0; count < 10; count++) gate.release();
  expect(eventsOf(await text(stream)).at(-1)).toBe('[DONE]');
  expect(await gateway.ended()).toBe(0);
  expect((await ask(edge, '/ui', { headers: page })).text).toContain('The gateway is starting');
});
