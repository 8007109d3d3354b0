import type { Drain } from '../http/drain.ts';
import type { Handlers } from '../http/handler.ts';

const SECOND = 1000;
const CACHED_MS = 15 * SECOND;

export interface HealthDeps {
  readonly version: string;
  /** `info` and its like. */
  readonly logLevel: string;
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
export function healthHandlers(
  deps: HealthDeps,
): Pick<Handlers, 'liveliness' | 'liveness' | 'readiness' | 'readinessDetails'> {
  const database = new DatabaseProbe(deps);
  const alive: Handlers['liveliness'] = (_request, reply) => {
    reply.type('application/json; charset=utf-8');
    if (deps.drain.draining) return reply.code(503).send(JSON.stringify(SHUTTING_DOWN));
    return reply.send(JSON.stringify("I'm alive!"));
  };
  const state = async () => {
    const db = (await database.connected()) ? 'connected' : 'disconnected';
    const healthy = db === 'connected' || deps.servesWithoutDatabase;
    return { healthy, shown: { status: healthy ? 'healthy' : 'unhealthy', db } };
  };
  const told = (more: object): Handlers['readiness'] => {
    return async (_request, reply) => {
      if (deps.drain.draining) return reply.code(503).send(SHUTTING_DOWN);
      const { healthy, shown } = await state();
      return reply.code(healthy ? 200 : 503).send({ ...shown, ...more });
    };
  };
  const details = {
    cache: null,
    litellm_version: deps.version,
    success_callbacks: [],
    use_aiohttp_transport: false,
    log_level: deps.logLevel.toUpperCase(),
    is_detailed_debug: deps.logLevel === 'debug',
  };
  return { liveliness: alive, liveness: alive, readiness: told({}), readinessDetails: told(details) };
}
