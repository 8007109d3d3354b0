import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { ClientReply } from './client-reply.ts';

async function received(body: Buffer): Promise<Response> {
  const server = createServer((_request, response) => {
    new ClientReply('call-1', response).send({ 'x-name': 'caf\u00e9' }, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return new Response(await answer.arrayBuffer(), answer);
  } finally {
    server.close();
  }
}

test.each([
  ['a small one with every byte there is', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['a small one in three alphabets', Buffer.from('{"text":"Zoë, Зоя, 佐江 \u{1f600}"}')],
  ['a large one', Buffer.from('佐江'.repeat(20_000))],
  ['an empty one', Buffer.alloc(0)],
])('an answer reaches the client byte for byte: %s', async (_what, body) => {
  const answer = await received(body);
  expect(answer.headers.get('content-length')).toBe(String(body.length));
  expect(answer.headers.get('x-name')).toBe('caf%C3%A9');
  expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
});
