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

/** Who asks for what, and what becomes of it. */
export interface AccessQuestion {
  readonly access: Access;
  readonly headers: IncomingHttpHeaders;
  /** Called with who calls, at once for a key that is cached. */
  readonly admitted: (identity: Identity) => void;
  /** Called when that is nobody who may, and with whatever `admitted` throws. */
  readonly refused: (error: unknown) => void;
}

/**
 * Finds out who calls a route. It looks at headers alone and is asked before the body is read: a stranger learns nothing
 * and uploads nothing.
 */
export function admit(
  authenticator: Authenticator,
  { access, headers, admitted, refused }: AccessQuestion,
): void {
  try {
    const found = authenticator.authenticate(headers);
    const go = (identity: Identity): void => admitted(permitted(access, identity));
    if (found instanceof Promise) found.then(go).catch(refused);
    else go(found);
  } catch (error) {
    refused(error);
  }
}
