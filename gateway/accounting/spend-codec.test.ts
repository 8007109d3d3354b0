import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spendRecord } from '../../tests/harness/spend-record.ts';
import type { SpendRecord } from './spend.ts';
import { spendCodec } from './spend-codec.ts';

const again = (call: SpendRecord): SpendRecord => spendCodec.decode(spendCodec.encode(call));
const text = fc.string({ unit: 'grapheme', maxLength: 40 });

test('a record is read as it was written', () => {
  const overrides = fc.record(
    {
      requestId: text,
      keyAlias: fc.option(text),
      endUser: fc.option(text),
      promptTokens: fc.nat(),
      estimated: fc.boolean(),
      usage: fc.option(
        fc.dictionary(
          text,
          fc.jsonValue().filter((value) => !Object.is(value, -0)),
        ),
      ),
      status: fc.constantFrom('success', 'failure'),
      error: fc.option(fc.record({ code: text, class: text, message: text })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(overrides, (odd) => {
      const call = spendRecord(odd as Partial<SpendRecord>);
      expect(JSON.stringify(again(call))).toBe(JSON.stringify(call));
    }),
  );
});

test('no member is left out', () => {
  const call = spendRecord();
  expect(again(call)).toEqual(call);
  expect(JSON.parse(spendCodec.encode(call))).toHaveLength(Object.keys(call).length);
});

test.each([[0], [0.1 + 0.2], [12n], [-7n], [10n ** 30n]])(
  'money keeps its kind and every digit: %s',
  (spend) => {
    expect(again(spendRecord({ spend: spend as SpendRecord['spend'] })).spend).toBe(spend);
  },
);

describe('what others have put into a record never stops it', () => {
  function deep(depth: number): Record<string, unknown> {
    let inner: Record<string, unknown> = {};
    for (let level = 0; level < depth; level++) inner = { inner };
    return inner;
  }
  const error = { code: '500', class: 'InternalServerError', message: 'x'.repeat(300_000) };

  test.each<[string, Partial<SpendRecord>]>([
    ['a usage object nested too deep', { usage: deep(100_000) }],
    ['an error as long as a book', { status: 'failure', error }],
  ])('%s', (_what, odd) => {
    const call = spendRecord({ ...odd, spend: 3 });
    const read = again(call);
    expect(read).toMatchObject({ rowId: call.rowId, spend: 3, usage: null, requestId: call.callId });
    expect(read.error?.message ?? '').toBe('');
  });
});
