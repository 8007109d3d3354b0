import { Agent } from 'undici';

const SECOND = 1000;

/**
 * The connections to providers. No HTTP/2: one slow client would stall the streams that share its connection, and one
 * broken connection would end up to a hundred of them.
 */
export function createDispatcher(): Agent {
  return new Agent({
    allowH2: false,
    connections: 1024,
    pipelining: 1,
    keepAliveTimeout: 60 * SECOND,
    keepAliveMaxTimeout: 600 * SECOND,
    connect: { timeout: 10 * SECOND },
  });
}
