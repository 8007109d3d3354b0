import { Pool, types } from 'pg';
import { databaseConnection } from '../../appliance/index.ts';

const SECOND = 1000;
const TIMESTAMP = types.builtins.TIMESTAMP;
const INT8 = types.builtins.INT8;

export interface PoolSettings {
  readonly max: number;
  /** Told of a connection that broke while idle; the pool replaces it by itself. */
  readonly onError?: (error: Error) => void;
}

/** Columns without a zone hold UTC; the driver would read them in the process's zone. */
function parseTimestamp(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}Z`);
}

/** How columns become values, the same for every connection of the gateway. */
export const columnTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (oid === TIMESTAMP) return parseTimestamp;
    // Rate limits and counts: far below 2^53.
    if (oid === INT8) return Number;
    return types.getTypeParser(oid, format);
  },
} as NonNullable<ConstructorParameters<typeof Pool>[0]>['types'];

/**
 * Opens the gateway's connection pool. Whether TLS is used, and which CA is trusted, is said by the URL (`sslmode`,
 * `sslrootcert`). The limits hold on every server, whatever its administrator has set. Throws DatabaseUrlError.
 */
export function openPool(databaseUrl: string, { max, onError }: PoolSettings): Pool {
  const pool = new Pool({
    ...databaseConnection('DATABASE_URL', databaseUrl),
    max,
    application_name: 'litellm-gateway',
    statement_timeout: 15 * SECOND,
    lock_timeout: 10 * SECOND,
    idle_in_transaction_session_timeout: 60 * SECOND,
    connectionTimeoutMillis: 5 * SECOND,
    idleTimeoutMillis: 60 * SECOND,
    keepAlive: true,
    types: columnTypes,
  });
  // Without listeners a connection that breaks would end the process: an idle one is the pool's, one that is in use
  // breaks by an event when it happens between two statements. The statement after it fails and is answered.
  pool.on('error', (error) => onError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
