import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { type DatabaseTls, DatabaseUrlError, readDatabaseUrl } from './database-url.ts';

/** What the distribution trusts, and with it any authority that the operator has added. */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** The part of the driver's settings that says where to and how safely. */
export interface DatabaseConnection {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly database: string;
  readonly options?: string;
  readonly ssl: false | ConnectionOptions;
}

/**
 * The driver's settings for a connection string: field by field, so that the driver cannot read the string in another
 * way than our rule did. Throws DatabaseUrlError, also when a certificate file cannot be read.
 */
export function databaseConnection(name: string, url: string): DatabaseConnection {
  const { tls, ...target } = readDatabaseUrl(name, url);
  return { ...target, ssl: tls === undefined ? false : verified(name, tls) };
}

function verified(name: string, tls: DatabaseTls): ConnectionOptions {
  const material = {
    // Named in full: what Node itself trusts depends on how it was started.
    ca: pem(name, 'sslrootcert', tls.authority ?? SYSTEM_AUTHORITIES),
    ...(tls.certificate !== undefined && { cert: pem(name, 'sslcert', tls.certificate) }),
    ...(tls.key !== undefined && { key: pem(name, 'sslkey', tls.key) }),
  };
  try {
    // Made once: reading the system's whole list anew for each connection would take longer than the handshake.
    return { rejectUnauthorized: true, secureContext: createSecureContext(material) };
  } catch (cause) {
    throw new DatabaseUrlError(
      name,
      `names certificate files that cannot be used: ${(cause as Error).message}`,
    );
  }
}

function pem(name: string, parameter: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DatabaseUrlError(
      name,
      `needs ${path} (${parameter}), which this user cannot read (${code}); see that it exists and may be read`,
    );
  }
  if (text.includes('-----BEGIN ')) return text;
  throw new DatabaseUrlError(name, `needs ${path} (${parameter}), which holds nothing in PEM form`);
}
