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

/** What happens to a request besides, or instead of, being passed on. */
export type Act =
  | { readonly kind: 'cut' }
  /** Passed on; the connection breaks before the answer is there. */
  | { readonly kind: 'lost' }
  /** Passed on; the answer is changed on its way. */
  | { readonly kind: 'changed'; readonly change: (body: string) => string }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

/** Stands between a client and all servers of a cloud, writes down what passes, and lets the test make trouble. */
export class Between implements AsyncDisposable {
  /** In the order in which they came, to whichever server. */
  readonly seen: Passing[] = [];
  /** Asked about each request. */
  trouble: (request: Passing) => Act | undefined = () => undefined;
  readonly #doors: Server[] = [];
  readonly #identity: { cert: string; key: string } | undefined;

  /** With an identity both sides speak TLS. */
  constructor(identity?: { cert: string; key: string }) {
    this.#identity = identity;
  }

  /** Stands before the server on that port of loopback, too. Returns the address for clients. */
  async before(port: number): Promise<string> {
    const handler = (incoming: IncomingMessage, response: ServerResponse): void => {
      void this.#handle(incoming, response, port);
    };
    const identity = this.#identity;
    const door = identity === undefined ? createHttpServer(handler) : createHttpsServer(identity, handler);
    this.#doors.push(door);
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
    const { port: own } = door.address() as AddressInfo;
    return `${identity === undefined ? 'http' : 'https'}://127.0.0.1:${own}`;
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
    const send = this.#identity === undefined ? httpRequest : httpsRequest;
    const onward = send({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      void this.#answer(answer, response, act);
    });
    onward.on('error', () => incoming.socket.destroy());
    onward.end(passing.body);
  }

  async #answer(answer: IncomingMessage, response: ServerResponse, act: Act | undefined): Promise<void> {
    const { statusCode = 502, headers } = answer;
    if (act?.kind === 'lost') {
      await buffer(answer);
      response.socket?.destroy();
    } else if (act?.kind === 'changed') {
      const body = act.change((await buffer(answer)).toString());
      const { 'content-length': _, ...others } = headers;
      response.writeHead(statusCode, others).end(body);
    } else {
      response.writeHead(statusCode, headers);
      answer.pipe(response);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const door of this.#doors) {
      door.close();
      (door as ReturnType<typeof createHttpServer>).closeAllConnections();
      await once(door, 'close');
    }
  }
}
