import { expect, test } from 'vitest';
import { KEEPS_NOTHING } from '../accounting/content/content.ts';
import { type Call, newCall } from '../call.ts';
import { SILENT } from '../caller.ts';
import { callLine } from './call-log.ts';

function finishedCall(changes: Partial<Call> = {}): Call {
  const call = newCall({
    rowId: '0193a5e0-1234-7abc-8def-0123456789ab',
    bound: { prompt: 20, completion: 100 },
    id: 'call-1',
    startedAt: 1_790_000_000_000,
    identity: { keyHash: '0123456789abcdef' } as Call['identity'],
    requesterIp: '192.0.2.7',
    caller: SILENT,
    modelGroup: 'fast "one" \u00e9\n',
    modelNames: ['fast'],
    endUser: null,
    logged: true,
    keeping: KEEPS_NOTHING,
    asked: null,
    streamed: false,
    showUsage: false,
    ignoredFields: [],
    deployment: {
      id: 'fedcba9876543210',
      upstreamModel: 'gpt-test',
      provider: 'openai',
    } as Call['deployment'],
  });
  return Object.assign(call, { endedAt: 1_790_000_001_500, status: 200, spend: 100_000n }, changes);
}

test('a finished call is one line of JSON that tells who, where to, how it ended and what it cost', () => {
  const usage = { prompt: 20, completion: 100 } as Call['usage'];
  const line = callLine(finishedCall({ usage, firstByteAt: 1_790_000_000_250 }), true);
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    level: 'info',
    time: '2026-09-21T14:13:21.500Z',
    call_id: 'call-1',
    key: '01234567',
    model_group: 'fast "one" \u00e9\n',
    model: 'gpt-test',
    deployment: 'fedcba98',
    provider: 'openai',
    streamed: false,
    status: 200,
    prompt_tokens: 20,
    completion_tokens: 100,
    spend: 1e-7,
    retries: 0,
    first_byte_ms: 250,
    duration_ms: 1500,
    msg: 'call',
  });
});

test('a call of a model without a price says so, rather than that it was free', () => {
  const deployment = { ...finishedCall().deployment, price: null };
  const line = callLine(finishedCall({ deployment, spend: 0n }), true);
  expect(JSON.parse(line)).toMatchObject({ spend: 0, unpriced: true, model: 'gpt-test' });
});

test('a failed call names its error, and no first byte when there was none', () => {
  const failure = { class: 'RateLimitError', code: '429', message: 'you said secret' };
  const line = callLine(finishedCall({ failure, status: 429 }), true);
  expect(JSON.parse(line)).toMatchObject({ error: 'RateLimitError', error_code: '429', first_byte_ms: null });
  expect(line).not.toContain('secret');
});

test('what was ignored in a request is named, and nothing where nothing was', () => {
  const line = callLine(finishedCall({ ignoredFields: ['mock_response', 'cache'] }), true);
  expect(JSON.parse(line)).toMatchObject({ ignored_fields: 'mock_response, cache' });
  expect(callLine(finishedCall(), true)).not.toContain('ignored_fields');
});

test('a line says nothing of the key where keys are not to be named', () => {
  const line = callLine(finishedCall(), false);
  expect(JSON.parse(line)).toMatchObject({ key: null, call_id: 'call-1' });
  expect(line).not.toContain('01234567');
});
