import { createSecureContext, type SecureContext } from 'node:tls';
import type { Timers } from '../../accounting/timers.ts';
import { Connection, type ConnectionDeps, closed } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import { type AnswerHandler, Exchange, type ProviderRequest } from './exchange.ts';

const MOST_CONNECTIONS = 1024;
const READ_BYTES = 64 * 1024;

/** What is known of one place. */
interface Place {
  /** The last one is used first, so that those that are not needed grow old. */
  readonly idle: Connection[];
  readonly open: Set<Connection>;
  readonly waiting: Exchange[];
}

export interface ProviderClientOptions {
  readonly timers: Pick<Timers, 'after'>;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** To one place at a time; further requests wait for one of them. */
  readonly mostConnections?: number;
}

/** Who sends requests to providers. */
export interface Dispatcher {
  /** Throws TypeError for a request that cannot be sent as it is. */
  dispatch(request: ProviderRequest, handler: AnswerHandler): void;
}

/**
 * Posts to providers by HTTP/1.1 over connections that are used again, one request at a time on each. No HTTP/2: one slow
 * client would stall the streams that share its connection, and one broken connection would end up to a hundred of them.
 * Nothing is sent twice, and no redirect followed.
 */
export class ProviderClient implements Dispatcher {
  readonly #places = new Map<string, Place>();
  readonly #deps: ConnectionDeps;
  readonly #mostConnections: number;
  #secureContext: SecureContext | null = null;

  constructor({ timers, now, mostConnections = MOST_CONNECTIONS }: ProviderClientOptions) {
    this.#mostConnections = mostConnections;
    this.#deps = {
      deadlines: new Deadlines(timers, now),
      readInto: Buffer.allocUnsafeSlow(READ_BYTES),
      secureContext: () => {
        this.#secureContext ??= createSecureContext();
        return this.#secureContext;
      },
      idle: (connection) => this.#idle(connection),
      gone: (connection) => this.#gone(connection),
      sessions: new Map(),
    };
  }

  dispatch(request: ProviderRequest, handler: AnswerHandler): void {
    const { destination } = request;
    // What is wrong with it is told to the caller, not found out on a connection.
    void destination.head;
    const exchange = new Exchange(request, handler);
    const place = this.#place(destination.origin);
    const idle = place.idle.pop();
    if (idle !== undefined) idle.begin(exchange);
    else if (place.open.size < this.#mostConnections) this.#connect(place, exchange);
    else place.waiting.push(exchange);
  }

  #place(origin: string): Place {
    const known = this.#places.get(origin);
    if (known !== undefined) return known;
    const place = { idle: [], open: new Set<Connection>(), waiting: [] };
    this.#places.set(origin, place);
    return place;
  }

  #connect(place: Place, exchange: Exchange): void {
    place.open.add(new Connection(exchange, this.#deps));
  }

  #idle(connection: Connection): void {
    const place = this.#place(connection.destination.origin);
    const next = place.waiting.shift();
    if (next === undefined) place.idle.push(connection);
    else connection.begin(next);
  }

  #gone(connection: Connection): void {
    const { origin } = connection.destination;
    const place = this.#place(origin);
    place.open.delete(connection);
    const at = place.idle.lastIndexOf(connection);
    if (at !== -1) place.idle.splice(at, 1);
    const next = place.waiting.shift();
    if (next !== undefined) this.#connect(place, next);
    else if (place.open.size === 0) this.#places.delete(origin);
  }

  /** Ends every connection, and every request that has no answer yet. */
  destroy(): void {
    for (const { open, waiting } of [...this.#places.values()]) {
      for (const exchange of waiting.splice(0)) exchange.fail(closed());
      for (const connection of [...open]) connection.destroy();
    }
  }
}
