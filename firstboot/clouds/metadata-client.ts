import { isLinkLocalIpv6 } from '../addresses.ts';
import type { Clock } from './clock.ts';
import { MetadataError } from './metadata-error.ts';
import { askMetadata, type Endpoint, type MetadataAnswer, type Question } from './metadata-http.ts';

/** How metadata services are asked, and how patient we are with them. */
export interface MetadataAccess {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** For one answer, connection included. */
  readonly answerTimeoutMs: number;
  /** For one question. */
  readonly attempts: number;
  readonly pauseMs: number;
  /** For all questions and attempts together. */
  readonly overallTimeoutMs: number;
  /** The interfaces on which a link-local address of IPv6 can be reached. */
  links(): readonly string[];
}

/** A way to write values down, its name for people. */
export interface Format {
  readonly name: string;
  parse(text: string): unknown;
}

const json: Format = { name: 'JSON', parse: (text) => JSON.parse(text) };

/** The service is starting, throttling or in trouble: asking again may help. */
const PASSING = [404, 410, 429];
const OKAY = 200;
const NOT_FOUND = 404;

/**
 * Asks one cloud's metadata service, again where that may help and at its next address where nobody is at this one.
 * Every question throws MetadataError when it comes to nothing.
 */
export class MetadataClient {
  readonly #access: MetadataAccess;
  readonly #endpoints: readonly Endpoint[];
  readonly #deadline: AbortSignal;
  #at = 0;

  constructor(access: MetadataAccess, endpoints: readonly Endpoint[], deadline: AbortSignal) {
    this.#access = access;
    this.#endpoints = endpoints.flatMap((endpoint) => onEachLink(endpoint, access));
    this.#deadline = deadline;
  }

  text(question: Question): Promise<string> {
    return this.#patiently(question, (answer) => bodyOf(answer).trim());
  }

  parsed(question: Question, format = json): Promise<unknown> {
    return this.#patiently(question, (answer) => parsed(bodyOf(answer), format));
  }

  /** Where 404 is an answer, since the machine may not have it: undefined then. */
  textIfAny(question: Question): Promise<string | undefined> {
    return this.#patiently(question, (answer) => (isNone(answer) ? undefined : bodyOf(answer).trim()));
  }

  /** Where 404 is an answer, since the machine may not have it: undefined then. */
  parsedIfAny(question: Question, format = json): Promise<unknown> {
    return this.#patiently(question, (answer) =>
      isNone(answer) ? undefined : parsed(bodyOf(answer), format),
    );
  }

  async #patiently<T>(question: Question, read: (answer: MetadataAnswer) => T): Promise<T> {
    const { attempts, pauseMs, clock } = this.#access;
    for (let attempt = 1; ; attempt++) {
      try {
        return read(await this.#once(question));
      } catch (error) {
        if (!(error instanceof MetadataError)) throw error;
        if (!error.worthRetrying || attempt >= attempts || this.#deadline.aborted) throw error;
      }
      await clock.pause(pauseMs, this.#deadline).catch((cause) => {
        throw new MetadataError('no answer in time', { cause });
      });
    }
  }

  /** At one address after the other until somebody is there, who is asked first from then on. */
  async #once(question: Question): Promise<MetadataAnswer> {
    let nobody = new MetadataError('no interface is up');
    for (const _ of this.#endpoints) {
      try {
        return await this.#askAt(this.#endpoints[this.#at] as Endpoint, question);
      } catch (error) {
        if (!(error instanceof MetadataError && error.nobodyThere)) throw error;
        this.#at = (this.#at + 1) % this.#endpoints.length;
        nobody = error;
      }
    }
    throw nobody;
  }

  async #askAt(endpoint: Endpoint, question: Question): Promise<MetadataAnswer> {
    const { clock, connectTimeoutMs, answerTimeoutMs } = this.#access;
    using limit = clock.limit(answerTimeoutMs);
    const signal = AbortSignal.any([this.#deadline, limit.signal]);
    const answer = await askMetadata(endpoint, question, { clock, connectTimeoutMs, signal });
    const [header, value] = question.answeredWith ?? [];
    if (answer.status === OKAY && header !== undefined && answer.headers[header] !== value)
      throw new MetadataError(`an answer without ${header}`);
    return answer;
  }
}

/** What `asked` comes to, or undefined: for what is good to know and not worth losing the rest. */
export async function ifTold<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof MetadataError) return undefined;
    throw error;
  }
}

function isNone({ status }: MetadataAnswer): boolean {
  return status === NOT_FOUND;
}

function bodyOf({ status, text }: MetadataAnswer): string {
  if (status === OKAY) return text;
  throw new MetadataError(`status ${status}`, { worthRetrying: status >= 500 || PASSING.includes(status) });
}

function parsed(text: string, { name, parse }: Format): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new MetadataError(`the answer is not ${name}`, { worthRetrying: true, cause });
  }
}

/** A link-local address of IPv6 means something together with an interface only. */
function onEachLink(endpoint: Endpoint, { links }: MetadataAccess): Endpoint[] {
  const { host } = endpoint;
  if (!isLinkLocalIpv6(host)) return [endpoint];
  return links().map((link) => ({ ...endpoint, host: `${host}%${link}` }));
}
