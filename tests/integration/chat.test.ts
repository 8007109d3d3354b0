/** Chat completions through the running gateway, against a provider that checks everything and fails in many ways. */
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment, eventsOf, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, Gate, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let postgres: PostgresServer;
let provider: FakeProvider;
let second: FakeProvider;
let gateway: GatewayProcess;
/** An address at which nothing listens. */
let nowhere: string;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  second = await startFakeProvider();
  const gone = await startFakeProvider();
  nowhere = gone.url;
  await gone.close();
  gateway = await startGateway({
    database: await postgres.createDatabase(),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: { on_client_disconnect: 'cancel' },
      model_list: [
        deployment('one', provider.url),
        deployment('hasty', provider.url, { timeout: 1 }),
        deployment('turns', provider.url),
        deployment('turns', second.url),
        deployment('half-dead', nowhere),
        deployment('half-dead', provider.url),
        deployment('dead', nowhere),
        deployment('sleeping', provider.url, { api_key: 'os.environ/SLEEPING_API_KEY' }),
        deployment('compat/*', provider.url, { model: 'openai/*' }),
        deployment('mapped', provider.url, { model: 'xiaomi_mimo/mimo' }),
        deployment('tuned', provider.url, { temperature: 0.25, extra_headers: { 'x-team': 'blue' } }),
      ],
      router_settings: { model_group_alias: { nickname: 'one' } },
    }),
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.close();
  await second?.close();
  await postgres?.stop();
});

let before = 0;
beforeEach(() => {
  before = provider.requests.length;
});

const chat = (body: object, more: object = {}) =>
  postChat({ url: gateway.url, body: { messages: MESSAGES, ...body }, ...more });

/** The provider's view of the request that this test made. */
const received = () => provider.request(before + 1);

describe('what the provider receives', () => {
  test('the client’s body with the model replaced, and no more', async () => {
    const answer = await chat({ model: 'one', temperature: 0.5, logit_bias: { '50256': -100 } });
    expect(answer.status).toBe(200);
    const { violation, text } = await received();
    expect(violation).toBeNull();
    expect(JSON.parse(text)).toEqual({
      messages: MESSAGES,
      model: 'gpt-4o-mini',
      temperature: 0.5,
      logit_bias: { '50256': -100 },
    });
  });

  test('a stream always asks for usage', async () => {
    await (await chat({ model: 'one', stream: true })).text();
    expect((await received()).body?.stream_options).toEqual({ include_usage: true });
  });

  test('what is meant for the gateway stays in the gateway and is named', async () => {
    const answer = await chat({
      model: 'one',
      mock_response: 'x',
      metadata: { tags: ['a'] },
      num_retries: 2,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-litellm-ignored-fields')).toBe('mock_response, num_retries');
    expect((await received()).violation).toBeNull();
  });

  test('metadata goes along with an answer that is to be stored', async () => {
    await chat({ model: 'one', store: true, metadata: { topic: 'demo' } });
    expect(JSON.parse((await received()).text)).toMatchObject({ store: true, metadata: { topic: 'demo' } });
  });

  test('a member is renamed where the provider knows it by another name', async () => {
    await chat({ model: 'mapped', max_completion_tokens: 5 });
    expect(JSON.parse((await received()).text)).toMatchObject({ model: 'mimo', max_tokens: 5 });
  });

  test('the operator’s defaults and headers are added, the client’s values win', async () => {
    await chat({ model: 'tuned' });
    expect(JSON.parse((await received()).text).temperature).toBe(0.25);
    expect((await received()).headers['x-team']).toBe('blue');
    await chat({ model: 'tuned', temperature: 1 });
    expect(JSON.parse((await provider.request(before + 2)).text).temperature).toBe(1);
  });

  test('a wildcard passes on the name that its star stands for', async () => {
    const answer = (await (await chat({ model: 'compat/gpt-4.1-nano' })).json()) as { model: string };
    expect((await received()).body?.model).toBe('gpt-4.1-nano');
    expect(answer.model).toBe('compat/gpt-4.1-nano');
  });

  test('an alias is served by its group and echoed', async () => {
    const answer = (await (await chat({ model: 'nickname' })).json()) as { model: string };
    expect(answer.model).toBe('nickname');
  });
});

describe('what the client receives', () => {
  test('LiteLLM’s headers and the provider’s, but no cookie', async () => {
    const { headers } = await chat({ model: 'one' }, { headers: { 'x-litellm-call-id': 'my-call-1' } });
    const shown = Object.fromEntries(headers);
    expect(shown).toMatchObject({
      'content-type': 'application/json',
      'x-litellm-call-id': 'my-call-1',
      'x-litellm-model-group': 'one',
      'x-litellm-model-api-base': provider.url,
      'x-litellm-attempted-retries': '0',
      'x-litellm-attempted-fallbacks': '0',
      'x-litellm-version': '0.1.0',
      'llm_provider-x-ratelimit-remaining-requests': '41',
      'x-ratelimit-remaining-requests': '41',
    });
    expect(Number(shown['x-litellm-response-cost'])).toBeGreaterThan(0);
    expect(Number(shown['x-litellm-key-spend'])).toBe(Number(shown['x-litellm-response-cost']));
    expect(shown['x-litellm-model-id']).toMatch(/^[0-9a-f]{64}$/);
    expect(shown['set-cookie'] ?? shown['llm_provider-set-cookie']).toBeUndefined();
    expect(shown['x-litellm-unpriced-model']).toBeUndefined();
  });

  test('the name of the model whose price nobody knows, so that its cost of zero is not believed', async () => {
    const { headers } = await chat({ model: 'compat/nobody-prices-this' });
    expect(headers.get('x-litellm-response-cost')).toBe('0');
    expect(headers.get('x-litellm-unpriced-model')).toBe('openai/nobody-prices-this');
  });

  test.each([
    ['whole', undefined],
    ['in single bytes', 1],
    ['in pieces of seven bytes', 7],
  ])('a stream that comes %s arrives complete, with its name and without usage', async (_how, pieceBytes) => {
    provider.script({ kind: 'answer', ...(pieceBytes && { pieceBytes }) });
    const answer = await chat({ model: 'one', stream: true });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = eventsOf(await answer.text());
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set(['one']));
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
    const text = chunks.map(({ choices }) => choices[0].delta.content ?? '').join('');
    expect(text).toBe((await received()).produced?.words.join(''));
  });

  test('usage ends the stream for the client that asked', async () => {
    const answer = await chat({ model: 'one', stream: true, stream_options: { include_usage: true } });
    const chunks = eventsOf(await answer.text())
      .slice(0, -1)
      .map((event) => JSON.parse(event));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: (await received()).produced?.usage });
  });

  test('each chunk arrives before the provider sends the next one', async () => {
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY, maxRetries: 0 });
    gate.release();
    const stream = await client.chat.completions.create({
      model: 'one',
      messages: [...MESSAGES],
      stream: true,
      max_tokens: 3,
    });
    let chunks = 0;
    for await (const chunk of stream) {
      expect(chunk.choices).toHaveLength(1);
      chunks++;
      // The provider waits here: were anything held back on the way, the loop would never go on.
      gate.release();
      if (chunk.choices[0]?.finish_reason === 'stop') {
        gate.release();
        gate.release();
      }
    }
    expect(chunks).toBe(5);
  });
});

describe('a client that leaves', () => {
  test('ends the provider’s stream', async () => {
    const gate = new Gate();
    provider.script({ kind: 'answer', gate });
    const leave = new AbortController();
    gate.release();
    const answer = await chat({ model: 'one', stream: true }, { signal: leave.signal });
    await answer.body?.getReader().read();
    leave.abort();
    expect(await (await received()).closed).toBe('aborted');
  });

  test('ends a call that is not answered yet', async () => {
    provider.script({ kind: 'hang' });
    const leave = new AbortController();
    const answer = chat({ model: 'one' }, { signal: leave.signal });
    const { closed } = await received();
    leave.abort();
    await expect(answer).rejects.toThrow();
    expect(await closed).toBe('aborted');
  });
});

describe('a provider that fails', () => {
  interface Failure {
    readonly error: Readonly<Record<string, unknown>>;
  }

  test('keeps its status, its message and its retry-after', async () => {
    provider.script({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '7' },
      body: JSON.stringify({
        error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' },
      }),
    });
    const answer = await chat({ model: 'one' });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(answer.headers.get('llm_provider-retry-after')).toBe('7');
    expect(answer.headers.get('x-litellm-response-cost')).toBe('0');
    expect(((await answer.json()) as Failure).error).toEqual({
      message: 'Slow down',
      type: 'throttling_error',
      param: null,
      code: '429',
      provider_specific_fields: {
        message: 'Slow down',
        type: 'requests',
        code: 'rate_limit_exceeded',
        llm_provider: 'openai',
      },
    });
  });

  test('never shows the provider’s key, even when the provider quotes it', async () => {
    provider.script({
      kind: 'status',
      status: 401,
      body: `{"error":{"message":"bad key ${provider.apiKey}"}}`,
    });
    const answer = await chat({ model: 'one' });
    expect(answer.status).toBe(401);
    const text = await answer.text();
    expect(text).toContain('bad key ***');
    expect(text).not.toContain(provider.apiKey);
  });

  test.each([
    ['HTML', { kind: 'raw', body: '<html>oops</html>', contentType: 'text/html' }, 'not JSON'],
    ['nothing', { kind: 'raw', body: '' }, 'not JSON'],
    ['half an answer', { kind: 'cut', afterEvents: 0 }, 'closed the connection'],
    ['an object without choices', { kind: 'raw', body: '{"id":"x"}' }, 'without choices'],
    [
      'a redirect',
      { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1/' }, body: '' },
      'redirect',
    ],
  ] as const)('answering %s is a 502', async (_what, act, message) => {
    provider.script(act);
    const answer = await chat({ model: 'one' });
    expect(answer.status).toBe(502);
    expect(((await answer.json()) as Failure).error).toMatchObject({
      message: expect.stringContaining(message),
      type: 'internal_server_error',
    });
  });

  test('an error inside a 200 has the status that it claims', async () => {
    provider.script({ kind: 'raw', body: '{"error":{"message":"no credits","code":402}}' });
    expect((await chat({ model: 'one' })).status).toBe(402);
  });

  test.each([
    ['garbage', { kind: 'raw', body: 'hello', contentType: 'text/event-stream' }],
    ['broken JSON', { kind: 'raw', body: 'data: {"a":\n\n', contentType: 'text/event-stream' }],
    ['nothing', { kind: 'raw', body: '', contentType: 'text/event-stream' }],
    ['a plain answer', { kind: 'raw', body: '{"choices":[]}' }],
    ['a broken connection', { kind: 'cut', afterEvents: 0 }],
    [
      'an error event',
      { kind: 'raw', body: 'data: {"error":{"message":"x"}}\n\n', contentType: 'text/event-stream' },
    ],
  ] as const)('a stream that begins with %s is plain JSON with status 502', async (_what, act) => {
    provider.script(act);
    const answer = await chat({ model: 'one', stream: true });
    expect(answer.status).toBe(502);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(((await answer.json()) as Failure).error.code).toBe('502');
  });

  test.each(['cut', 'stop'] as const)(
    'a stream that breaks off (%s) ends with an error event',
    async (kind) => {
      provider.script({ kind, afterEvents: 3 });
      const events = eventsOf(await (await chat({ model: 'one', stream: true })).text());
      expect(events).toHaveLength(4);
      expect(JSON.parse(events.at(-1) as string)).toMatchObject({
        error: { type: 'internal_server_error', code: '502', param: null },
      });
    },
  );

  test('one that is too slow is a 408', async () => {
    provider.script({ kind: 'hang' });
    const answer = await chat({ model: 'hasty' });
    expect(answer.status).toBe(408);
    expect(((await answer.json()) as Failure).error).toMatchObject({
      type: 'invalid_request_error',
      provider_specific_fields: { type: 'timeout' },
    });
  });

  test('one that cannot be reached is a 502 that does not tell its address', async () => {
    const answer = await chat({ model: 'dead' });
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('127.0.0.1');
  });
});

describe('several deployments of one name', () => {
  test('are taken in turn', async () => {
    const served = [provider.requests.length, second.requests.length];
    for (let call = 0; call < 6; call++) expect((await chat({ model: 'turns' })).status).toBe(200);
    expect([provider.requests.length, second.requests.length]).toEqual(served.map((count) => count + 3));
  });

  test('stand in for one that cannot be reached', async () => {
    const retries = new Set<string | null>();
    for (let call = 0; call < 2; call++) {
      const answer = await chat({ model: 'half-dead' });
      expect(answer.status).toBe(200);
      retries.add(answer.headers.get('x-litellm-attempted-retries'));
    }
    expect(retries).toEqual(new Set(['0', '1']));
  });
});

describe('a request that is refused before any provider', () => {
  test.each([
    ['bad JSON', '{"model":', 400, 'request_body'],
    ['no object', '[]', 400, 'request_body'],
    ['nothing', '', 400, 'request_body'],
    ['two models', '{"model":"one","model":"turns"}', 400, 'request_body'],
    ['no model', '{"messages":[]}', 400, 'model'],
    ['a model that is no text', '{"model":7}', 400, 'model'],
    ['a stream that is no flag', '{"model":"one","stream":"yes"}', 400, 'stream'],
    ['its own key', '{"model":"one","api_key":"sk-x"}', 401, 'api_key'],
    ['its own address', '{"model":"one","api_base":"http://127.0.0.1"}', 401, 'api_base'],
    ['its own address, escaped', '{"model":"one","\\u0061pi_base":"http://127.0.0.1"}', 401, 'api_base'],
    ['its own price', '{"model":"one","input_cost_per_token":0}', 401, 'input_cost_per_token'],
    ['a guardrail', '{"model":"one","guardrails":["x"]}', 400, 'guardrails'],
  ])('for %s', async (_what, body, status, param) => {
    const answer = await fetch(`${gateway.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { param, code: String(status) } });
    expect(answer.headers.get('x-litellm-call-id')).not.toBeNull();
    expect(provider.requests).toHaveLength(before);
  });

  test('for a model that nobody configured', async () => {
    const answer = await chat({ model: 'no-such' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: {
        message: expect.stringContaining(
          'You passed in model=no-such. There are no healthy deployments for this model',
        ),
        type: 'invalid_request_error',
      },
    });
  });

  test('for a model whose key is missing, naming the variable, the file and the command', async () => {
    const answer = await chat({ model: 'sleeping' });
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as Failure400;
    expect(error.message).toContain('set SLEEPING_API_KEY in /etc/litellm/providers.env');
    expect(error.message).toContain('systemctl restart litellm');
  });

  interface Failure400 {
    readonly error: { readonly message: string };
  }
});

describe('a virtual key', () => {
  const keyFor = async (models: readonly string[], more: object = {}): Promise<string> =>
    String((await manage(gateway.url, '/key/generate', { models, ...more })).key);

  async function listed(key: string): Promise<string[]> {
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    const { data } = (await answer.json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  }

  test('may use the models of its list only', async () => {
    const key = await keyFor(['one']);
    expect((await chat({ model: 'one' }, { key })).status).toBe(200);
    const refused = await chat({ model: 'turns' }, { key });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      error: { type: 'key_model_access_denied', param: 'model' },
    });
  });

  test('may use what its team may, and nothing while the team is blocked', async () => {
    const { team_id } = await manage(gateway.url, '/team/new', { models: ['one'] });
    const key = await keyFor(['all-team-models'], { team_id });
    expect((await chat({ model: 'one' }, { key })).status).toBe(200);
    const refused = await chat({ model: 'turns' }, { key });
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { type: 'team_model_access_denied', param: 'model' } },
    ]);
    expect(await listed(key)).toEqual(['one']);
    await manage(gateway.url, '/team/block', { team_id });
    const blocked = await chat({ model: 'one' }, { key });
    expect([blocked.status, await blocked.json()]).toMatchObject([401, { error: { type: 'auth_error' } }]);
  });

  test('without a team may use what its user may', async () => {
    const key = String((await manage(gateway.url, '/user/new', { models: ['one'] })).key);
    expect((await chat({ model: 'one' }, { key })).status).toBe(200);
    const refused = await chat({ model: 'turns' }, { key });
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { type: 'user_model_access_denied' } },
    ]);
  });

  test('may not call for a customer who is blocked', async () => {
    const key = await keyFor(['one']);
    const call = async () => (await chat({ model: 'one', user: 'acme' }, { key })).status;
    expect(await call()).toBe(200);
    await manage(gateway.url, '/customer/block', { user_ids: ['acme'] });
    expect(await call()).toBe(401);
    expect((await chat({ model: 'one', user: 'other' }, { key })).status).toBe(200);
    await manage(gateway.url, '/customer/unblock', { user_ids: ['acme'] });
    expect(await call()).toBe(200);
  });

  test('that is bound to calls of models manages nothing', async () => {
    const key = await keyFor(['one'], { key_type: 'llm_api' });
    expect((await chat({ model: 'one' }, { key })).status).toBe(200);
    const headers = { authorization: `Bearer ${key}` };
    expect((await fetch(`${gateway.url}/key/info`, { headers })).status).toBe(403);
    const bound = await keyFor(['one'], { key_type: 'read_only' });
    expect((await chat({ model: 'one' }, { key: bound })).status).toBe(403);
  });

  test('sees the active models of its list only', async () => {
    expect(await listed(await keyFor(['one', 'sleeping', 'no-such']))).toEqual(['one']);
    expect(await listed(MASTER_KEY)).toEqual([
      'one',
      'hasty',
      'turns',
      'half-dead',
      'dead',
      'mapped',
      'tuned',
      'nickname',
    ]);
  });

  test('finds a model of its list by name, and no other', async () => {
    const key = await keyFor(['one']);
    const get = (name: string) =>
      fetch(`${gateway.url}/v1/models/${name}`, { headers: { authorization: `Bearer ${key}` } });
    expect(await (await get('one')).json()).toEqual({
      id: 'one',
      object: 'model',
      created: 1677610602,
      owned_by: 'openai',
    });
    expect((await get('turns')).status).toBe(404);
  });
});

test('nothing that the gateway wrote holds a secret or a prompt', async () => {
  await chat({ model: 'one' });
  await gateway.logged('call');
  const output = gateway.output();
  for (const secret of [MASTER_KEY, provider.apiKey, 'xyzzy-prompt', 'salt-of-the', 'héllo']) {
    expect(output).not.toContain(secret);
  }
});
