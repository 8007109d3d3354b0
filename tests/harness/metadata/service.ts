import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { type FakeAnswer, type FakeCloud, refused } from './fake-cloud.ts';

/** What stands in place of an answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly body: string; readonly type?: string }
  | 'silence'
  | 'half-answer';

export interface ServiceOptions {
  /** For the first requests, whatever they ask for; the truth comes after them. */
  readonly faults?: readonly (Fault | 'truth')[];
  /** For every request that `faults` leaves. */
  readonly always?: Fault;
  /** Where to listen: in another network namespace, say. Unset: a free port of the loopback. */
  readonly handles?: readonly NetServer[];
  /** Told of every request that is left without an answer. */
  readonly onSilence?: () => void;
}

export interface FakeMetadataService extends AsyncDisposable {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** Every request so far, as `GET /path`. */
  readonly requests: readonly string[];
  /** Every request so far that the real service would have refused, with the reason. */
  readonly violations: readonly string[];
}

/** Which cloud somebody at this address is in; undefined: in none, where nobody answers. */
export type CloudOfClient = (address: string) => FakeCloud | undefined;

/**
 * Serves a cloud's metadata, or to each machine that of its own. Whatever the cloud, it takes only GET and PUT, and
 * nothing that was forwarded.
 */
export async function startMetadataService(
  cloud: FakeCloud | CloudOfClient,
  options: ServiceOptions = {},
): Promise<FakeMetadataService> {
  const requests: string[] = [];
  const violations: string[] = [];
  const faults = [...(options.faults ?? [])];
  const cloudOf = typeof cloud === 'function' ? cloud : () => cloud;

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const served = cloudOf(request.socket.remoteAddress ?? '');
    if (served === undefined) {
      request.socket.destroy();
      return;
    }
    const line = `${request.method} ${request.url}`;
    requests.push(line);
    const answer = answerOf(served, request);
    if (answer.violation !== undefined) violations.push(`${line}: ${answer.violation}`);
    const fault = answer.violation === undefined ? (faults.shift() ?? options.always) : undefined;
    if (fault === undefined || fault === 'truth') send(response, answer);
    else fail(response, fault, options);
  };

  const places = options.handles ?? [{ host: '127.0.0.1', port: 0 }];
  const servers = await Promise.all(places.map((place) => listen(createServer(serve), place)));
  return {
    endpoints: servers.map((server) => {
      const { address, port } = server.address() as AddressInfo;
      return { host: address, port };
    }),
    requests,
    violations,
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await close(server);
    },
  };
}

function answerOf(cloud: FakeCloud, request: IncomingMessage): FakeAnswer {
  const { method = '', headers } = request;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://metadata');
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined)
    return refused(403, 'it was forwarded');
  if (headers.host?.includes('%')) return refused(400, 'an interface in the header Host');
  if (method !== 'GET' && !(method === 'PUT' && ['aws', 'gcp'].includes(cloud.name)))
    return refused(405, `${method} is not served`);
  return cloud.answer({ method, path: pathname, query: searchParams, headers });
}

function send(response: ServerResponse, { status, type, body, headers, held }: FakeAnswer): void {
  if (held) return;
  response.writeHead(status, { 'content-type': type, ...headers }).end(body);
}

function fail(response: ServerResponse, fault: Fault, { onSilence }: ServiceOptions): void {
  if (fault === 'silence') {
    onSilence?.();
  } else if (fault === 'half-answer') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"network":{"interface":[');
    response.destroy();
  } else if ('status' in fault) {
    response.writeHead(fault.status, fault.headers).end('a fault of the test');
  } else {
    response.writeHead(200, { 'content-type': fault.type ?? 'text/html' }).end(fault.body);
  }
}

async function listen(server: Server, place: NetServer | { host: string; port: number }): Promise<Server> {
  server.listen(place);
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
