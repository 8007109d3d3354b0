/**
 * The limit for anything written in Node: a server that hands every request on and every byte back, and
 * does nothing else. Usage: bare-server.ts PORT PROVIDER_PORT
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, type Dispatcher } from 'undici';

const [port, providerPort] = process.argv.slice(2).map(Number) as [number, number];
const agent = new Agent({ connections: 512, pipelining: 1, allowH2: false, keepAliveTimeout: 60_000 });
const hopByHop = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding']);

function forwarded(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !hopByHop.has(name)) kept[name] = value;
  }
  return kept;
}

function answerThrough(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller) => {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'));
      });
      response.on('drain', () => controller.resume());
    },
    onResponseStart: (_controller, status, headers) => {
      response.writeHead(status, forwarded(headers));
    },
    onResponseData: (controller, bytes) => {
      if (!response.write(bytes)) controller.pause();
    },
    onResponseEnd: () => {
      response.end();
    },
    onResponseError: () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    },
  };
}

function forward(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  agent.dispatch(
    {
      origin: `http://127.0.0.1:${providerPort}`,
      path: request.url ?? '/',
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: forwarded(request.headers),
      body,
    },
    answerThrough(response),
  );
}

createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () =>
    forward(request, parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), response),
  );
}).listen(port, '127.0.0.1');
