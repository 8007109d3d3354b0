import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { NO_HEADERS } from './call-reply.ts';
import { ClientReply } from './client-reply.ts';
import { GatewayError } from './errors.ts';

async function serve(answer: (client: ClientReply) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => answer(new ClientReply('call-1', response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function received(answer: (client: ClientReply) => void): Promise<Response> {
  const { server, url } = await serve(answer);
  try {
    const got = await fetch(url);
    return new Response(await got.arrayBuffer(), got);
  } finally {
    server.close();
  }
}

test.each([
  ['a small one with every byte there is', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['a small one in three alphabets', Buffer.from('{"text":"Zo\u00eb, Зоя, 佐江 \u{1f600}"}')],
  ['a large one', Buffer.from('佐江'.repeat(20_000))],
  ['an empty one', Buffer.alloc(0)],
])('an answer reaches the client byte for byte: %s', async (_what, body) => {
  const answer = await received((client) => client.send(new Map([['x-name', 'caf\u00e9']]), body));
  expect(answer.headers.get('content-length')).toBe(String(body.length));
  expect(answer.headers.get('x-name')).toBe('caf%C3%A9');
  expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
});

describe('a stream reaches the client in order', () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const write = (client: ClientReply, text: string): boolean => client.write(Buffer.from(text));
  const unavailable = new GatewayError('upstream', 'it broke off');

  test.each<[string, (client: ClientReply) => Promise<void> | void, string]>([
    [
      'when all of it is ready in one turn',
      (client) => {
        write(client, 'a');
        write(client, 'b');
        client.end();
      },
      'ab',
    ],
    [
      'when it ends in the turn of its last piece',
      async (client) => {
        write(client, 'a');
        await turn();
        write(client, 'b');
        write(client, 'c');
        client.end();
      },
      'abc',
    ],
    [
      'when it ends in a turn of its own',
      async (client) => {
        write(client, 'a');
        await turn();
        client.end('z');
      },
      'az',
    ],
    [
      'when it fails in the turn of its last piece',
      async (client) => {
        write(client, 'a');
        await turn();
        write(client, 'b');
        client.fail(unavailable, NO_HEADERS);
      },
      `abdata: ${JSON.stringify(unavailable.envelope())}\n\n`,
    ],
  ])('%s', async (_when, answer, text) => {
    const { body, headers } = await received((client) => {
      client.begin(new Map([['content-type', 'text/event-stream']]));
      void answer(client);
    });
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(await new Response(body).text()).toBe(text);
  });

  test('and its end, with the pieces of that turn, leaves behind what was deferred before it', async () => {
    const order: string[] = [];
    const server = createServer((_request, response) => {
      const client = new ClientReply('call-1', response);
      const sent = response.end.bind(response) as (piece: Buffer) => typeof response;
      response.write = () => Boolean(order.push('a piece alone'));
      response.end = ((piece: Buffer) => {
        order.push(`end: ${piece}`);
        return sent(piece);
      }) as typeof response.end;
      client.begin(NO_HEADERS);
      client.write(Buffer.from('last'));
      setImmediate(() => order.push('deferred'));
      client.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(await answer.text()).toBe('last');
      expect(order).toEqual(['deferred', 'end: last']);
    } finally {
      server.close();
    }
  });

  test('and a client that does not read is waited for', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const full = Promise.withResolvers<void>();
    const send = async (client: ClientReply): Promise<void> => {
      client.begin(NO_HEADERS);
      for (let count = 0; count < 20; count++) {
        if (client.write(piece)) {
          await turn();
          continue;
        }
        const drained = new Promise<void>((resolve) => client.onDrain(resolve));
        full.resolve();
        await drained;
      }
      client.end();
    };
    const { server, url } = await serve((client) => void send(client));
    const [response] = (await once(get(url), 'response')) as [IncomingMessage];
    await full.promise;
    expect((await buffer(response)).length).toBe(20 * piece.length);
    server.close();
  });
});
