/** Governance as applications meet it: the official `openai` clients of npm and PyPI, held to one list of claims. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import type { Action, ClientError, OfficialClient, Outcome } from '../harness/official-clients/client.ts';
import { npmClient } from '../harness/official-clients/npm.ts';
import { startPypiClient } from '../harness/official-clients/pypi.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const PRICE = {
  input_cost_per_token: 2e-6,
  cache_read_input_token_cost: 5e-7,
  output_cost_per_token: 8e-6,
};
/** Seven tokens to the provider, of which one is cached: 12.5 micro-dollars. */
const MESSAGES = [{ role: 'user', content: 'Say some words please' }];
const FIVE_WORDS = 'héllo wörld 日本 🙂 quote"d ';
const usageOf = (completion: number) => ({
  prompt_tokens: 7,
  completion_tokens: completion,
  total_tokens: 7 + completion,
});

const chat = (more: object = {}, retries = 0): Action => ({
  does: 'chat',
  body: { model: 'priced', messages: MESSAGES, max_tokens: 5, ...more },
  retries,
});
const managed = (path: string, body: object): Action => ({ does: 'post', path, body });

interface Claim {
  readonly title: string;
  /** What the key is made with, or a secret that nobody has made. */
  readonly key?: object | string;
  /** What the client has done with the key before. */
  readonly used?: Action;
  readonly blocked?: true;
  readonly call: Action;
  /** The answer, or some of the error's members. */
  readonly gives: { readonly answer: unknown } | { readonly error: Partial<ClientError> };
  /** What the client waits before it tries again: a value for each try that it makes. */
  readonly waits?: readonly unknown[];
}

const refusal = (name: string, status: number, type: string, param: string | null, more = {}) => ({
  error: { class: name, status, type, param, code: String(status), ...more },
});
const answer = (value: unknown) => ({ answer: value });
/** A wait that both clients follow; npm's goes by nothing that is longer. */
const withinTheWindow = expect.toSatisfy(
  (seconds: number) => Number.isInteger(seconds) && seconds >= 1 && seconds <= 60,
  'whole seconds of the window',
);

const claims: readonly Claim[] = [
  {
    title: 'a chat is answered whole, with its usage',
    call: chat(),
    gives: answer({ model: 'priced', content: FIVE_WORDS, usage: usageOf(5) }),
  },
  {
    title: 'a stream says the same, and its usage when asked',
    call: chat({ stream: true, stream_options: { include_usage: true } }),
    gives: answer({ model: 'priced', content: FIVE_WORDS, usage: usageOf(5) }),
  },
  {
    title: 'a stream says no usage when not asked',
    call: chat({ stream: true }),
    gives: answer({ model: 'priced', content: FIVE_WORDS, usage: null }),
  },
  {
    title: 'the list of models is what the key may call',
    key: { models: ['priced', 'third'] },
    call: { does: 'models' },
    gives: answer(['priced', 'third']),
  },
  {
    title: 'a model that the key may not call is none that it finds',
    call: { does: 'model', model: 'other' },
    gives: refusal('NotFoundError', 404, 'invalid_request_error', 'model'),
  },
  {
    title: 'a key that nobody has made',
    key: 'sk-nobody-made-it',
    call: chat(),
    gives: refusal('AuthenticationError', 401, 'token_not_found_in_db', 'key', { retryAfter: null }),
  },
  {
    title: 'a key that is no virtual key',
    key: 'guess',
    call: { does: 'models' },
    gives: refusal('AuthenticationError', 401, 'auth_error', 'None'),
  },
  {
    title: 'a key that is blocked',
    blocked: true,
    call: chat(),
    gives: refusal('AuthenticationError', 401, 'auth_error', 'None'),
  },
  {
    title: 'a model that the key may not call',
    call: chat({ model: 'other' }),
    gives: refusal('PermissionDeniedError', 403, 'key_model_access_denied', 'model'),
  },
  {
    title: 'a model that there is not',
    key: {},
    call: chat({ model: 'no-such' }),
    gives: refusal('BadRequestError', 400, 'invalid_request_error', null),
  },
  {
    title: 'a request that is wrong names what is',
    call: chat({ max_tokens: -1 }),
    gives: refusal('BadRequestError', 400, 'invalid_request_error', 'max_tokens'),
  },
  {
    title: 'a request that is wrong to the provider is told in its words',
    call: chat({ messages: [{ role: 'nobody', content: 'x' }] }),
    gives: refusal('BadRequestError', 400, 'invalid_request_error', null, {
      message: expect.stringContaining('Invalid role in messages[0]'),
    }),
  },
  {
    title: 'a budget that is spent',
    key: { models: ['priced'], max_budget: 0.0001 },
    used: chat(),
    call: chat({ max_tokens: 12 }),
    gives: refusal('RateLimitError', 429, 'budget_exceeded', null, {
      message: expect.stringContaining(
        'Budget has been exceeded! Current cost: 0.0000525, Max budget: 0.0001',
      ),
    }),
  },
  {
    title: 'a limit of calls that is reached, of which a client that may try again waits for the end',
    key: { rpm_limit: 1 },
    used: chat(),
    call: chat({}, 1),
    gives: refusal('RateLimitError', 429, 'throttling_error', null, { retryAfter: withinTheWindow }),
    waits: [withinTheWindow],
  },
  {
    title: 'a limit of tokens that the call alone is over',
    key: { tpm_limit: 100 },
    call: chat({ max_tokens: 200 }),
    gives: refusal('RateLimitError', 429, 'throttling_error', null, { retryAfter: 60 }),
  },
  {
    title: 'a key of calls that manages nothing',
    key: { key_type: 'llm_api' },
    call: managed('/key/generate', {}),
    gives: refusal('PermissionDeniedError', 403, 'auth_error', 'None'),
  },
  {
    title: 'an embedding, which is not served',
    call: { does: 'embed', body: { model: 'priced', input: 'x' } },
    gives: refusal('NotFoundError', 404, 'not_found_error', null),
  },
];

let postgres: PostgresServer;
let provider: FakeProvider;
let gateway: GatewayProcess;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  gateway = await startGateway({
    database: await postgres.createDatabase(),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: { budget_enforcement: 'strict', proxy_batch_write_at: 0.05 },
      model_list: ['priced', 'other', 'third'].map((name) => deployment(name, provider.url, PRICE)),
    }),
  });
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.close();
  await postgres?.stop();
});

describe.each([
  ['npm', async () => npmClient()],
  ['PyPI', startPypiClient],
] as const)('the client of %s', (registry, start) => {
  let client: OfficialClient;
  beforeAll(async () => {
    client = await start();
  });
  afterAll(() => client?.[Symbol.asyncDispose]());

  const ask = (key: string, action: Action) => client.ask({ url: gateway.url, key, ...action });

  async function succeeds(key: string, action: Action): Promise<unknown> {
    const outcome = await ask(key, action);
    expect(outcome.error).toBeUndefined();
    return outcome.answer;
  }

  const generate = async (body: object): Promise<string> =>
    ((await succeeds(MASTER_KEY, managed('/key/generate', body))) as { key: string }).key;

  test.each(claims.map((claim) => [claim.title, claim] as const))('%s', async (_title, claim) => {
    const { key: wanted = { models: ['priced'] }, used, blocked, call, gives, waits = [] } = claim;
    const key = typeof wanted === 'string' ? wanted : await generate(wanted);
    if (used) await succeeds(key, used);
    if (blocked) await succeeds(MASTER_KEY, managed('/key/block', { key }));
    const outcome: Outcome = await ask(key, call);
    expect(outcome).toMatchObject(gives);
    expect(outcome.waited).toEqual(waits);
  });

  test('a limit of calls at the same time is asked again after a second, and admits when one has ended', async () => {
    const key = await generate({ max_parallel_requests: 1 });
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    const before = provider.requests.length;
    const running = postChat({ url: gateway.url, key, body: { model: 'priced', messages: MESSAGES } });
    await provider.request(before + 1);
    expect(await ask(key, chat({}, 1))).toMatchObject({
      ...refusal('RateLimitError', 429, 'throttling_error', null, { retryAfter: 1 }),
      waited: [1],
    });
    gate.release();
    expect((await running).status).toBe(200);
    await succeeds(key, chat());
  });

  test('a stream that the provider breaks off ends in an error of the client', async () => {
    const key = await generate({});
    provider.script({ kind: 'cut', afterEvents: 2 });
    const { error } = await ask(key, chat({ stream: true }));
    expect(error).toMatchObject({ class: 'APIError', type: 'internal_server_error' });
  });

  test('what a key has spent is what its calls cost, to the last digit', async () => {
    const key = await generate({ models: ['priced'], max_budget: 1 });
    await succeeds(key, chat());
    await succeeds(key, chat({ max_tokens: 3, stream: true }));
    for (const refused of [chat({ model: 'other' }), chat({ max_tokens: -1 })]) {
      expect((await ask(key, refused)).error).toBeDefined();
    }
    // 12.5 for each prompt, 8 for each of eight words.
    await expect
      .poll(() => succeeds(key, { does: 'get', path: '/key/info' }), { timeout: 10_000 })
      .toMatchObject({ info: { spend: 0.000089, max_budget: 1, models: ['priced'] } });
  });

  test('the documentation names the release that is tested', () => {
    const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    expect(page).toContain(`${client.version} of ${registry}`);
  });
});
