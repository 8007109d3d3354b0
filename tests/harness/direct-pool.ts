import { Pool } from 'pg';

const ignore = (): void => undefined;

/**
 * Connections to the database past the gateway. A pool's `end` does not wait until they are closed: one that the end of the
 * server meets is no error of the test. The pool tells of it while the connection is idle, else the connection does.
 */
export function directPool(connectionString: string): Pool {
  return new Pool({ connectionString })
    .on('error', ignore)
    .on('connect', (client) => client.on('error', ignore));
}
