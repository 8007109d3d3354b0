import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spendRecord } from '../../tests/harness/spend-record.ts';
import type { SpendRecord } from './spend.ts';
import { spendCodec } from './spend-codec.ts';

const again = (call: SpendRecord): SpendRecord => spendCodec.decode(spendCodec.encode(call));
/** As text, since a usage object may have a member `__proto__`, and in one order. */
const shown = (call: SpendRecord): string =>
  JSON.stringify(
    Object.entries({ ...call, spend: String(call.spend) }).sort(([one], [other]) => one.localeCompare(other)),
  );
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
      expect(shown(again(call))).toBe(shown(call));
    }),
  );
});

test('no member is left out', () => {
  const charges = [{ scope: 'key:abc', processId: 'a-process', leased: 10n ** 20n }];
  const modelNames = ['gpt-test', 'swift', 'gpt'];
  const call = spendRecord({ charges, modelNames, content: { request: '{"a":1}', response: '{}' } });
  expect(again(call)).toEqual(call);
  expect(JSON.parse(spendCodec.encode(call))).toHaveLength(Object.keys(call).length);
});

test('a record in the journal of the first version, which had 27 members, is read', () => {
  const call = spendRecord();
  const written = JSON.stringify(JSON.parse(spendCodec.encode(call)).slice(0, 27));
  expect(spendCodec.decode(written)).toEqual(call);
});

test('charges keep their order, processes and amounts', () => {
  const charge = fc.record({
    scope: text,
    processId: fc.constantFrom('one', 'two'),
    leased: fc.constantFrom(0n, 5n, 10n ** 20n),
  });
  fc.assert(
    fc.property(fc.array(charge), (charges) => {
      expect(again(spendRecord({ charges })).charges).toEqual(charges);
    }),
  );
});

test('charges that stand each for itself, as in journals of the first version, are read', () => {
  const list = JSON.parse(spendCodec.encode(spendRecord()));
  list[26] = [
    ['key:abc', 'a-process', '7'],
    ['team:red', 'another', '0'],
  ];
  expect(spendCodec.decode(JSON.stringify(list)).charges).toEqual([
    { scope: 'key:abc', processId: 'a-process', leased: 7n },
    { scope: 'team:red', processId: 'another', leased: 0n },
  ]);
});

test('other names of a model are kept where nothing is kept of what was said', () => {
  const call = spendRecord({ modelNames: ['gpt-test', 'gpt'] });
  expect(again(call)).toEqual(call);
});

test.each([[0n], [12n], [-7n], [10n ** 30n]])('money keeps every digit: %s', (spend) => {
  expect(again(spendRecord({ spend })).spend).toBe(spend);
});

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
    const call = spendRecord({ ...odd, spend: 3n });
    const read = again(call);
    expect(read).toMatchObject({ rowId: call.rowId, spend: 3n, usage: null, requestId: call.callId });
    expect(read.error?.message ?? '').toBe('');
  });

  test('what was said is left out first, and nothing else with it', () => {
    const call = spendRecord({ content: { request: 'x'.repeat(300_000), response: '{}' } });
    expect(again(call)).toEqual({ ...call, content: null });
  });
});
