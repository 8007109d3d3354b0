import { Connection, type Listener } from './connection.ts';

/** Idle connections of one load; grows as far as the load needs, and says how far it has. */
export class Pool {
  readonly #port: number;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Sends at once, on an idle connection or on a new one. */
  send(request: Buffer, listener: Listener): void {
    const connection = this.#take();
    connection.send(request, {
      ...(listener.received && { received: listener.received }),
      ended: (status) => {
        this.#idle.push(connection);
        listener.ended(status);
      },
      failed: (reason) => {
        this.#all.delete(connection);
        listener.failed(reason);
      },
    });
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  #take(): Connection {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.usable) return idle;
      this.#all.delete(idle);
    }
    const connection = new Connection(this.#port);
    this.#all.add(connection);
    return connection;
  }
}
