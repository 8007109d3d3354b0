import OpenAI from 'openai';
import { expect, test, vi } from 'vitest';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

const MODEL = 'gpt-4o-mini';
const MESSAGES = [{ role: 'user' as const, content: 'Say something' }];

/** Asks again and again; Vitest's own `expect.poll` is for tests that run alone. */
function eventually(ask: () => Promise<void>): Promise<void> {
  return vi.waitFor(ask, { timeout: 180_000, interval: 1000 });
}

/** The official client, as an application developer uses it. */
function clientWith({ plain }: World, apiKey: string): OpenAI {
  const fetch = plain.client.fetch as unknown as typeof globalThis.fetch;
  return new OpenAI({ baseURL: `${plain.url}/v1`, apiKey, fetch, maxRetries: 0 });
}

async function makeKey({ plain }: World, body: object = {}): Promise<string> {
  const answer = await plain.client.fetch(`${plain.url}/key/generate`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${plain.credentials.masterKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { key: string }).key;
}

export function callsTooEarlyClaims(world: () => World): void {
  test('before a provider has a key, the refusal names the file to edit', async () => {
    const { plain } = world();
    const client = clientWith(world(), plain.credentials.masterKey);
    await expect(client.chat.completions.create({ model: MODEL, messages: MESSAGES })).rejects.toThrow(
      facts.paths.providersEnv,
    );
    expect((await client.models.list()).data).toEqual([]);
  });
}

/** After the quick start, in which the provider was given its key. */
export function callClaims(world: () => World): void {
  test('a virtual key chats over TLS, and the call leaves its row', async () => {
    const { plain, provider } = world();
    const client = clientWith(world(), await makeKey(world(), { models: [MODEL] }));
    const answer = await client.chat.completions.create({ model: MODEL, messages: MESSAGES });
    const { usage } = provider.requests.at(-1)?.produced ?? {};
    expect(answer.usage).toMatchObject({ total_tokens: usage?.total_tokens });
    await eventually(async () =>
      expect(await newestRow(plain)).toMatchObject({
        model_group: MODEL,
        prompt_tokens: usage?.prompt_tokens,
        completion_tokens: usage?.completion_tokens,
        spend: expect.toSatisfy((spend: number) => spend > 0),
      }),
    );
  });

  test('a streamed chat arrives whole, and its row counts what the provider produced', async () => {
    const { plain, provider } = world();
    const client = clientWith(world(), await makeKey(world()));
    const count = 23;
    const stream = await client.chat.completions.create({
      model: MODEL,
      messages: MESSAGES,
      max_tokens: count,
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(provider.requests.at(-1)?.produced?.words.join(''));
    await eventually(async () => expect(await newestRow(plain)).toMatchObject({ completion_tokens: count }));
  });

  test('a key that nobody has made is refused', async () => {
    const client = clientWith(world(), 'sk-nobody-has-made-this-key');
    await expect(client.models.list()).rejects.toMatchObject({ status: 401 });
  });
}

async function newestRow(plain: World['plain']): Promise<Record<string, unknown>> {
  const row = await plain.query(
    `select row_to_json(row) from (select * from "LiteLLM_SpendLogs" order by "startTime" desc limit 1) row`,
  );
  return JSON.parse(row === '' ? '{}' : row) as Record<string, unknown>;
}
