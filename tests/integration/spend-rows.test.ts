/** What a call leaves behind in the database, on both PostgreSQL majors. */
import OpenAI from 'openai';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { picoFromUsd } from '../../gateway/index.ts';
import { until } from '../../packer/index.ts';
import { deployment, MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const PRICE = { input: 3e-6, output: 11e-6, cacheRead: 1e-6 };

describe.each([16, 17] as const)('PostgreSQL %i', (major) => {
  let postgres: PostgresServer;
  let database: TestDatabase;
  let provider: FakeProvider;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    postgres = await startPostgres({ major });
    database = await postgres.createDatabase();
    provider = await startFakeProvider();
    gateway = await startGateway({
      database,
      environment: { TEST_PROVIDER_KEY: provider.apiKey },
      config: stringify({
        general_settings: { proxy_batch_write_at: 0.05 },
        model_list: [
          deployment('priced', provider.url, {
            input_cost_per_token: PRICE.input,
            output_cost_per_token: PRICE.output,
            cache_read_input_token_cost: PRICE.cacheRead,
          }),
        ],
      }),
    });
  });

  afterAll(async () => {
    await gateway?.stop();
    await provider?.close();
    await postgres?.stop();
  });

  /** The one row with this value, as soon as it is stored. */
  async function row(column: 'request_id' | 'end_user', value: string): Promise<Record<string, unknown>> {
    const client = new Client({ connectionString: postgres.superuserUrl(database.name) });
    await client.connect();
    try {
      return await until(`a spend row with ${column} ${value}`, 20_000, async () => {
        const { rows } = await client.query(`SELECT * FROM "LiteLLM_SpendLogs" WHERE ${column} = $1`, [
          value,
        ]);
        expect(rows).toHaveLength(1);
        return rows[0];
      });
    } finally {
      await client.end();
    }
  }

  const lastRequest = () => provider.request(provider.requests.length);

  function cost(usage: { prompt_tokens: number; completion_tokens: number }, cached: number): number {
    const counts = {
      input: usage.prompt_tokens - cached,
      cacheRead: cached,
      output: usage.completion_tokens,
    };
    const pico = (kind: keyof typeof counts) => BigInt(counts[kind]) * picoFromUsd(PRICE[kind]);
    return Number(pico('input') + pico('cacheRead') + pico('output')) / 1e12;
  }

  const client = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY, maxRetries: 0 });

  test("a row's tokens are the provider's and its cost is price times tokens", async () => {
    const answer = await client().chat.completions.create({
      model: 'priced',
      messages: [...MESSAGES],
      user: 'alice',
    });
    const { produced } = await lastRequest();
    expect(answer.model).toBe('priced');
    expect(answer.choices[0]?.message.content).toBe(produced?.words.join(''));
    const usage = produced?.usage;
    if (usage === undefined) throw new Error('the provider produced nothing');
    expect(await row('request_id', answer.id)).toMatchObject({
      prompt_tokens: usage.prompt_tokens,
      completion_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
      spend: cost(usage, usage.prompt_tokens_details.cached_tokens),
      status: 'success',
      model: 'gpt-4o-mini',
      model_group: 'priced',
      custom_llm_provider: 'openai',
      end_user: 'alice',
      api_key: 'litellm_proxy_master_key',
    });
  });

  test('a streamed call leaves the same, also when the client did not ask for usage', async () => {
    const stream = await client().chat.completions.create({
      model: 'priced',
      messages: [...MESSAGES],
      stream: true,
      max_tokens: 25,
    });
    let text = '';
    let id = '';
    for await (const chunk of stream) {
      expect(chunk.model).toBe('priced');
      expect(chunk.choices).not.toEqual([]);
      text += chunk.choices[0]?.delta.content ?? '';
      id = chunk.id;
    }
    const { produced } = await lastRequest();
    const usage = produced?.usage;
    if (usage === undefined) throw new Error('the provider produced nothing');
    expect(text).toBe(produced?.words.join(''));
    const stored = await row('request_id', id);
    expect(stored).toMatchObject({
      prompt_tokens: usage.prompt_tokens,
      completion_tokens: 25,
      spend: cost(usage, usage.prompt_tokens_details.cached_tokens),
      status: 'success',
    });
    expect(stored.completionStartTime).not.toEqual(stored.endTime);
  });

  test('a call that the provider failed leaves a row without tokens, and without the words of the provider', async () => {
    provider.script({
      kind: 'status',
      status: 500,
      body: '{"error":{"message":"kaputt","type":"server_error"}}',
    });
    const answer = await postChat({
      url: gateway.url,
      body: { model: 'priced', messages: MESSAGES, user: 'bob' },
    });
    expect(answer.status).toBe(500);
    expect(await row('end_user', 'bob')).toMatchObject({
      request_id: answer.headers.get('x-litellm-call-id'),
      status: 'failure',
      spend: 0,
      total_tokens: 0,
      metadata: {
        error_information: {
          error_code: '500',
          error_class: 'InternalServerError',
          error_message: "The provider 'openai' answered 500, server_error",
        },
      },
    });
  });

  test('a row says from where and with what a call came, and what its caller told with it', async () => {
    const metadata = {
      tags: ['blue'],
      ticket: 'T-1',
      spend_logs_metadata: { department: 'sales' },
    };
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${MASTER_KEY}`,
        'content-type': 'application/json',
        'user-agent': 'a-client/1.0',
        'x-litellm-consent': 'analytics=no',
        'x-litellm-tags': 'green, blue',
      },
      body: JSON.stringify({ model: 'priced', messages: MESSAGES, metadata, tags: ['red'] }),
    });
    const { id } = (await answer.json()) as { id: string };
    expect(Object.keys(JSON.parse((await lastRequest()).text))).not.toContain('tags');
    expect(await row('request_id', id)).toMatchObject({
      requester_ip_address: '127.0.0.1',
      request_tags: ['red', 'blue', 'green', 'User-Agent: a-client', 'User-Agent: a-client/1.0'],
      messages: {},
      response: {},
      proxy_server_request: {},
      metadata: {
        requester_ip_address: '127.0.0.1',
        user_agent: 'a-client/1.0',
        consent: 'analytics=no',
        requester_metadata: metadata,
        spend_logs_metadata: { department: 'sales' },
      },
    });
  });

  test('a virtual key is charged for its calls', async () => {
    const generated = await manage(gateway.url, '/key/generate', { models: ['priced'] });
    const { key, token } = generated as { key: string; token: string };
    const answer = await postChat({ url: gateway.url, key, body: { model: 'priced', messages: MESSAGES } });
    const { id } = (await answer.json()) as { id: string };
    const stored = await row('request_id', id);
    expect(stored.api_key).toBe(token);
    expect(Number(answer.headers.get('x-litellm-response-cost'))).toBe(stored.spend);
  });
});
