import { createHash } from 'node:crypto';
import type { Timers } from '../../../accounting/timers.ts';
import type { RedisConfig } from '../../../config/config.ts';
import type { RunScript } from './redis-store.ts';

/** A call waits for its counters no longer than this; LiteLLM's REDIS_SOCKET_TIMEOUT is 0.1 s. */
const ANSWER_MS = 250;
const CONNECT_MS = 2000;
const RECONNECT_MS = 1000;

/** What is needed of the client. */
interface Commands {
  sendCommand(words: readonly string[]): Promise<unknown>;
}

const digests = new Map<string, string>();
function digestOf(script: string): string {
  const digest = digests.get(script) ?? createHash('sha1').update(script).digest('hex');
  digests.set(script, digest);
  return digest;
}

/** The answer, or its failure when it does not come in time. */
async function within<T>(answer: Promise<T>, timers: Timers): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = timers.after(ANSWER_MS, () => reject(new Error(`no answer within ${ANSWER_MS} ms`)));
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}

/** A connection as it stands: why it is broken, or null. */
interface State {
  broken: unknown;
}

/** Scripts are named by their digests; a server that was restarted is given them anew. */
function runner(client: Commands, state: State, timers: Timers): RunScript {
  return async (script, keys, args) => {
    if (state.broken !== null) throw state.broken;
    const rest = [String(keys.length), ...keys, ...args];
    const evaluated = client.sendCommand(['EVALSHA', digestOf(script), ...rest]).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return client.sendCommand(['EVAL', script, ...rest]);
    });
    return within(evaluated, timers);
  };
}

/** A connection to Redis or Valkey that comes back by itself. */
export interface RedisConnection extends Disposable {
  readonly run: RunScript;
}

/** Resolves when it is connected, or cannot be for now: a server that is away keeps no gateway from starting. */
export async function connectRedis(
  { url, password, database }: RedisConfig,
  timers: Timers,
): Promise<RedisConnection> {
  // Loaded where it is used: most machines have no such server.
  const { createClient } = await import('./redis-client.ts');
  const client = createClient({
    url,
    ...(password !== null && { password }),
    ...(database !== null && { database }),
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_MS, reconnectStrategy: () => RECONNECT_MS },
  });
  const state: State = { broken: null };
  const first = Promise.withResolvers<void>();
  client.on('ready', () => {
    state.broken = null;
    first.resolve();
  });
  // Told by the call that could not be counted.
  client.on('error', (error: Error) => {
    state.broken = error;
    first.resolve();
  });
  // It is tried again and again, until it is closed.
  client.connect().catch(() => undefined);
  await first.promise;
  return { run: runner(client, state, timers), [Symbol.dispose]: () => client.destroy() };
}
