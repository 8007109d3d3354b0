/**
 * A strict OpenAI-compatible provider over real HTTP(S). By default it answers every right request; a script makes it
 * fail in one of many ways, once per entry. Also a program: `node tests/harness/fake-provider.ts --help`.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { completion, events, type Produced, produce } from './fake-provider-answers.ts';
import { type ChatBody, headViolation, readChatBody, type Violation } from './fake-provider-rules.ts';

/** What the provider does with one request instead of answering it plainly. */
export type Act =
  /** Answers, in pieces of so many bytes, with so long a pause before each event, or each event when the test allows it. */
  | { readonly kind: 'answer'; readonly pieceBytes?: number; readonly pauseMs?: number; readonly gate?: Gate }
  /** Answers an error (or anything else) at once. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Breaks the connection after so many events of a stream. */
  | { readonly kind: 'cut'; readonly afterEvents: number }
  /** Ends a stream cleanly after so many events, before its end. */
  | { readonly kind: 'stop'; readonly afterEvents: number }
  /** Answers these bytes with status 200. */
  | { readonly kind: 'raw'; readonly body: string; readonly contentType?: string }
  /** Never answers. */
  | { readonly kind: 'hang' };

/** Lets events through one at a time, when the test says so. */
export class Gate {
  #open = 0;
  #waiting: (() => void)[] = [];

  /** Lets one more event through. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#open++;
    else next();
  }

  async pass(): Promise<void> {
    if (this.#open > 0) {
      this.#open--;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export interface RecordedRequest {
  readonly headers: IncomingMessage['headers'];
  /** The body's text; empty when the head was refused. */
  readonly text: string;
  readonly body: ChatBody | null;
  readonly produced: Produced | null;
  /** What was wrong with the request; null when nothing was. */
  readonly violation: Violation | null;
  /** Resolves when the connection's answer is over: whether the gateway waited for its end. */
  readonly closed: Promise<'complete' | 'aborted'>;
}

export interface FakeProviderOptions {
  readonly apiKey?: string;
  readonly host?: string;
  readonly port?: number;
  /** Where to listen instead: a handle from a network of the test's own. */
  readonly handle?: Server;
  /** Path of the API (default `/v1`). */
  readonly basePath?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface FakeProvider extends AsyncDisposable {
  /** What an operator would write as `api_base`. */
  readonly url: string;
  readonly apiKey: string;
  readonly requests: readonly RecordedRequest[];
  /** Waits until so many requests have come in all, and gives the last of them. */
  request(count: number): Promise<RecordedRequest>;
  /** Says what to do with the next requests, one act each. */
  script(...acts: readonly Act[]): void;
  close(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Provider {
  readonly requests: RecordedRequest[] = [];
  readonly acts: Act[] = [];
  readonly #path: string;
  readonly #apiKey: string;
  #watchers: (() => void)[] = [];

  constructor(path: string, apiKey: string) {
    this.#path = path;
    this.#apiKey = apiKey;
  }

  async arrived(count: number): Promise<RecordedRequest> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
    return this.requests[count - 1] as RecordedRequest;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wanted = { path: `${this.#path}/chat/completions`, apiKey: this.#apiKey };
    const closed = once(response, 'close').then(() => (response.writableFinished ? 'complete' : 'aborted'));
    const text = await readText(request);
    const head = headViolation(request.method ?? '', request.url ?? '', request.headers, wanted);
    const read = head ?? readChatBody(text);
    const record: Mutable<RecordedRequest> = {
      headers: request.headers,
      text,
      body: null,
      produced: null,
      violation: null,
      closed: closed as RecordedRequest['closed'],
    };
    if ('status' in read) record.violation = read;
    else {
      record.body = read;
      record.produced = produce(read, this.requests.length + 1);
    }
    this.requests.push(record);
    for (const watcher of this.#watchers.splice(0)) watcher();
    await this.#act(this.acts.shift() ?? { kind: 'answer' }, record, response);
  }

  async #act(
    act: Act,
    { violation, body, produced }: RecordedRequest,
    response: ServerResponse,
  ): Promise<void> {
    if (violation !== null || body === null || produced === null) {
      refuse(response, violation);
      return;
    }
    response.setHeader('x-request-id', `req_${produced.id}`);
    response.setHeader('x-ratelimit-remaining-requests', '41');
    response.setHeader('set-cookie', 'provider=1');
    switch (act.kind) {
      case 'hang':
        return;
      case 'status':
        response.writeHead(act.status, { 'content-type': 'application/json', ...act.headers });
        response.end(act.body);
        return;
      case 'raw':
        response.writeHead(200, { 'content-type': act.contentType ?? 'application/json' });
        response.end(act.body);
        return;
      default:
        if (body.stream)
          await stream(act, events(produced, body.stream_options?.include_usage === true), response);
        else await whole(act, completion(produced), response);
    }
  }
}

function refuse(response: ServerResponse, violation: Violation | null): void {
  const { status, message, param } = violation ?? { status: 500, message: 'no violation', param: null };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'invalid_request_error', param, code: null } }));
}

type Answering = Extract<Act, { kind: 'answer' | 'cut' | 'stop' }>;

async function whole(act: Answering, body: string, response: ServerResponse): Promise<void> {
  if (act.kind === 'answer' && act.gate) await act.gate.pass();
  if (act.kind === 'answer' && act.pauseMs) await sleep(act.pauseMs);
  response.writeHead(200, { 'content-type': 'application/json' });
  if (act.kind === 'answer') response.end(body);
  else {
    response.write(body.slice(0, body.length / 2));
    response.destroy();
  }
}

async function stream(act: Answering, list: readonly string[], response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
  for (const [index, event] of list.entries()) {
    if (act.kind !== 'answer' && index === act.afterEvents) {
      if (act.kind === 'cut') response.destroy();
      else response.end();
      return;
    }
    if (act.kind === 'answer' && act.gate) await act.gate.pass();
    if (act.kind === 'answer' && act.pauseMs) await sleep(act.pauseMs);
    if (response.destroyed) return;
    await writePieces(response, Buffer.from(event), act.kind === 'answer' ? act.pieceBytes : undefined);
  }
  response.end();
}

/** Writes in pieces that leave the process one by one. */
async function writePieces(
  response: ServerResponse,
  bytes: Buffer,
  pieceBytes = bytes.length,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    await new Promise<void>((resolve) =>
      response.write(bytes.subarray(at, at + pieceBytes), () => resolve()),
    );
  }
}

/** Starts the provider on a free loopback port unless told otherwise. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const { apiKey = 'sk-fake-provider', host = '127.0.0.1', port = 0, basePath = '/v1', tls } = options;
  const provider = new Provider(basePath, apiKey);
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    provider.handle(request, response).catch((error: Error) => response.destroy(error));
  };
  const server = tls === undefined ? createHttpServer(handle) : createHttpsServer(tls, handle);
  server.listen(options.handle ?? { host, port });
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${bound}${basePath}`,
    apiKey,
    requests: provider.requests,
    request: (count) => provider.arrived(count),
    script: (...acts) => provider.acts.push(...acts),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const USAGE = `Usage: fake-provider --api-key KEY [--host 127.0.0.1] [--port 0] [--base-path /v1] [--tls-cert FILE --tls-key FILE]

Prints its address as one line of JSON, then one line per request: what it counted, or what was wrong.
`;

/** Runs it as a program until SIGTERM. */
async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'api-key': { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      'base-path': { type: 'string', default: '/v1' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { 'api-key': apiKey, 'tls-cert': cert, 'tls-key': key } = values;
  if (values.help || apiKey === undefined || (cert === undefined) !== (key === undefined)) {
    process.stderr.write(USAGE);
    process.exitCode = values.help ? 0 : 64;
    return;
  }
  const tls =
    cert && key ? { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } } : {};
  const provider = await startFakeProvider({
    apiKey,
    host: values.host,
    port: Number(values.port),
    basePath: values['base-path'],
    ...tls,
  });
  const print = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
  process.once('SIGTERM', () => process.exit(0)).once('SIGINT', () => process.exit(0));
  print({ url: provider.url });
  for (let count = 1; ; count++) {
    const { produced, violation, body } = await provider.request(count);
    print({
      id: produced?.id ?? null,
      stream: body?.stream ?? false,
      usage: produced?.usage ?? null,
      violation,
    });
  }
}

if (import.meta.main) await main(process.argv.slice(2));
