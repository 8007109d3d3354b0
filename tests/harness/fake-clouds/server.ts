import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One request to a fake. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The JSON, or the form, that came along. */
  readonly body: unknown;
}

/** What a fake answers. */
export interface Told {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A fake that listens on loopback. */
export interface FakeServer extends AsyncDisposable {
  readonly url: string;
}

async function told(answer: (asked: Asked) => Told | Promise<Told>, asked: Asked): Promise<Told> {
  try {
    return await answer(asked);
  } catch (error) {
    return { status: 500, body: { error: { code: 'FakeFailed', message: (error as Error).message } } };
  }
}

/** Answers each request by `answer`; what that throws is the fake's own 500, so that no test takes it for an answer. */
export async function serve(
  answer: (asked: Asked) => Told | Promise<Told>,
  identity?: { cert: string; key: string },
): Promise<FakeServer> {
  const handler = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const raw = await text(incoming);
    const isJson = incoming.headers['content-type']?.includes('json') === true && raw !== '';
    const asked: Asked = {
      method: incoming.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: incoming.headers,
      body: isJson ? JSON.parse(raw) : new URLSearchParams(raw),
    };
    const { status, body, headers } = await told(answer, asked);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse) => void handler(incoming, response);
  const server = identity === undefined ? createHttpServer(listener) : createHttpsServer(identity, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${identity === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
