import { expect, test } from 'vitest';
import { GatewayError } from '../../http/errors.ts';
import { NO_TAGS, type OwnTags } from '../../identity/tags.ts';
import { readCaller } from './caller.ts';
import { readChatRequest } from './chat-request.ts';

const OPEN = { fromClients: true, ofUserAgent: true };
const ownTags = { key: ['own'], team: [] };

function tagsOf(body: object, headers: Readonly<Record<string, string>> = {}, own: OwnTags = NO_TAGS) {
  const chat = readChatRequest(Buffer.from(JSON.stringify({ model: 'm', ...body })));
  return (settings: typeof OPEN) => readCaller(chat, headers, { own, settings }).tags;
}

test('the tags of a call are those that it names, those of its key, and its program', () => {
  const body = { tags: ['red'], metadata: { tags: ['blue', 'red'] } };
  const headers = { 'x-litellm-tags': 'green, blue', 'user-agent': 'curl/8.5.0' };
  const tags = tagsOf(body, headers, { key: ['of-key', 'green'], team: ['of-team'] });
  const named = ['red', 'blue', 'green', 'of-key', 'of-team'];
  expect(tags(OPEN)).toEqual([...named, 'User-Agent: curl', 'User-Agent: curl/8.5.0']);
  expect(tags({ ...OPEN, ofUserAgent: false })).toEqual(named);
});

test.each([
  ['curl', ['curl']],
  ['OpenAI/Python 1.99.1', ['OpenAI', 'OpenAI/Python']],
  ['Mozilla/5.0 (X11; Linux x86_64)', ['Mozilla', 'Mozilla/5.0']],
  ['/odd', []],
  ['', []],
])('the program %j makes tags of its name and its version', (userAgent, names) => {
  const tags = tagsOf({}, { 'user-agent': userAgent })(OPEN);
  expect(tags).toEqual(names.map((name) => `User-Agent: ${name}`));
});

test.each([
  ['tags', { tags: ['a'] }, {}],
  ['metadata.tags', { metadata: { tags: ['a'] } }, {}],
  ['the header', {}, { 'x-litellm-tags': 'a' }],
])('a client’s tags by %s are refused where the operator takes none', (_way, body, headers) => {
  const refused = (): unknown => tagsOf(body, headers, ownTags)({ ...OPEN, fromClients: false });
  expect(refused).toThrow(GatewayError);
  expect(refused).toThrow(
    expect.objectContaining({ status: 400, type: 'bad_request_error', param: 'metadata.tags' }),
  );
});

test('a call without tags of its own passes there, with those of its key', () => {
  const closed = { fromClients: false, ofUserAgent: false };
  expect(tagsOf({ tags: [], metadata: { tags: [] } }, {}, ownTags)(closed)).toEqual(['own']);
});
