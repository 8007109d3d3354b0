/** Bytes pass the edge as they come, in both directions. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { open, tlsTo } from '../harness/edge-client.ts';
import { Edge } from '../harness/nginx.ts';
import { Upstream } from '../harness/upstream.ts';

let edge: Edge;
let upstream: Upstream | undefined;

beforeAll(async () => {
  edge = await Edge.create();
  return () => edge[Symbol.asyncDispose]();
});

afterEach(async () => {
  await upstream?.[Symbol.asyncDispose]();
  upstream = undefined;
});

test('each chunk of an answer arrives before the next one is made', async () => {
  const answering = Promise.withResolvers<ServerResponse>();
  upstream = await Upstream.start(edge, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    answering.resolve(response);
  });
  const client = await open(edge, '/v1/chat/completions', { method: 'POST', body: '{}' });
  const response = await answering.promise;
  for (const chunk of ['data: 1\n\n', 'data: 2\n\n', 'data: [DONE]\n\n']) {
    const arrived = once(client, 'data');
    response.write(chunk);
    expect(String((await arrived)[0])).toBe(chunk);
  }
  response.end();
});

test('each chunk of a request arrives before the next one is sent', async () => {
  const received: string[] = [];
  const progress = Promise.withResolvers<void>();
  upstream = await Upstream.start(edge, (request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => {
      received.push(chunk);
      progress.resolve();
    });
    request.once('end', () => response.end('done'));
  });
  const socket = await tlsTo(edge);
  const request = httpRequest({
    createConnection: () => socket,
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { host: 'edge', 'transfer-encoding': 'chunked' },
  });
  const answered = once(request, 'response');
  request.write('one');
  await progress.promise;
  expect(received).toEqual(['one']);
  request.end('two');
  await answered;
  expect(received.join('')).toBe('onetwo');
  socket.destroy();
});

test('a client that leaves ends the call at the gateway', async () => {
  const left = Promise.withResolvers<void>();
  upstream = await Upstream.start(edge, (_request, response) => {
    response.write('first');
    response.once('close', left.resolve);
  });
  const client = await open(edge, '/v1/chat/completions', { method: 'POST', body: '{}' });
  client.destroy();
  await expect(left.promise).resolves.toBeUndefined();
});

test('a gateway that answers before it has read the body is heard', async () => {
  upstream = await Upstream.start(edge, (_request, response) => {
    response.writeHead(401).end('no key');
  });
  const body = Buffer.alloc(8 * 1024 * 1024);
  const client = await open(edge, '/v1/chat/completions', { method: 'POST', body });
  expect(client.statusCode).toBe(401);
});
