/** How much one address may do at once, and which address that is. */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, type EdgeRequest, tlsTo } from '../harness/edge-client.ts';
import { EdgeOperator } from '../harness/edge-operator.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { Upstream } from '../harness/upstream.ts';

const STREAMS = 250;
const { outside } = addresses;

let edge: Edge;
let operator: EdgeOperator;
let upstream: Upstream;
const seen: IncomingHttpHeaders[] = [];
/** Calls that wait for each other: all are answered once there are this many. */
let together = 1;
let waiting: (() => void)[] = [];

beforeAll(async () => {
  edge = await Edge.create();
  upstream = await Upstream.start(edge, (request, response) => {
    seen.push(request.headers);
    if (request.url === '/v1/busy') response.writeHead(429);
    waiting.push(() => response.end('from the gateway'));
    if (waiting.length < together) return;
    for (const answer of waiting) answer();
    waiting = [];
  });
  operator = await EdgeOperator.install(edge);
});

afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await edge?.[Symbol.asyncDispose]();
});

beforeEach(() => {
  together = 1;
  waiting = [];
  seen.length = 0;
});

/** So many calls as streams of one HTTP/2 connection, at once; resolves to their statuses. */
async function streams(count: number): Promise<number[]> {
  const tls = await tlsTo(edge, { ALPNProtocols: ['h2'] });
  const session = connectHttp2('https://edge', { createConnection: () => tls });
  try {
    await once(session, 'remoteSettings');
    const calls = Array.from({ length: count }, async () => {
      const stream = session.request({ ':path': '/v1/models' });
      const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
      stream.resume();
      return headers[':status'] ?? 0;
    });
    return await Promise.all(calls);
  } finally {
    session.destroy();
  }
}

const statuses = (count: number, more: EdgeRequest = {}): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, async () => (await ask(edge, '/v1/models', more)).status));

const counted = (all: readonly number[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(all, String)].map(([status, members]) => [status, members.length]));

test(`${STREAMS} streams of one connection are all at the gateway at the same time`, async () => {
  together = STREAMS;
  expect(counted(await streams(STREAMS))).toEqual({ 200: STREAMS });
});

test(`${STREAMS} connections of one back end are, too`, async () => {
  together = STREAMS;
  expect(counted(await statuses(STREAMS))).toEqual({ 200: STREAMS });
});

describe('with limits of an operator', () => {
  afterAll(() => operator.access(['limits', '--default']));

  test('each stream counts as one connection', async () => {
    await operator.access(['limits', '--connections', '8']);
    together = 8;
    const all = counted(await streams(12));
    expect(all).toEqual({ 200: 8, 429: 4 });
  });

  test('what is over the limit is 429 in the error envelope, with a time to wait, and not at the gateway', async () => {
    await operator.access(['limits', '--requests', '40']);
    const answers = await Promise.all(Array.from({ length: 120 }, () => ask(edge, '/health/readiness')));
    const over = answers.filter(({ status }) => status === 429);
    expect(over.length).toBeGreaterThan(0);
    expect(seen.length).toBe(answers.length - over.length);
    for (const { headers, text } of over) {
      expect(headers['retry-after']).toBe('1');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(JSON.parse(text)).toMatchObject({ error: { type: 'rate_limit_error', code: '429' } });
    }
  });

  test('another address has its own', async () => {
    const [one, other] = await Promise.all([statuses(100), statuses(3, { family: 'ipv6' })]);
    expect(one).toContain(429);
    expect(other).toEqual([200, 200, 200]);
  });

  test("the gateway's own 429 passes untouched", async () => {
    const answer = await ask(edge, '/v1/busy', { family: 'ipv6' });
    expect(answer).toMatchObject({ status: 429, text: 'from the gateway' });
    expect(answer.headers).not.toHaveProperty('retry-after');
  });
});

describe('an IPv6 network is one customer', () => {
  const prefix = '2001:db8:1';
  // 0x0a is a newline, which the patterns that cut the network out must not stop at.
  const siblings = [outside.ipv6, `${prefix}:0:a0a:a:0:a`, `${prefix}::ffff:c633:640a`];
  const neighbour = `${prefix}:1::10`;
  const from = (address: string): EdgeRequest => ({ family: 'ipv6', from: address });

  beforeAll(async () => {
    for (const address of [...siblings.slice(1), neighbour]) await edge.sandbox.network.adopt(address);
  });
  afterAll(() => operator.access(['limits', '--default']));

  test('its addresses share the requests, and the next network has its own', async () => {
    await operator.access(['limits', '--requests', '5']);
    // For one address alone these are within the burst.
    const shared = await Promise.all(siblings.map((address) => statuses(5, from(address))));
    expect(shared.flat()).toContain(429);
    expect(counted(await statuses(5, from(neighbour)))).toEqual({ 200: 5 });
  });

  test('and the connections', async () => {
    await operator.access(['limits', '--default']);
    await operator.access(['limits', '--connections', '8']);
    // Nobody is answered before everybody has called.
    together = Number.POSITIVE_INFINITY;
    let refused = 0;
    const call = async (address: string): Promise<number> => {
      const { status } = await ask(edge, '/v1/models', from(address));
      if (status === 429) refused++;
      return status;
    };
    const calls = siblings.flatMap((address) => Array.from({ length: 4 }, () => call(address)));
    await expect.poll(() => [waiting.length, refused], { timeout: 20_000 }).toEqual([8, 4]);
    for (const answer of waiting) answer();
    expect(counted(await Promise.all(calls))).toEqual({ 200: 8, 429: 4 });
  });
});

describe('behind a proxy', () => {
  const via = (client: string): EdgeRequest => ({ headers: { 'x-forwarded-for': client } });
  const logged = (): string => edge.read('/var/log/nginx/access.log').trimEnd().split('\n').at(-1) ?? '';

  test('a header from an address that nobody trusts is not believed', async () => {
    await ask(edge, '/v1/models', via('203.0.113.9'));
    expect(seen[0]?.['x-forwarded-for']).toBe(outside.ipv4);
    await expect.poll(logged).toMatch(new RegExp(`^${outside.ipv4} `));
  });

  describe('that is trusted', () => {
    beforeAll(async () => {
      await operator.access(['proxies', 'trust', '198.51.100.0/24']);
      await operator.access(['allow', 'admin', '203.0.113.9']);
    });

    test.each([
      ['the client that it names', '203.0.113.9', '203.0.113.9'],
      ['the nearest one that is no proxy', '10.9.9.9, 203.0.113.9, 198.51.100.77', '203.0.113.9'],
      ['an IPv6 client', '2001:db8:9::9', '2001:db8:9::9'],
      ['itself where the name is nonsense', 'localhost; deny all', outside.ipv4],
    ])('it is believed: %s reaches gateway and log', async (_what, header, client) => {
      await ask(edge, '/v1/models', via(header));
      expect(seen[0]?.['x-forwarded-for']).toBe(client);
      await expect.poll(logged).toMatch(new RegExp(`^${client} `));
    });

    test('access lists see the client, not the proxy', async () => {
      expect((await ask(edge, '/ui', via('203.0.113.9'))).status).toBe(200);
      expect((await ask(edge, '/ui', via('203.0.113.10'))).status).toBe(403);
      expect((await ask(edge, '/ui', { ...via('203.0.113.9'), family: 'ipv6' })).status).toBe(403);
    });

    test('limits see the client, not the proxy', async () => {
      await operator.access(['limits', '--requests', '10']);
      expect(await statuses(60, via('203.0.113.9'))).toContain(429);
      expect((await ask(edge, '/v1/models', via('203.0.113.10'))).status).toBe(200);
    });

    test.each([
      [
        'clients of one IPv6 network are one',
        ['2001:db8:9::9', '2001:db8:9::a:9', '2001:db8:9::ffff:9'],
        '2001:db8:9:1::9',
      ],
      [
        'IPv4 is the same, however it is written',
        ['203.0.113.20', '::ffff:203.0.113.20', '::ffff:cb00:7114'],
        '::ffff:203.0.113.21',
      ],
    ])('for limits %s', async (_what, same, other) => {
      await operator.access(['limits', '--requests', '5']);
      const shared = await Promise.all(same.map((each) => statuses(5, via(each))));
      expect(shared.flat()).toContain(429);
      expect(counted(await statuses(5, via(other)))).toEqual({ 200: 5 });
    });
  });
});
