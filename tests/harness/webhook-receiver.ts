import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fencesOf, textOf } from '../docs/pages.ts';

const PAGE = 'docs/operator/alerts.md';

type Check = (headers: IncomingMessage['headers'], body: Buffer, secret: string) => boolean;

/** The check of the signature that the operator's guide shows, as it stands there. */
async function checkOfGuide(): Promise<Check> {
  const [fence] = fencesOf(PAGE, textOf(PAGE)).filter(({ language }) => language === 'js');
  if (fence === undefined) throw new Error(`${PAGE} shows no check of the signature`);
  const module = await import(`data:text/javascript,${encodeURIComponent(fence.text)}`);
  return module.isFromGateway;
}

/** One message that has come in, whatever it was answered with. */
export interface Received {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
  readonly event: Readonly<Record<string, unknown>>;
}

export interface ReceiverAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body goes on and on. */
  readonly endless?: boolean;
}

const TAKEN: ReceiverAnswer = { status: 204 };

export interface ReceiverOptions {
  readonly secret: string;
  /** The clock of whoever sends, in epoch milliseconds, where that is not this machine's. */
  readonly clock?: () => number;
}

/** The operator's webhook: refuses with 401, and remembers why, whatever is not exactly as the guide says. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly faults: string[] = [];
  readonly #options: ReceiverOptions;
  readonly #check: Check;
  readonly #server: Server;
  readonly #watchers = new Set<() => void>();
  #answers: ReceiverAnswer[] = [];

  private constructor(check: Check, options: ReceiverOptions) {
    this.#check = check;
    this.#options = options;
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(options: ReceiverOptions): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(await checkOfGuide(), options);
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alerts?token=hush`;
  }

  /** What the next messages are answered with; all others are taken. */
  script(...answers: readonly ReceiverAnswer[]): void {
    this.#answers = [...answers];
  }

  /** Messages that fit, when there are so many of them. */
  async messages(count: number, fits: (message: Received) => boolean = () => true): Promise<Received[]> {
    for (;;) {
      const found = this.received.filter(fits);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** What is wrong with a message; null for nothing. */
  #fault({ method, url, headers }: IncomingMessage, body: Buffer): string | null {
    if (method !== 'POST' || url !== '/alerts?token=hush') return `${method} ${url}`;
    if (headers['content-type'] !== 'application/json') return `content-type ${headers['content-type']}`;
    const [id, timestamp] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
    if (!/^msg_[0-9a-f-]{36}$/.test(id) || !/^\d{10}$/.test(timestamp)) return `id ${id}, time ${timestamp}`;
    if (!this.#signed(headers, body)) return `signature ${headers['webhook-signature']}`;
    const before = this.received.find((message) => message.id === id);
    return before === undefined || before.body === body.toString() ? null : `another body of ${id}`;
  }

  /** The guide's check looks at the clock: for a sender with one of its own it is that. */
  #signed(headers: IncomingMessage['headers'], body: Buffer): boolean {
    const { secret, clock } = this.#options;
    const { now } = Date;
    if (clock !== undefined) Date.now = clock;
    try {
      return this.#check(headers, body, secret) && !this.#check(headers, Buffer.from(`${body} `), secret);
    } finally {
      Date.now = now;
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const fault = this.#fault(request, body);
    if (fault === null) {
      const { 'webhook-id': id, 'webhook-timestamp': timestamp } = request.headers;
      const text = body.toString();
      this.received.push({
        id: String(id),
        timestamp: Number(timestamp),
        body: text,
        event: JSON.parse(text),
      });
    } else this.faults.push(fault);
    const { status, headers, endless } = fault === null ? (this.#answers.shift() ?? TAKEN) : { status: 401 };
    response.writeHead(status, headers);
    if (endless) this.#goOn(response);
    else response.end();
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  #goOn(response: ServerResponse): void {
    if (response.destroyed) return;
    response.write(Buffer.alloc(8192), () => this.#goOn(response));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
