import type { Timers } from '../../../accounting/timers.ts';
import type { RedisConfig } from '../../../config/config.ts';
import type { Logger } from '../../../observe/logger.ts';
import type { LimitStore } from '../limit-store.ts';
import { connectRedis } from './connection.ts';
import { RedisStore } from './redis-store.ts';
import { SharedStore } from './shared-store.ts';

export interface SharedCountersOptions {
  readonly redis: RedisConfig;
  /** The counters of this process. */
  readonly own: LimitStore;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** A name that is this process's alone. */
  readonly processId: string;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

/** Opens the counters that gateways share by Redis or Valkey; what is opened is closed with `stack`. */
export async function openSharedCounters(
  { redis, own, now, processId, timers, logger }: SharedCountersOptions,
  stack: AsyncDisposableStack,
): Promise<LimitStore> {
  const { run } = stack.use(await connectRedis(redis, timers));
  return new SharedStore({
    shared: stack.use(new RedisStore({ run, processId, timers })),
    own,
    now,
    lost: (err) =>
      logger.warn(
        { err },
        'Redis does not answer: limits are counted by this gateway alone until it does; see router_settings.redis_*',
      ),
    found: () => logger.info('Redis answers again: limits are counted together'),
  });
}
