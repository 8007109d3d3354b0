import type { Drain } from '../http/drain.ts';
import type { Handlers } from '../http/handler.ts';

const SECOND = 1000;
const CACHED_MS = 15 * SECOND;

export interface HealthDeps {
  readonly drain: Drain;
  /** Resolves when the database answers. */
  readonly probe: () => Promise<unknown>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Whether calls are served all the same: then a load balancer is to go on sending them. */
  readonly servesWithoutDatabase: boolean;
}

/** Asks the database at most every 15 seconds, however many ask for it. */
class DatabaseProbe {
  readonly #probe: () => Promise<unknown>;
  readonly #now: () => number;
  #result: Promise<boolean> | null = null;
  #askedAt = 0;

  constructor({ probe, now }: HealthDeps) {
    this.#probe = probe;
    this.#now = now;
  }

  connected(): Promise<boolean> {
    const now = this.#now();
    if (this.#result === null || now - this.#askedAt >= CACHED_MS) {
      this.#askedAt = now;
      this.#result = this.#probe().then(
        () => true,
        () => false,
      );
    }
    return this.#result;
  }
}

const SHUTTING_DOWN = { status: 'shutting_down' };

/** Handlers of liveness (the process) and readiness (the process and its database). */
export function healthHandlers(deps: HealthDeps): Pick<Handlers, 'liveliness' | 'liveness' | 'readiness'> {
  const database = new DatabaseProbe(deps);
  const alive: Handlers['liveliness'] = (_request, reply) => {
    reply.type('application/json; charset=utf-8');
    if (deps.drain.draining) return reply.code(503).send(JSON.stringify(SHUTTING_DOWN));
    return reply.send(JSON.stringify("I'm alive!"));
  };
  const ready: Handlers['readiness'] = async (_request, reply) => {
    if (deps.drain.draining) return reply.code(503).send(SHUTTING_DOWN);
    if (await database.connected()) return { status: 'healthy', db: 'connected' };
    if (deps.servesWithoutDatabase) return { status: 'healthy', db: 'disconnected' };
    return reply.code(503).send({ status: 'unhealthy', db: 'disconnected' });
  };
  return { liveliness: alive, liveness: alive, readiness: ready };
}
