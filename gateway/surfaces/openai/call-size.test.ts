import { describe, expect, test, vi } from 'vitest';
import { tokenBound } from '../../admission/call-size.ts';
import { reservedTokens } from '../../admission/limits/tokens.ts';
import type { Deployment } from '../../routing/deployment.ts';
import { callSize, limitFor } from './call-size.ts';
import { readChatRequest } from './chat-request.ts';

type Defaults = Readonly<Record<string, unknown>>;

function deployment(defaults: Defaults, maxOutputTokens = 4096): Deployment {
  const texts = Object.entries(defaults).map(([name, value]) => [name, JSON.stringify(value)] as const);
  return { defaults: new Map(texts), maxOutputTokens } as unknown as Deployment;
}

const bodyOf = (members: object) => Buffer.from(JSON.stringify({ model: 'm', messages: [], ...members }));
const sizeOf = (members: object, ...defaults: readonly Defaults[]) =>
  callSize(
    readChatRequest(bodyOf(members)),
    (defaults.length ? defaults : [{}]).map((set) => deployment(set)),
  );

describe('the limit of an answer', () => {
  test.each<[string, object, readonly Defaults[], number | null]>([
    ['none where nobody names one', {}, [], null],
    ['none where it is null', { max_tokens: null, max_completion_tokens: null }, [], null],
    ['what the request says', { max_tokens: 5 }, [], 5],
    [
      'the larger of both names, since a provider may take either',
      { max_tokens: 9, max_completion_tokens: 7 },
      [],
      9,
    ],
    ['the request’s, whatever the operator says', { max_tokens: 5 }, [{ max_tokens: 3 }], 5],
    ['the operator’s where the request says nothing', {}, [{ max_tokens: 3 }], 3],
    ['the larger one of two deployments', {}, [{ max_tokens: 3 }, { max_completion_tokens: 4 }], 4],
    ['none where one of two deployments has none', {}, [{ max_tokens: 3 }, {}], null],
    ['none where the operator’s is no number', {}, [{ max_tokens: 'many' }], null],
  ])('is %s', (_what, members, defaults, limit) => {
    expect(sizeOf(members, ...defaults).maxTokens).toBe(limit);
  });

  test.each([
    ['max_tokens', -1, 'integer below minimum value. Expected a value >= 1, but got -1 instead.'],
    ['max_completion_tokens', 0, 'integer below minimum value. Expected a value >= 1, but got 0 instead.'],
    ['n', 0, 'integer below minimum value. Expected a value >= 1, but got 0 instead.'],
    ['max_tokens', 1e15, 'integer above maximum value. Expected a value <= 500000000'],
    ['max_tokens', 1.5, 'expected an integer, but got a decimal number instead.'],
    ['max_tokens', '5', 'expected an integer, but got a string instead.'],
    ['n', true, 'expected an integer, but got a boolean instead.'],
    ['n', [2], 'expected an integer, but got an array instead.'],
    ['n', {}, 'expected an integer, but got an object instead.'],
  ])('%s of %j is refused with a 400 that names it', (name, value, message) => {
    expect(() => sizeOf({ max_completion_tokens: 5, [name]: value })).toThrow(
      expect.objectContaining({
        status: 400,
        type: 'invalid_request_error',
        param: name,
        message: expect.stringContaining(message),
      }),
    );
  });
});

test.each<[string, object, readonly Defaults[], number]>([
  ['one where nobody names a number', {}, [], 1],
  ['what the request says', { n: 3 }, [{ n: 2 }], 3],
  ['the operator’s where the request says nothing', { n: null }, [{ n: 2 }], 2],
  ['the larger one of two deployments', {}, [{}, { n: 4 }], 4],
])('the number of answers is %s', (_what, members, defaults, choices) => {
  expect(sizeOf(members, ...defaults).choices).toBe(choices);
});

test.each<[string, number | null, Deployment, number | null]>([
  ['none where the gateway sets none', null, deployment({ max_tokens: 3 }), null],
  ['what the reservation pays for', 100, deployment({ max_tokens: 300 }), 100],
  ['no more than the deployment makes', 16_384, deployment({}, 4096), 4096],
  ['no more than its operator wants', 16_384, deployment({ max_completion_tokens: 3 }), 3],
])('the limit that a deployment is sent is %s', (_what, set, to, sent) => {
  expect(limitFor(to, set)).toBe(sent);
});

test('a prompt is read once for a model, however many deployments and attempts ask for its size', () => {
  const picture = { type: 'image_url', image_url: { url: 'https://a.example/b.png' } };
  const size = sizeOf({ messages: [{ role: 'user', content: [picture] }] });
  const parse = vi.spyOn(JSON, 'parse');
  for (const model of ['gpt-4o', 'gpt-4o', 'gpt-4', 'gpt-4o']) size.inputTokens(model);
  expect(parse).toHaveBeenCalledTimes(2);
  parse.mockRestore();
});

test('limits, drafts and budgets see one size', () => {
  const size = sizeOf({ max_tokens: 5, n: 3 });
  const { bytes } = size;
  expect(bytes).toBe(bodyOf({ max_tokens: 5, n: 3 }).length);
  expect(reservedTokens(size, 'total')).toBe(Math.floor(bytes / 4) + 15);
  expect(tokenBound(size)).toEqual({ prompt: bytes, completion: 15 });
});

test('what is recorded of an answer that nobody limits is 4,096 tokens, and never more than a record holds', () => {
  expect(tokenBound(sizeOf({})).completion).toBe(4096);
  expect(tokenBound(sizeOf({ max_tokens: 400_000_000, n: 2 })).completion).toBe(500_000_000);
});
