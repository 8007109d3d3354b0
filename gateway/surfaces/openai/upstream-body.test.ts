import { describe, expect, test } from 'vitest';
import type { DeploymentConfig } from '../../config/config.ts';
import { compileDeployment } from '../../routing/deployment.ts';
import { readChatRequest } from './chat-request.ts';
import { upstreamBody } from './upstream-body.ts';

function sent(
  provider: string,
  body: object,
  defaults: Readonly<Record<string, unknown>> = {},
  maxTokens: number | null = null,
): object {
  const config = {
    provider,
    upstreamModel: 'their-name',
    apiBase: 'https://provider.example/v1',
    apiKey: 'sk-1',
    headers: {},
    defaults,
    prices: {},
    baseModel: null,
    limits: { requests: null, tokens: null, parallel: null },
  } as unknown as DeploymentConfig;
  const request = readChatRequest(Buffer.from(JSON.stringify({ model: 'our-name', ...body })));
  return JSON.parse(
    upstreamBody(request, compileDeployment(config, Date.UTC(2026, 10, 21)), maxTokens).toString(),
  );
}

const model = 'their-name';

describe('the operator’s defaults', () => {
  test('are added under the provider’s name', () => {
    expect(sent('mistral', {}, { max_completion_tokens: 9 })).toEqual({ model, max_tokens: 9 });
  });

  test('give way to a limit of the client’s under either name, which is the one that was set aside', () => {
    expect(sent('groq', { max_completion_tokens: 5 }, { max_tokens: 9 })).toEqual({
      model,
      max_completion_tokens: 5,
    });
    expect(sent('openai', { max_tokens: 5 }, { max_completion_tokens: 9 })).toEqual({ model, max_tokens: 5 });
  });

  test('do not give way to a member that says nothing', () => {
    expect(sent('mistral', { max_tokens: null }, { max_tokens: 9 })).toEqual({ model, max_tokens: 9 });
    expect(sent('openai', { max_tokens: null, n: null }, { max_tokens: 9, n: 2 })).toEqual({
      model,
      max_tokens: 9,
      n: 2,
    });
    expect(sent('mistral', { max_completion_tokens: null }, { max_tokens: 9 })).toEqual({
      model,
      max_tokens: 9,
    });
  });

  test('give way to a member that the client sends under either name', () => {
    expect(sent('mistral', { max_completion_tokens: 5 }, { max_tokens: 9 })).toEqual({
      model,
      max_tokens: 5,
    });
    expect(sent('mistral', { max_tokens: 5 }, { max_completion_tokens: 9 })).toEqual({
      model,
      max_tokens: 5,
    });
  });
});

test.each([
  ['openai', 'max_completion_tokens'],
  ['groq', 'max_tokens'],
  ['mistral', 'max_tokens'],
])('a limit that the gateway sets has the name that %s takes: %s', (provider, name) => {
  const nothing = { max_tokens: null, max_completion_tokens: null };
  expect(sent(provider, {}, {}, 99)).toEqual({ model, [name]: 99 });
  expect(sent(provider, nothing, { max_tokens: 5 }, 99)).toEqual({ model, [name]: 99 });
});

describe('of two names for one member', () => {
  test('the provider’s own stays', () => {
    expect(sent('mistral', { max_tokens: 5, max_completion_tokens: 7 })).toEqual({ model, max_tokens: 5 });
  });

  test('the other one stays where that says nothing: the limit that the call was bounded by', () => {
    expect(sent('mistral', { max_tokens: null, max_completion_tokens: 7 })).toEqual({ model, max_tokens: 7 });
    expect(sent('mistral', { max_completion_tokens: 7, max_tokens: null })).toEqual({ model, max_tokens: 7 });
  });
});

test('usage is asked for on a stream, beside the client’s other wishes', () => {
  expect(sent('openai', { stream: true, stream_options: { include_obfuscation: false } })).toEqual({
    model,
    stream: true,
    stream_options: { include_obfuscation: false, include_usage: true },
  });
  expect(sent('openai', { stream: true, stream_options: { include_usage: false } })).toMatchObject({
    stream_options: { include_usage: true },
  });
});

test('a provider that refuses a member does not get it', () => {
  expect(sent('mistral', { stream: true, stream_options: { include_usage: true }, user: 'alice' })).toEqual({
    model,
    stream: true,
  });
});

test('metadata is the proxy’s, unless OpenAI is to store the answer', () => {
  const metadata = { topic: 'x' };
  expect(sent('openai', { metadata })).toEqual({ model });
  expect(sent('openai', { metadata, store: true })).toEqual({ model, metadata, store: true });
  expect(sent('groq', { metadata, store: true })).toEqual({ model, store: true });
});

test('what a caller says to the gateway goes no further', () => {
  const wishes = { tags: ['a'], 'no-log': true, turn_off_message_logging: true, num_retries: 3 };
  expect(sent('openai', { ...wishes, temperature: 1 })).toEqual({ model, temperature: 1 });
});
