import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonObjectFault, type Member, memberValue, type ObjectScan, scanObject } from './json-object.ts';
import { splice, spliceValue } from './splice.ts';

const scan = (text: string): ObjectScan => scanObject(Buffer.from(text));
const parsed = (bytes: Buffer): Record<string, unknown> => JSON.parse(bytes.toString());

/** Any JSON object, with names and strings full of quotes, backslashes, escapes and characters outside ASCII. */
const names = ['model', 'stream', 'stream_options', 'user', 'messages', 'mo\\del', 'm"odel', 'mödel', ''];
const value = fc.oneof(fc.jsonValue({ depthSize: 'medium' }), fc.string({ unit: 'binary' }));
const objects = fc.uniqueArray(
  fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'binary', maxLength: 6 })), value),
  { selector: ([name]) => name, maxLength: 8 },
);

function written(entries: readonly (readonly [string, unknown])[], space: string, escaped: boolean): string {
  const name = (text: string) =>
    escaped
      ? `"${[...Array(text.length).keys()].map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(text);
  const members = entries.map(([key, member]) => `${name(key)}${space}:${space}${JSON.stringify(member)}`);
  return `${space}{${space}${members.join(`${space},${space}`)}${space}}${space}`;
}

const spaces = fc.constantFrom('', ' ', '\n\t ', '\r\n');

test('every member of any object is found with its value', () => {
  fc.assert(
    fc.property(objects, spaces, fc.boolean(), (entries, space, escaped) => {
      const found = scan(written(entries, space, escaped));
      expect(found.order.map((member) => [member.name, memberValue(found, member)])).toEqual(
        entries.map(([name, member]) => [name, JSON.parse(JSON.stringify(member))]),
      );
    }),
  );
});

test('splicing equals parsing, editing and comparing', () => {
  const someNames = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 4 });
  fc.assert(
    fc.property(
      objects,
      spaces,
      someNames,
      someNames,
      fc.jsonValue(),
      (entries, space, remove, set, newValue) => {
        const removed = new Set(remove.filter((name) => !set.includes(name)));
        const result = splice(scan(written(entries, space, false)), {
          remove: removed,
          set: new Map(set.map((name) => [name, JSON.stringify(newValue)])),
        });
        const expected = new Map(entries.filter(([name]) => !removed.has(name)));
        for (const name of set) expected.set(name, newValue);
        expect(parsed(result)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(expected))));
        expect(scanObject(result).order.map(({ name }) => name)).toEqual([...expected.keys()]);
      },
    ),
  );
});

test('bytes that no edit touches are kept as they are', () => {
  const text = '{ "temperature" : 1.0e0 ,"model":"a", "x":"\\u00e9\\/" }';
  expect(splice(scan(text), { set: new Map([['model', '"b"']]) }).toString()).toBe(
    text.replace('"a"', '"b"'),
  );
});

test('a renamed member keeps its value', () => {
  const result = splice(scan('{"model":"a","max_completion_tokens": 5}'), {
    rename: new Map([['max_completion_tokens', 'max_tokens']]),
  });
  expect(result.toString()).toBe('{"model":"a","max_tokens": 5}');
});

test('replacing one value keeps characters outside ASCII around it', () => {
  const found = scan('{"é":"日本","model":"x","z":"🙂"}');
  const result = spliceValue(found, found.find('model') as Member, '"ÿ"');
  expect(result.toString()).toBe('{"é":"日本","model":"ÿ","z":"🙂"}');
});

test('a name written with escapes is the name it spells', () => {
  expect(scan('{"\\u006dodel":"a"}').has('model')).toBe(true);
});

describe('what is not one unambiguous JSON object is refused', () => {
  test.each([
    ['nothing', '', 'ends where an object should stand'],
    ['an array', '[1]', 'an object should stand'],
    ['a truncated object', '{"model":"a"', 'a comma or the closing brace'],
    ['a truncated string', '{"model":"a', 'does not end'],
    ['a trailing comma', '{"model":"a",}', 'a member name'],
    ['a bare name', '{model:"a"}', 'a member name'],
    ['a missing value', '{"model":}', 'a value'],
    ['a missing colon', '{"model" "a"}', 'a colon'],
    ['a word that is no literal', '{"model":nul}', 'a value'],
    ['NaN', '{"model":NaN}', 'a value'],
    ['a leading zero', '{"n":01}', 'a value'],
    ['something behind the object', '{"model":"a"} x', 'follows the object'],
    ['a second object', '{}{}', 'follows the object'],
    ['crossed brackets', '{"x":[{]}}', 'closes nothing'],
    ['a comment inside a value', '{"x":[/*"],"y":[ */1]}', 'cannot stand in JSON'],
    ['single quotes inside a value', '{"x":[\'a\']}', 'cannot stand in JSON'],
    ['a member twice', '{"model":"a","model":"b"}', "'model' stands twice"],
    ['a member twice, once escaped', '{"model":"a","m\\u006fdel":"b"}', "'model' stands twice"],
    ['a wrong escape in a name', '{"\\x":1}', 'wrong escape'],
  ])('%s', (_what, text, message) => {
    expect(() => scan(text)).toThrow(JsonObjectFault);
    expect(() => scan(text)).toThrow(message);
  });

  test('more members than any client sends', () => {
    const members = Array.from({ length: 1001 }, (_, i) => `"m${i}":1`).join(',');
    expect(() => scan(`{${members}}`)).toThrow('more than 1000 members');
  });
});

test('ten thousand levels of nesting do not overflow the stack', () => {
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
  expect(scan(`{"x":${deep},"model":"a"}`).has('model')).toBe(true);
});

test('a string of ten megabytes full of escaped quotes is skipped', () => {
  const huge = '\\"'.repeat(5_000_000);
  const found = scan(`{"x":"${huge}","model":"a"}`);
  expect(memberValue(found, found.find('model') as Member)).toBe('a');
});
