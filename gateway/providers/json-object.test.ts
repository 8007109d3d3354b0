import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonObjectFault, memberValue, scanObject, skipString } from './json-object.ts';

/** What a scan finds of an object's JSON text. */
function found(text: string): [name: string, value: unknown][] {
  const scan = scanObject(Buffer.from(text));
  return scan.order.map((member) => [member.name, memberValue(scan, member)]);
}

describe('an object', () => {
  test('has the members and values that a parser finds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (object) => {
        const parsed = JSON.parse(JSON.stringify(object)) as object;
        expect(found(JSON.stringify(object))).toEqual(Object.entries(parsed));
      }),
    );
  });

  test('has names of its own, though others looked alike before', () => {
    const names = ['model', 'modem', 'medel', 'm\\u006fdel', 'mödel', 'model\\n', 'model'];
    const seen = names.map((name) => found(`{"${name}":1}`)[0]?.[0]);
    expect(seen).toEqual(['model', 'modem', 'medel', 'model', 'mödel', 'model\n', 'model']);
  });

  test.each([
    ['0', 0],
    ['-0', -0],
    ['12', 12],
    ['12.50', 12.5],
    ['1e3', 1000],
    ['9007199254740993', 9007199254740992],
    ['true', true],
    ['null', null],
    ['"a\\"b"', 'a"b'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\u007f"', '\u007f'],
    [`"${'x'.repeat(100)}"`, 'x'.repeat(100)],
  ])('has the value %s', (text, value) => {
    expect(found(`{"a":${text},"b":${text}}`)).toEqual([
      ['a', value],
      ['b', value],
    ]);
    expect(found(`{"a": ${text} }`)).toEqual([['a', value]]);
  });

  test.each(['01', '1.', '-', '+1', '1e', '.5', '1-2', '1:2', '12true', 'nul', 'truefalse'])(
    'has no value %s',
    (text) => {
      expect(() => found(`{"a":${text}}`)).toThrow(JsonObjectFault);
      expect(() => found(`{"a":${text},"b":1}`)).toThrow(JsonObjectFault);
    },
  );

  test('has no text with a control character', () => {
    expect(() => found('{"a":"b\nc"}')).toThrow(JsonObjectFault);
  });

  test('names nothing twice', () => {
    expect(() => scanObject(Buffer.from('{"a":1,"\\u0061":2}'))).toThrow(/stands twice/);
  });
});

test('a string ends at the quote that no backslash takes away, however long it is', () => {
  const part = fc.constantFrom('a', '\\\\', '\\"', '\\n', 'xyzxyzxyz');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), fc.string(), (parts, behind) => {
      const text = `"${parts.join('')}"`;
      expect(skipString(Buffer.from(text + behind), 0)).toBe(text.length);
    }),
  );
});

test('a string without an end is refused, however long it is', () => {
  for (const text of ['"', '"\\"', `"${'a'.repeat(31)}`, `"${'a'.repeat(30)}\\"`, `"${'a'.repeat(100)}\\"`]) {
    expect(() => skipString(Buffer.from(text), 0)).toThrow(JsonObjectFault);
  }
});
