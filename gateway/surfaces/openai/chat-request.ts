import type { IncomingHttpHeaders } from 'node:http';
import { MOST_TOKENS } from '../../accounting/usage.ts';
import { GatewayError } from '../../http/errors.ts';
import { JsonObjectFault, memberValue, type ObjectScan, scanObject } from '../../providers/json-object.ts';
import { type KeptBack, keptBack } from './chat-members.ts';

/** What the gateway needs to know of a chat request; the rest of the body is not looked at. */
export interface ChatRequest extends KeptBack {
  readonly scan: ObjectScan;
  readonly model: string;
  readonly streamed: boolean;
  /** `stream_options` as sent; null when absent. */
  readonly streamOptions: Readonly<Record<string, unknown>> | null;
  readonly user: string | null;
  /** The most tokens of one answer: the larger of both names, since providers may take either; null when neither is sent. */
  readonly maxTokens: number | null;
  /** Answers asked for: `n`; null when that is not sent. */
  readonly choices: number | null;
  /** Whether the client asks the provider to store the answer. */
  readonly stored: boolean;
}

function badRequest(param: string, message: string, cause?: unknown): GatewayError {
  return new GatewayError('bad_request', message, { param, cause });
}

function scanBody(body: Buffer | undefined): ObjectScan {
  if (body === undefined || body.length === 0) {
    throw badRequest('request_body', 'The request body is empty; send a JSON object with model and messages');
  }
  try {
    return scanObject(body);
  } catch (fault) {
    if (!(fault instanceof JsonObjectFault)) throw fault;
    throw badRequest('request_body', `The request body is not one JSON object: ${fault.message}`, fault);
  }
}

/** A member of the body, parsed; undefined when it is absent. Throws GatewayError bad_request. */
export function readMember(scan: ObjectScan, name: string): unknown {
  const member = scan.find(name);
  if (member === undefined) return undefined;
  try {
    return memberValue(scan, member);
  } catch (fault) {
    if (!(fault instanceof JsonObjectFault)) throw fault;
    throw badRequest(name, `The request body is not valid JSON: ${fault.message}`, fault);
  }
}

/** The name stands in a header of the answer, and what an edge takes of those has a limit. */
const LONGEST_MODEL = 512;

function readModel(scan: ObjectScan): string {
  const model = readMember(scan, 'model');
  if (typeof model === 'string' && model !== '') {
    if (model.length <= LONGEST_MODEL) return model;
    throw badRequest('model', `\`model\` is longer than ${LONGEST_MODEL} characters`);
  }
  throw badRequest(
    'model',
    'The request names no model: set `model` to one of the names that GET /v1/models lists',
  );
}

function readFlag(scan: ObjectScan, name: string): boolean {
  const flag = readMember(scan, name);
  if (flag === undefined || flag === null || flag === false) return false;
  if (flag === true) return true;
  throw badRequest(name, `\`${name}\` must be true or false`);
}

function readStreamOptions(scan: ObjectScan): Readonly<Record<string, unknown>> | null {
  const options = readMember(scan, 'stream_options');
  if (options === undefined || options === null) return null;
  if (typeof options === 'object' && !Array.isArray(options)) return options as Record<string, unknown>;
  throw badRequest('stream_options', '`stream_options` must be an object');
}

/** Spend rows are looked up by it, and what an index takes has a limit; OpenAI's own ids of this kind have 64. */
const LONGEST_USER = 512;

function readUser(scan: ObjectScan): string | null {
  return checkedUser('user', readMember(scan, 'user'));
}

/** A customer's name, from `where`; null for none. Throws GatewayError bad_request. */
function checkedUser(where: string, user: unknown): string | null {
  if (user === undefined || user === null || user === '') return null;
  if (typeof user === 'string' && user.length <= LONGEST_USER) return user;
  throw badRequest(where, `\`${where}\` must be a text of at most ${LONGEST_USER} characters`);
}

/** Headers that name the customer of a call, whatever the operator has set. */
const USER_HEADERS = ['x-litellm-end-user-id', 'x-litellm-customer-id'];

/**
 * The request with the customer whom its headers name, where one of them does: the operator's own are asked first, and the body
 * last, which a program cannot always change.
 */
export function namedByHeaders(
  chat: ChatRequest,
  headers: IncomingHttpHeaders,
  ownHeaders: readonly string[],
): ChatRequest {
  for (const name of [...ownHeaders, ...USER_HEADERS]) {
    const user = checkedUser(name, headers[name]);
    if (user !== null) return { ...chat, user };
  }
  return chat;
}

function typeName(value: unknown): string {
  if (typeof value === 'number') return 'a decimal number';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A count of something; null when it is not sent. What is none is refused in OpenAI's words. */
function readCount(scan: ObjectScan, name: string): number | null {
  const count = readMember(scan, name);
  if (count === undefined || count === null) return null;
  if (typeof count !== 'number' || !Number.isInteger(count)) {
    throw badRequest(
      name,
      `Invalid type for '${name}': expected an integer, but got ${typeName(count)} instead.`,
    );
  }
  if (count < 1) {
    throw badRequest(
      name,
      `Invalid '${name}': integer below minimum value. Expected a value >= 1, but got ${count} instead.`,
    );
  }
  if (count > MOST_TOKENS) {
    throw badRequest(
      name,
      `Invalid '${name}': integer above maximum value. Expected a value <= ${MOST_TOKENS}, but got ${count} instead.`,
    );
  }
  return count;
}

/** The larger of two limits of one answer, of which either may be missing. */
export function largerLimit(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

/** Reads what routing, admission and accounting need. Throws GatewayError bad_request, operator_only or not_enforced. */
export function readChatRequest(body: Buffer | undefined): ChatRequest {
  const scan = scanBody(body);
  const { ignored, ours } = keptBack(scan);
  return {
    scan,
    model: readModel(scan),
    streamed: readFlag(scan, 'stream'),
    streamOptions: readStreamOptions(scan),
    user: readUser(scan),
    maxTokens: largerLimit(readCount(scan, 'max_completion_tokens'), readCount(scan, 'max_tokens')),
    choices: readCount(scan, 'n'),
    stored: scan.has('store') && readMember(scan, 'store') === true,
    ignored,
    ours,
  };
}

/** The messages, parsed; their text when they are no JSON, of which the scan of the body looks at brackets alone. */
export function messagesOf({ scan }: ChatRequest): unknown {
  const member = scan.find('messages');
  if (member === undefined) return null;
  try {
    return memberValue(scan, member);
  } catch {
    return scan.bytes.toString('utf8', member.valueStart, member.valueEnd);
  }
}
