import { Failure } from '../packer/index.ts';

/** What a cloud's library threw, read without a word of its text. */
export interface Said {
  readonly status?: number | undefined;
  /** Codes and names along the chain of causes, the outermost first. */
  readonly codes: readonly string[];
  /** The header Retry-After, as it came. */
  readonly retryAfter?: string | undefined;
  readonly message: string;
  readonly cause: unknown;
}

/** What the codes of a cloud mean, and what a person does there. */
export interface Dialect {
  /** How the cloud is called in messages. */
  readonly cloud: string;
  /** Finds status, code and header in what its library throws. */
  read(error: unknown): Pick<Said, 'status' | 'retryAfter'> & { readonly codes?: readonly string[] };
  /** Codes of credentials that are missing, wrong or over. */
  readonly credentials: ReadonlySet<string>;
  /** Codes of a cloud that wants to be asked later, beside 429 and 503. */
  readonly busy: ReadonlySet<string>;
  /** How a person signs in. */
  readonly signIn: string;
  /** What the account has to be allowed. */
  readonly rights: string;
}

/** `again`: later it may work. The others need a person. */
export type Trouble =
  | { readonly kind: 'again'; readonly waitMs: number | undefined }
  | { readonly kind: 'credentials' | 'forbidden' | 'other' };

/** Codes of Node, undici and the clouds' libraries for a connection that broke or never came to be. */
const BROKEN = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
  'REQUEST_SEND_ERROR',
  'PARSE_ERROR',
  'TimeoutError',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
const LATER = new Set([408, 429, 500, 502, 503, 504]);

/** Everything that is known of an error, by status, code and header. */
export function said(error: unknown, dialect: Dialect): Said {
  const { codes = [], ...read } = dialect.read(error);
  return {
    ...read,
    codes: [...codes, ...codesOf(error)],
    message: unsigned((error as Error).message),
    cause: error,
  };
}

/** What a cloud says, without the queries of addresses: one that is signed, or of an upload, is as good as a credential. */
export function unsigned(words: string): string {
  return words.replaceAll(/(\bhttps?:\/\/[^\s?"'<>]*)\?[^\s"'<>]*/g, '$1?...');
}

/** `nowMs` turns a Retry-After that is a date into a wait. */
export function troubleOf({ status, codes, retryAfter }: Said, dialect: Dialect, nowMs: number): Trouble {
  if (codes.some((code) => dialect.credentials.has(code))) return { kind: 'credentials' };
  const busy = codes.some((code) => dialect.busy.has(code)) || (status !== undefined && LATER.has(status));
  if (busy) return { kind: 'again', waitMs: waitOf(retryAfter, nowMs) };
  if (status === 401) return { kind: 'credentials' };
  if (status === 403) return { kind: 'forbidden' };
  if (status === undefined && codes.some((code) => BROKEN.has(code)))
    return { kind: 'again', waitMs: undefined };
  return { kind: 'other' };
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error; isThing(at) && !seen.has(at); at = at.cause) {
    seen.add(at);
    codes.push(...[at.code, at.name].filter((code): code is string => typeof code === 'string'));
    if (Array.isArray(at.errors)) codes.push(...at.errors.flatMap(codesOf));
  }
  return codes;
}

interface Thing {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null;
}

function waitOf(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** The one line for a person: what did not work, and what to do. */
export function failureOf(what: string, fault: Said, kind: Trouble['kind'], dialect: Dialect): Failure {
  const { status, codes, message, cause } = fault;
  const code = codes.find((name) => name !== 'Error' && name !== 'RestError') ?? 'no code';
  const answer = [status, code].filter((word) => word !== undefined).join(' ');
  const again = 'then run the same command again: it goes on where it stopped';
  const first = message.split('\n', 1)[0];
  switch (kind) {
    case 'credentials':
      return new Failure(
        `${what}: ${dialect.cloud} does not take the credentials, or they have expired (${answer})`,
        `${dialect.signIn}, ${again}`,
        { cause },
      );
    case 'forbidden':
      return new Failure(
        `${what}: ${dialect.cloud} does not allow it (${answer}): ${first}`,
        `give the account ${dialect.rights}, ${again}`,
        { cause },
      );
    case 'again':
      return new Failure(
        `${what}: ${dialect.cloud} cannot be reached, or is too busy (${answer}): ${first}`,
        `see that this machine reaches ${dialect.cloud}, ${again}`,
        { cause },
      );
    case 'other':
      return new Failure(
        `${what}: ${dialect.cloud} refused it (${answer}): ${first}`,
        `see what docs/publisher/publishing.md says of ${dialect.cloud}, mend it, ${again}`,
        { cause },
      );
  }
}
