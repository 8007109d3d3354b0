import { describe, expect, test } from 'vitest';
import { SaltKeys, saltKeyId, UnreadableText } from './sealed-text.ts';
// Computed by PyNaCl 1.6.2 and cryptography 50.0.2 of PyPI, with nonces made from SHA-256.
import vectors from './sealed-text-vectors.json' with { type: 'json' };

const keys = new SaltKeys('salt-of-the-vectors');
const all = vectors.flatMap(({ saltKey, text, formats }) =>
  Object.entries(formats).map(([format, sealed]) => ({ format, saltKey, text, sealed })),
);

test.each(all)('$format of "$text" is opened', ({ saltKey, text, sealed }) => {
  expect(new SaltKeys(saltKey).open(sealed)).toBe(text);
});

test.each(all)(
  '$format of "$text" is opened by an earlier key, and by no other',
  ({ saltKey, text, sealed }) => {
    expect(new SaltKeys('new', ['other', saltKey]).open(sealed)).toBe(text);
    expect(() => new SaltKeys('new', ['other']).open(sealed)).toThrow(UnreadableText);
  },
);

test('what is sealed is of the newest format, each time another text, and opens again', () => {
  const [one, other] = [keys.seal('sk-secret'), keys.seal('sk-secret')];
  expect(one).toMatch(/^v3:gcm:[\w-]+$/);
  expect(one).not.toBe(other);
  expect([keys.open(one), keys.open(other)]).toEqual(['sk-secret', 'sk-secret']);
});

test.each(all)('$format of "$text" with any byte changed is refused', ({ saltKey, sealed }) => {
  const start = /^v\d:gcm:/.exec(sealed)?.[0].length ?? 0;
  const bytes = Buffer.from(sealed.slice(start), 'base64');
  for (let at = 0; at < bytes.length; at += 7) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 1;
    const text = sealed.slice(0, start) + damaged.toString('base64');
    expect(() => new SaltKeys(saltKey).open(text)).toThrow(UnreadableText);
  }
});

test.each([
  'v3:gcm:',
  'v3:gcm:AAAA',
  'v2:gcm:not base64 at all',
  'v3:gcm:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
])('garbage behind a format name is refused: %s', (stored) => {
  expect(() => keys.open(stored)).toThrow(UnreadableText);
});

test.each(['', 'openai/gpt-4o', 'https://api.example.com/v1', 'sk-put-in-by-hand', 'os.environ/NAME'])(
  'a text that was put in by hand is taken as it is: %s',
  (stored) => {
    expect(keys.open(stored)).toBe(stored);
  },
);

describe('of an object', () => {
  const params = {
    model: 'openai/gpt-4o',
    api_key: 'sk-secret',
    rpm: 10,
    stream: false,
    extra_headers: { authorization: 'secret-header', list: ['secret-in-list', 1, null] },
  };

  test('every text is sealed, those in maps and lists too, and all of them open again', () => {
    const sealed = keys.sealAll(params);
    expect(JSON.stringify(sealed)).not.toMatch(/secret|gpt/);
    expect(sealed).toMatchObject({ rpm: 10, stream: false });
    expect(keys.openAll(sealed)).toEqual(params);
  });

  test('the member that cannot be read is named, and nothing of its value', () => {
    const sealed = { ...keys.sealAll(params), api_key: new SaltKeys('other').seal('sk-secret') };
    expect(() => keys.openAll(sealed)).toThrow(
      "'api_key' cannot be read: it was sealed with another salt key, or is damaged",
    );
  });
});

test('a key is named by an id that is its own and that does not show it', () => {
  expect(keys.id).toBe(saltKeyId('salt-of-the-vectors'));
  expect(keys.id).toMatch(/^[0-9a-f]{16}$/);
  expect(keys.id).not.toBe(saltKeyId('another'));
});
