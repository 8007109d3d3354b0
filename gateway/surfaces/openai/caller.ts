import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../../caller.ts';
import type { TagSettings } from '../../config/config.ts';
import { GatewayError } from '../../http/errors.ts';
import type { OwnTags } from '../../identity/tags.ts';
import { type ChatRequest, readMember } from './chat-request.ts';

const MOST_TAGS = 32;
const LONGEST_TAG = 256;
/** What is longer is kept up to here. */
const LONGEST_WORDS = 512;

type Fields = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function words(value: unknown): string | null {
  const text = typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && text !== '' ? text.slice(0, LONGEST_WORDS) : null;
}

function tagsIn(value: unknown, param: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const fits = (tag: unknown): boolean => typeof tag === 'string' && tag !== '' && tag.length <= LONGEST_TAG;
  if (Array.isArray(value) && value.length <= MOST_TAGS && value.every(fits)) return value;
  throw new GatewayError(
    'bad_request',
    `\`${param}\` must be a list of at most ${MOST_TAGS} texts of 1 to ${LONGEST_TAG} characters`,
    { param },
  );
}

function namedTags(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  const named = header
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  return tagsIn(named, 'x-litellm-tags');
}

/** JSON of an object; what is none counts as absent, as in LiteLLM. */
function objectIn(header: string | undefined): Fields | null {
  try {
    const value: unknown = header === undefined ? null : JSON.parse(header);
    return isMap(value) ? value : null;
  } catch {
    return null;
  }
}

/** `User-Agent: name` and `User-Agent: name/version`, as LiteLLM writes them. */
function userAgentTags(userAgent: string | null): readonly string[] {
  const [whole = '', name = ''] = /^([^\s/]+)(?:\/\S+)?/.exec(userAgent ?? '') ?? [];
  return [name, whole]
    .filter((words) => words !== '')
    .map((words) => `User-Agent: ${words}`.slice(0, LONGEST_TAG));
}

/** The tags that a caller names, in headers and in the body. */
function clientTags({ scan }: ChatRequest, headers: IncomingHttpHeaders, metadata: Fields | null) {
  return [
    ...(scan.has('tags') ? tagsIn(readMember(scan, 'tags'), 'tags') : []),
    ...tagsIn(metadata?.tags, 'metadata.tags'),
    ...namedTags(one(headers['x-litellm-tags'])),
  ];
}

function refuseTags(): never {
  throw new GatewayError(
    'bad_request',
    'Tags of a call are not taken from the client on this gateway: leave out `metadata.tags`, `tags` and the header `x-litellm-tags`',
    { type: 'bad_request_error', param: 'metadata.tags' },
  );
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** What decides on a call's tags beside what the caller says. */
export interface TagSources {
  readonly own: OwnTags;
  readonly settings: TagSettings;
}

/** What a caller tells with a call, in headers and in `metadata` of its body. Throws GatewayError bad_request. */
export function readCaller(
  chat: ChatRequest,
  headers: IncomingHttpHeaders,
  { own, settings }: TagSources,
): Caller {
  const { scan } = chat;
  const sent = scan.has('metadata') ? readMember(scan, 'metadata') : undefined;
  const metadata = isMap(sent) ? sent : null;
  const forSpendLogs =
    objectIn(one(headers['x-litellm-spend-logs-metadata'])) ?? metadata?.spend_logs_metadata ?? null;
  const named = clientTags(chat, headers, metadata);
  if (named.length > 0 && !settings.fromClients) refuseTags();
  const userAgent = words(headers['user-agent']);
  const tags = [...named, ...own.key, ...own.team, ...(settings.ofUserAgent ? userAgentTags(userAgent) : [])];
  return {
    tags: tags.length > 1 ? [...new Set(tags)] : tags,
    userAgent,
    consent: words(one(headers['x-litellm-consent'])) ?? words(metadata?.consent),
    metadata,
    spendLogsMetadata: isMap(forSpendLogs) ? forSpendLogs : null,
  };
}
