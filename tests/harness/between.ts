import { once } from 'node:events';
import {
  createServer as createHttpServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request that somebody sent on its way to an emulator. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** False for one that was answered or cut on the way. */
  passed: boolean;
}

/** What happens to a request instead of being passed on. */
export type Act =
  | { readonly kind: 'cut' }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

/** Stands between a client and an emulator, writes down what passes, and lets the test make trouble. */
export class Between implements AsyncDisposable {
  readonly seen: Passing[] = [];
  /** Asked about each request. */
  trouble: (request: Passing) => Act | undefined = () => undefined;
  readonly #server: Server;
  readonly #tls: boolean;

  private constructor(server: Server, tls: boolean) {
    this.#server = server;
    this.#tls = tls;
  }

  /** In front of the emulator on `port`; with an identity both sides speak TLS. */
  static async create(port: number, identity?: { cert: string; key: string }): Promise<Between> {
    const handler = (incoming: IncomingMessage, response: ServerResponse): void => {
      void between.#handle(incoming, response, port);
    };
    const server = identity === undefined ? createHttpServer(handler) : createHttpsServer(identity, handler);
    const between = new Between(server, identity !== undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return between;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    const passing: Passing = { method, path, headers, body: await buffer(incoming), passed: false };
    this.seen.push(passing);
    const act = this.trouble(passing);
    if (act?.kind === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (act?.kind === 'answer') {
      response.writeHead(act.status, act.headers).end(act.body);
      return;
    }
    passing.passed = true;
    const send = this.#tls ? httpsRequest : httpRequest;
    const onward = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => incoming.socket.destroy());
    onward.end(passing.body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    (this.#server as ReturnType<typeof createHttpServer>).closeAllConnections();
    await once(this.#server, 'close');
  }
}
