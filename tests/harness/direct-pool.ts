import { Pool } from 'pg';

/**
 * Connections to the database past the gateway. A pool's `end` does not wait until they are closed: one that the end of the
 * server meets is no error of the test.
 */
export function directPool(connectionString: string): Pool {
  return new Pool({ connectionString }).on('connect', (client) => client.on('error', () => undefined));
}
