import type { WritableHeaders } from '../http/call-reply.ts';
import { GatewayError } from '../http/errors.ts';
import { passHeaders } from './answer-headers.ts';
import { AnswerFault, type AnswerHeaders } from './http/answer-parser.ts';
import type { StreamFault } from './sse-splice.ts';

const MAX_MESSAGE = 2000;

/** The envelope's type for a status that a provider answered with. */
function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'throttling_error';
  return status >= 500 ? 'internal_server_error' : 'invalid_request_error';
}

const CLASSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  408: 'Timeout',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
  500: 'InternalServerError',
  502: 'BadGatewayError',
  503: 'ServiceUnavailableError',
};

/** LiteLLM's name for a kind of failure, as spend rows hold it. */
export function errorClass(status: number): string {
  return CLASSES[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError');
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Providers put their message in one of a few places. */
function messageOf(body: unknown, text: string): string {
  const error = isObject(body) ? (body.error ?? body) : undefined;
  const candidates = isObject(error) ? [error.message, error.detail, error.error] : [error];
  const message = candidates.find((candidate) => typeof candidate === 'string' && candidate !== '');
  if (typeof message === 'string') return message.slice(0, MAX_MESSAGE);
  return text.trim() === '' ? 'the provider gave no reason' : text.trim().slice(0, MAX_MESSAGE);
}

/** What a provider names things by; whatever else stands there may be a quotation. */
const NAME = /^[\w.-]{1,64}$/;

/** That a provider has refused, and what it calls the reason, without its words. */
function refusal(provider: string, status: number, { type, code }: JsonObject): string {
  const names = [type, code].filter((name) => typeof name === 'string' && NAME.test(name));
  return `The provider '${provider}' answered ${[status, ...new Set(names)].join(', ')}`;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly text: string;
  readonly provider: string;
  /** Struck out wherever the provider quotes it. */
  readonly apiKey: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error that a provider answered, with its status, its message and its own members beside ours. */
export function providerError({
  status,
  text,
  provider,
  apiKey,
  headers = {},
}: ProviderAnswer): GatewayError {
  const shown = apiKey === null ? text : text.replaceAll(apiKey, '***');
  const body = parsed(shown);
  const own = isObject(body) && isObject(body.error) ? body.error : isObject(body) ? body : {};
  return new GatewayError('upstream', messageOf(body, shown), {
    status,
    type: typeOf(status),
    headers,
    providerSpecificFields: { ...own, llm_provider: provider },
    ownWords: refusal(provider, status, own),
  });
}

/** The status that an error object inside an answer or a stream claims; 502 when it claims none. */
export function claimedStatus(error: unknown): number {
  const claimed = isObject(error) ? Number(error.code ?? error.status) : Number.NaN;
  return claimed >= 400 && claimed <= 599 && Number.isInteger(claimed) ? claimed : 502;
}

/** An answer that is not what the protocol says. */
export function garbled(provider: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream', `The provider '${provider}' ${what}`, { cause });
}

/** An answer that is right and larger than the operator lets through. Nobody is to ask for it again: it costs as much each time. */
export function answerTooLarge(provider: string, mostBytes: number): GatewayError {
  const most = `${mostBytes} bytes, which is general_settings.max_response_size_mb`;
  return new GatewayError('answer_too_large', `The provider '${provider}' answered more than ${most}`);
}

interface Source {
  readonly provider: string;
  readonly apiKey: string | null;
}

interface RefusingAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly text: string;
}

/** The error of an answer whose status says that it is one. */
export function answeredError(answer: RefusingAnswer, { provider, apiKey }: Source): GatewayError {
  const { status, headers, text } = answer;
  if (status < 400) return garbled(provider, `answered with a redirect (${status})`);
  const retryAfter = headers.get('retry-after');
  const passed: WritableHeaders = new Map();
  passHeaders(headers, passed);
  if (retryAfter !== undefined) passed.set('retry-after', retryAfter);
  return providerError({ status, text, provider, apiKey, headers: Object.fromEntries(passed) });
}

/** The error of a stream that breaks off, or in which the provider reports one. */
export function streamError(fault: StreamFault, { provider, apiKey }: Source): GatewayError {
  if (fault.providerError === null) return garbled(provider, fault.message, fault);
  const status = claimedStatus(JSON.parse(fault.providerError));
  return providerError({ status, text: `{"error":${fault.providerError}}`, provider, apiKey });
}

const TIMEOUTS = new Set(['ANSWER_TIMEOUT', 'CONNECT_TIMEOUT', 'ETIMEDOUT']);
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CONNECT_TIMEOUT',
]);

const BROKEN = new Set(['ECONNRESET', 'EPIPE']);

function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  // Node tries every address of a name and reports the failures together.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return (first as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** Whether a call certainly did not reach the provider, so that it may go to another deployment. */
export function neverSent(error: Error): boolean {
  return NEVER_SENT.has(codeOf(error));
}

/** A failure of the connection to a provider, without its address: that is the operator's. */
export function connectionError(provider: string, error: Error): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) {
    return new GatewayError('upstream_timeout', `The provider '${provider}' did not answer in time`, {
      providerSpecificFields: { type: 'timeout', llm_provider: provider },
      cause: error,
    });
  }
  if (error instanceof AnswerFault)
    return garbled(provider, `answered what is no HTTP: ${error.message}`, error);
  if (code === 'CLOSED') return garbled(provider, 'closed the connection', error);
  const what = BROKEN.has(code) ? 'closed the connection' : 'cannot be reached';
  return garbled(provider, `${what}${code === '' ? '' : ` (${code})`}`, error);
}
