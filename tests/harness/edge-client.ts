import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { Edge } from './nginx.ts';

export interface EdgeRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Speak plain HTTP to port 80. */
  readonly plain?: boolean;
  readonly family?: 'ipv4' | 'ipv6';
  /** The outside client's address of that family to call from, where it has several. */
  readonly from?: string;
  /** Name asked for in TLS and in Host; none means by address. */
  readonly name?: string;
}

export interface EdgeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A TLS connection to the edge. What certificate it shows is the test's to judge, not this client's. */
export async function tlsTo(edge: Edge, options: ConnectionOptions & EdgeRequest = {}): Promise<TLSSocket> {
  const socket = await edge.sandbox.connect(edge.facts.ports.https, options.family, options.from);
  const { name } = options;
  const tls = connectTls({
    socket,
    rejectUnauthorized: false,
    ...(name === undefined ? {} : { servername: name }),
    ...options,
  });
  await once(tls, 'secureConnect');
  return tls;
}

/** Sends one HTTP/1.1 request and returns as soon as the answer's head is there. */
export async function open(edge: Edge, path: string, options: EdgeRequest = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, plain = false, name = 'edge' } = options;
  const socket: Socket = plain
    ? await edge.sandbox.connect(edge.facts.ports.http, options.family, options.from)
    : await tlsTo(edge, options);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = httpRequest({
    createConnection: () => socket,
    method,
    path,
    headers: { host: name, connection: 'close', ...length, ...headers },
  });
  const answered = once(request, 'response');
  // An answer may come before the body has been read; what is still being sent then breaks off, and the answer stands.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await answered) as [IncomingMessage];
  return response;
}

/** Sends one HTTP/1.1 request and reads the whole answer. */
export async function ask(edge: Edge, path: string, options: EdgeRequest = {}): Promise<EdgeAnswer> {
  const response = await open(edge, path, options);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** GETs `path` over HTTP/2. */
export async function askHttp2(edge: Edge, path: string): Promise<{ status: number; text: string }> {
  const tls = await tlsTo(edge, { ALPNProtocols: ['h2'] });
  const session = connectHttp2('https://edge', { createConnection: () => tls });
  try {
    const stream = session.request({ ':path': path });
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    return { status: headers[':status'] ?? 0, text };
  } finally {
    session.close();
  }
}
