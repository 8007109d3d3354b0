import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createServer as createSecureServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { Authority } from '../../../tests/harness/authority.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { Destination } from './destination.ts';
import type { AnswerHandler, Sending } from './exchange.ts';
import { ProviderClient } from './provider-client.ts';

const BODY = Buffer.from('{"model":"m"}');
const answerOf = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A provider that says what it is told to say, and keeps what it hears, connection by connection. */
class Provider {
  readonly sockets: Socket[] = [];
  readonly heard: string[] = [];
  readonly #server: Server;
  /** What it says to the request that has come whole. */
  answer: (socket: Socket) => void = (socket) => void socket.write(answerOf('ok'));

  constructor(server: Server = createServer()) {
    this.#server = server.on('tlsClientError', () => undefined);
    server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) =>
      this.#serve(socket),
    );
    open.push(() => {
      for (const socket of this.sockets) socket.destroy();
      server.close();
    });
  }

  #serve(socket: Socket): void {
    const number = this.sockets.push(socket) - 1;
    this.heard.push('');
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        const text = (this.heard[number] ?? '') + bytes.toString('latin1');
        this.heard[number] = text;
        if (text.endsWith(BODY.toString())) this.answer(socket);
      });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as { port: number }).port;
  }
}

/** What is told of a request, as it is told; `ended` resolves with the last of it. */
class Heard implements AnswerHandler {
  readonly told: string[] = [];
  body = '';
  error: (Error & { code?: string }) | null = null;
  sending: Sending | null = null;
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  onStart: (sending: Sending) => void = () => undefined;
  onData: (sending: Sending) => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onRequestStart(sending: Sending): void {
    this.told.push('start');
    this.sending = sending;
    this.onStart(sending);
  }

  onResponseStart(status: number): void {
    this.told.push(String(status));
  }

  onResponseData(piece: Buffer): void {
    this.body += piece.toString('latin1');
    this.onData(this.sending as Sending);
  }

  onResponseEnd(): void {
    this.told.push('end');
    this.#end();
  }

  onResponseError(error: Error): void {
    this.told.push('error');
    this.error = error;
    this.#end();
  }
}

const TIMEOUT_MS = 30_000;

async function world({ server, mostConnections = 100 }: { server?: Server; mostConnections?: number } = {}) {
  const provider = new Provider(server);
  const port = await provider.listen();
  const timers = new ManualTimers();
  const client = new ProviderClient({ timers, now: () => timers.now(), mostConnections });
  open.push(() => client.destroy());
  const origin = `${server === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const destination = new Destination({ origin, path: '/v1', headers: ['x-a', 'b'] });
  const post = (handler = new Heard(), body = BODY): Heard => {
    client.dispatch({ destination, body, timeoutMs: TIMEOUT_MS }, handler);
    return handler;
  };
  const ask = async (): Promise<Heard> => {
    const heard = post();
    await heard.ended;
    return heard;
  };
  return { provider, timers, client, destination, post, ask };
}

/** A provider with TLS, for one of these names. */
async function secureServer(authority: Authority, names: readonly string[]): Promise<Server> {
  return createSecureServer(await authority.issue(...names));
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await nextTurn();
};

describe('a request', () => {
  test('is sent as it is written, and its answer told in order', async () => {
    const { provider, destination, ask } = await world();
    const heard = await ask();
    expect(provider.heard).toEqual([`${destination.head}${BODY.length}\r\n\r\n${BODY}`]);
    expect([heard.told, heard.body]).toEqual([['start', '200', 'end'], 'ok']);
  });

  test('of many bytes arrives whole', async () => {
    const { provider, post } = await world();
    const body = Buffer.concat([Buffer.from('佐江'.repeat(50_000)), BODY]);
    const heard = post(new Heard(), body);
    await heard.ended;
    expect(provider.heard[0]?.split('\r\n\r\n')[1]).toBe(body.toString('latin1'));
    expect(heard.body).toBe('ok');
  });

  test('uses the connection of the one before, and another one beside a running one', async () => {
    const { provider, ask, post } = await world();
    await ask();
    await ask();
    expect(provider.sockets).toHaveLength(1);
    await Promise.all([post().ended, post().ended]);
    expect(provider.sockets).toHaveLength(2);
  });

  test('waits where there are as many connections as there may be', async () => {
    const { provider, post } = await world({ mostConnections: 1 });
    const answers: (() => void)[] = [];
    provider.answer = (socket) => answers.push(() => socket.write(answerOf('ok')));
    const [one, other] = [post(), post()];
    await until(() => answers.length === 1);
    expect(other.told).toEqual([]);
    answers.shift()?.();
    await one.ended;
    await until(() => answers.length === 1);
    answers.shift()?.();
    await other.ended;
    expect([other.body, provider.sockets.length]).toEqual(['ok', 1]);
  });

  test('that waits gets a connection of its own when the other one breaks', async () => {
    const { provider, post } = await world({ mostConnections: 1 });
    provider.answer = (socket) =>
      provider.sockets.length === 1 ? void socket.destroy() : void socket.write(answerOf('ok'));
    const [one, other] = [post(), post()];
    await Promise.all([one.ended, other.ended]);
    expect([one.error?.code, other.body]).toEqual(['CLOSED', 'ok']);
  });

  test('that is not wanted any more when its turn comes is not sent, and costs no connection', async () => {
    const { provider, post, ask } = await world();
    const unwanted = new Heard();
    unwanted.onStart = (sending) => sending.abort();
    post(unwanted);
    await until(() => unwanted.told.length > 0);
    await ask();
    expect(unwanted.told).toEqual(['start']);
    expect(provider.sockets).toHaveLength(1);
    expect(provider.heard[0]?.split('POST')).toHaveLength(2);
  });

  test('that no head can hold is refused at once', async () => {
    const { client } = await world();
    const destination = new Destination({ origin: 'http://127.0.0.1:1', path: '/', headers: ['x-a', 'b\n'] });
    const heard = new Heard();
    expect(() => client.dispatch({ destination, body: BODY, timeoutMs: 1 }, heard)).toThrow(TypeError);
    expect(heard.told).toEqual([]);
  });
});

describe('a connection is not used again', () => {
  test.each([
    ['that the provider closes behind its answer', answerOf('ok', 'connection: close\r\n')],
    ['that the provider is about to close', answerOf('ok', 'keep-alive: timeout=1\r\n')],
    [
      'on which more has come than was asked for',
      `${answerOf('ok')}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`,
    ],
  ])('%s', async (_what, bytes) => {
    const { provider, ask } = await world();
    provider.answer = (socket) => void socket.write(bytes);
    expect((await ask()).body).toBe('ok');
    expect((await ask()).body).toBe('ok');
    expect(provider.sockets).toHaveLength(2);
  });

  test('on which something comes while nobody asks', async () => {
    const { provider, ask } = await world();
    await ask();
    const [socket] = provider.sockets as [Socket];
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil');
    await once(socket, 'close');
    expect((await ask()).body).toBe('ok');
    expect(provider.sockets).toHaveLength(2);
  });

  test('that nobody has used for a minute', async () => {
    const { provider, timers, ask } = await world();
    await ask();
    await timers.pass(59_000);
    await ask();
    expect(provider.sockets).toHaveLength(1);
    await timers.pass(61_000);
    await ask();
    expect(provider.sockets).toHaveLength(2);
  });

  test('whose request was answered before it was sent', async () => {
    const { provider, post, ask } = await world();
    const large = Buffer.alloc(32 * 1024 * 1024, 0x20);
    const heard = post(new Heard(), large);
    await until(() => provider.sockets.length === 1);
    provider.sockets[0]?.pause();
    provider.sockets[0]?.write(answerOf('too large'));
    await heard.ended;
    expect(heard.body).toBe('too large');
    await ask();
    expect(provider.sockets).toHaveLength(2);
  });
});

describe('no answer comes', () => {
  test('where nobody listens: the request was not sent', async () => {
    const { client } = await world();
    const destination = new Destination({ origin: 'http://127.0.0.1:1', path: '/', headers: [] });
    const heard = new Heard();
    client.dispatch({ destination, body: BODY, timeoutMs: 1000 }, heard);
    await heard.ended;
    expect([heard.told, heard.error?.code]).toEqual([['error'], 'ECONNREFUSED']);
  });

  test('where a connection takes too long', async () => {
    const { provider, client, timers, destination } = await world();
    const secure = new Destination({
      origin: destination.origin.replace('http', 'https'),
      path: '/',
      headers: [],
    });
    const heard = new Heard();
    client.dispatch({ destination: secure, body: BODY, timeoutMs: 1000 }, heard);
    await until(() => provider.sockets.length === 1);
    await timers.pass(10_000);
    expect([heard.told, heard.error?.code]).toEqual([['error'], 'CONNECT_TIMEOUT']);
  });

  test('of a provider that closes the connection', async () => {
    const { provider, ask } = await world();
    provider.answer = (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell');
    const heard = await ask();
    expect([heard.told, heard.body, heard.error?.code]).toEqual([
      ['start', '200', 'error'],
      'hell',
      'CLOSED',
    ]);
  });

  test('of one that is silent for longer than it may be', async () => {
    const { provider, timers, post } = await world();
    provider.answer = (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
    const heard = post();
    await until(() => heard.told.includes('200'));
    await timers.pass(TIMEOUT_MS - 1);
    provider.sockets[0]?.write('hell');
    await until(() => heard.body === 'hell');
    await timers.pass(TIMEOUT_MS - 1);
    expect(heard.error).toBeNull();
    await timers.pass(TIMEOUT_MS);
    expect([heard.told, heard.error?.code]).toEqual([['start', '200', 'error'], 'ANSWER_TIMEOUT']);
  });

  test('of one that speaks something else', async () => {
    const { provider, ask } = await world();
    provider.answer = (socket) => void socket.write('220 mail.example.com\r\n\r\n');
    expect((await ask()).error?.code).toBe('GARBLED');
  });

  test('once the client is destroyed, to those that wait either', async () => {
    const { provider, client, post } = await world({ mostConnections: 1 });
    provider.answer = () => undefined;
    const [one, other] = [post(), post()];
    await until(() => one.told.length > 0);
    client.destroy();
    await Promise.all([one.ended, other.ended]);
    expect([one.error?.code, other.error?.code]).toEqual(['CLOSED', 'CLOSED']);
  });
});

describe('whoever hears an answer', () => {
  test('can end it, and hears nothing more', async () => {
    const { provider, post } = await world();
    provider.answer = (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nfirst');
    const heard = new Heard();
    heard.onData = (sending) => sending.abort();
    post(heard);
    await until(() => provider.sockets.length === 1);
    await once(provider.sockets[0] as Socket, 'close');
    expect([heard.told, heard.body]).toEqual([['start', '200'], 'first']);
  });

  test('can hold it up for longer than a provider may be silent, and let it go on', async () => {
    const { provider, timers, post } = await world();
    const all = 'x'.repeat(8 * 1024 * 1024);
    provider.answer = (socket) => void socket.write(answerOf(all));
    const heard = new Heard();
    heard.onData = (sending) => sending.pause();
    post(heard);
    await until(() => heard.body !== '');
    const { body: before } = heard;
    await timers.pass(3 * TIMEOUT_MS);
    expect(heard.body.length).toBe(before.length);
    heard.onData = () => undefined;
    heard.sending?.resume();
    await heard.ended;
    expect([heard.error, heard.body.length]).toEqual([null, all.length]);
  });

  test('has no power over the next one on the same connection', async () => {
    const { provider, post, ask } = await world();
    const first = await ask();
    provider.answer = () => undefined;
    const second = post();
    await until(() => second.told.length > 0);
    first.sending?.pause();
    first.sending?.abort();
    provider.sockets[0]?.write(answerOf('still here'));
    await second.ended;
    expect([second.body, provider.sockets.length]).toEqual(['still here', 1]);
  });
});

describe('over TLS', () => {
  test('a request is sent to who is what it says, again and again', async () => {
    const authority = await Authority.create();
    const before = getCACertificates();
    setDefaultCACertificates([...before, authority.certificatePem]);
    open.push(() => setDefaultCACertificates(before));
    const { provider, ask } = await world({ server: await secureServer(authority, ['127.0.0.1']) });
    const large = 'x'.repeat(300_000);
    provider.answer = (socket) => void socket.write(answerOf(large));
    expect((await ask()).body).toBe(large);
    expect((await ask()).body).toBe(large);
    expect(provider.sockets).toHaveLength(1);
  });

  test.each([
    ['nobody trusts', ['127.0.0.1'], false, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['is for another name', ['gateway.example.test'], true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('nothing is sent to who has a certificate that %s', async (_what, names, trusted, code) => {
    const authority = await Authority.create();
    const before = getCACertificates();
    setDefaultCACertificates(trusted ? [...before, authority.certificatePem] : before);
    open.push(() => setDefaultCACertificates(before));
    const { provider, ask } = await world({ server: await secureServer(authority, names) });
    const heard = await ask();
    expect([heard.told, heard.error?.code]).toEqual([['error'], code]);
    expect(provider.heard.join('')).toBe('');
  });
});
