import type { IncomingHttpHeaders } from 'node:http';
import type { Authenticator, Identity } from '../identity/identity.ts';
import { GatewayError } from './errors.ts';
import type { Access } from './routes.ts';

function permitted(access: Access, identity: Identity): Identity {
  if (access === 'admin' && identity.role !== 'proxy_admin') {
    throw new GatewayError(
      'admin_only',
      `Authentication Error, only a proxy admin may call this route; this key has the role '${identity.role}'`,
    );
  }
  return identity;
}

/**
 * Who calls a route, when that is somebody who may; at once for a key that is cached. Throws or rejects with GatewayError.
 * It looks at headers alone and is asked before the body is read: a stranger learns nothing and uploads nothing.
 */
export function admit(
  authenticator: Authenticator,
  access: Access,
  headers: IncomingHttpHeaders,
): Identity | Promise<Identity> {
  const found = authenticator.authenticate(headers);
  if (found instanceof Promise) return found.then((identity) => permitted(access, identity));
  return permitted(access, found);
}
