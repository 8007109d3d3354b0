import { connect, type Socket } from 'node:net';
import { connect as connectSecurely, type SecureContext } from 'node:tls';
import { AnswerParser } from './answer-parser.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import type { Destination } from './destination.ts';
import type { Exchange, Line } from './exchange.ts';

const SECOND = 1000;
const CONNECT_MS = 10 * SECOND;
/** How long a connection is kept that nobody uses, unless the provider says how long it keeps it. */
const IDLE_MS = 60 * SECOND;
const MOST_IDLE_MS = 600 * SECOND;
/** A connection is left alone so long before the provider closes it, or a request would meet its end. */
const IDLE_MARGIN_MS = SECOND;
const PROBE_MS = 60 * SECOND;
/** Up to this size head and body are written as one text with a character a byte, which is one piece for the kernel. */
const ONE_PIECE_BYTES = 16 * 1024;

/** Why there is no answer, or none that is whole. The system's errors have codes of their own. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: 'CONNECT_TIMEOUT' | 'ANSWER_TIMEOUT' | 'CLOSED';

  constructor(code: ConnectionError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export const closed = (): ConnectionError =>
  new ConnectionError('CLOSED', 'the provider closed the connection');

/** What all connections have in common. */
export interface ConnectionDeps {
  readonly deadlines: Deadlines;
  /** Every socket is read into it: what has come is copied out before the next one is. */
  readonly readInto: Buffer;
  readonly secureContext: () => SecureContext;
  /** A connection has an answer behind it, and could carry another request. */
  readonly idle: (connection: Connection) => void;
  /** A connection is gone. */
  readonly gone: (connection: Connection) => void;
  /** The session with which a place may be spoken to sooner. */
  readonly sessions: Map<string, Buffer>;
}

/** One connection to a provider: it carries one exchange after the other. */
export class Connection implements Timed, Line {
  readonly destination: Destination;
  deadline: number;
  readonly #deps: ConnectionDeps;
  readonly #socket: Socket;
  /** What it was opened for, or carries. */
  #exchange: Exchange | null;
  #parser: AnswerParser | null = null;
  #connected = false;
  #paused = false;
  #gone = false;

  constructor(first: Exchange, deps: ConnectionDeps) {
    this.#deps = deps;
    this.#exchange = first;
    this.destination = first.request.destination;
    this.deadline = deps.deadlines.now() + CONNECT_MS;
    this.#socket = this.#open();
    deps.deadlines.add(this);
  }

  #open(): Socket {
    const { readInto, secureContext, sessions } = this.#deps;
    const { host, port, secure, serverName, origin } = this.destination;
    const options = {
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_MS,
      onread: { buffer: readInto, callback: (bytes: number) => this.#read(bytes) },
    };
    const socket = secure
      ? connectSecurely({
          ...options,
          servername: serverName,
          ALPNProtocols: ['http/1.1'],
          secureContext: secureContext(),
          session: sessions.get(origin),
        }).on('session', (session) => sessions.set(origin, session))
      : connect(options);
    return socket
      .on(secure ? 'secureConnect' : 'connect', () => this.#ready())
      .on('drain', () => this.#heard())
      .on('end', () => this.#ended())
      .on('error', (error) => this.#fail(error))
      .on('close', () => this.#fail(closed()));
  }

  #ready(): void {
    this.#connected = true;
    const exchange = this.#exchange;
    if (exchange !== null) this.begin(exchange);
  }

  /** Sends a request; the connection is new, or was told to be idle. */
  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#heard();
    if (!exchange.start(this)) {
      this.#rest(IDLE_MS);
      return;
    }
    this.#parser = new AnswerParser(exchange);
    this.#send(exchange);
  }

  #send({ request: { destination, body } }: Exchange): void {
    const head = `${destination.head}${body.length}\r\n\r\n`;
    const socket = this.#socket;
    if (body.length <= ONE_PIECE_BYTES) {
      socket.write(head + body.toString('latin1'), 'latin1');
      return;
    }
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }

  /** The other side is there: its silence begins anew. */
  #heard(): void {
    this.#expireIn(this.#exchange?.request.timeoutMs ?? IDLE_MS);
  }

  #expireIn(spanMs: number): void {
    const { deadlines } = this.#deps;
    this.deadline = deadlines.now() + spanMs;
    deadlines.moved(this);
  }

  /** Returns false while nothing shall be read. */
  #read(bytes: number): boolean {
    const parser = this.#parser;
    if (parser === null) {
      // Nothing was asked.
      this.#fail(closed());
      return false;
    }
    this.#heard();
    const piece = Buffer.allocUnsafe(bytes);
    this.#deps.readInto.copy(piece, 0, 0, bytes);
    try {
      parser.read(piece);
    } catch (fault) {
      this.#fail(fault as Error);
      return false;
    }
    if (parser.over) this.#answered(parser);
    return !this.#gone && !this.#paused;
  }

  #answered({ reusable, idleMs }: AnswerParser): void {
    this.#parser = null;
    if (this.#gone) return;
    // A request that was answered before it was sent is still on its way.
    if (!reusable || this.#socket.writableLength > 0) {
      this.#close();
      return;
    }
    if (this.#paused) this.resume();
    const kept = idleMs === null ? IDLE_MS : Math.min(idleMs - IDLE_MARGIN_MS, MOST_IDLE_MS);
    if (kept > 0) this.#rest(kept);
    else this.#close();
  }

  #rest(forMs: number): void {
    this.#exchange = null;
    this.#expireIn(forMs);
    this.#deps.idle(this);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#heard();
    this.#socket.resume();
  }

  /** Ends the exchange that it carries, of which nothing is told any more. */
  drop(): void {
    this.#parser?.stop();
    this.#close();
  }

  expire(): void {
    if (this.#paused) this.#heard();
    else if (!this.#connected) {
      this.#fail(new ConnectionError('CONNECT_TIMEOUT', `no connection within ${CONNECT_MS / SECOND} s`));
    } else this.#fail(new ConnectionError('ANSWER_TIMEOUT', 'the provider was silent for too long'));
  }

  /** The other side sends nothing more: the end of an answer, or of the connection. */
  #ended(): void {
    const parser = this.#parser;
    if (parser?.close()) this.#exchange = null;
    this.#fail(closed());
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#close();
    exchange?.fail(error);
  }

  #close(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#exchange = null;
    this.#deps.deadlines.delete(this);
    this.#socket.destroy();
    this.#deps.gone(this);
  }

  /** Ends it, and what it carries. */
  destroy(): void {
    this.#fail(closed());
  }
}
