import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';

/** A connection string that is not used as it stands; the message names the variable and what to write, never the value. */
export class DatabaseUrlError extends Error {
  override readonly name = 'DatabaseUrlError';
  readonly variable: string;
  /** What it does wrong, to be read after the variable's name. */
  readonly complaint: string;

  constructor(variable: string, complaint: string) {
    super(`${variable} ${complaint}`);
    this.variable = variable;
    this.complaint = complaint;
  }
}

/** Files that a TLS connection needs besides the system's own list of authorities. */
export interface DatabaseTls {
  /** Certificates of the authority that signed the server's; undefined: any that the system trusts. */
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** What a connection string says, read once and for all: nothing that is not in here reaches the driver. */
export interface DatabaseTarget {
  /** Name, address, or directory of a socket. */
  readonly host: string;
  readonly port: number;
  /** Unset: the driver's default, which is who runs the program; only by socket. */
  readonly user?: string;
  readonly password?: string;
  readonly database: string;
  /** Settings of the session, as libpq's `options`. */
  readonly options?: string;
  /** Unset: in the clear, which is for this machine's own addresses and sockets only. */
  readonly tls?: DatabaseTls;
}

const SHAPE = 'postgresql://USER:PASSWORD@HOST:5432/DATABASE';
const VERIFIED = 'sslmode=verify-full';
const DEFAULT_PORT = 5432;

/** Parameters about TLS that are understood; any other would promise what nobody keeps. */
const TLS_PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
const TLS_LIKE = /^(?:ssl|uselibpqcompat$)/;

/**
 * Reads a connection string and holds it to our rule: whatever leaves this machine is encrypted, and the server's
 * certificate and name are verified. `name` is the variable that holds it. Throws DatabaseUrlError.
 */
export function readDatabaseUrl(name: string, text: string): DatabaseTarget {
  const url = parsed(name, text);
  const parameters = parametersOf(name, url);
  const host = parameters.get('host') ?? decoded(name, url.hostname).replace(/^\[(.+)\]$/, '$1');
  const user = parameters.get('user') ?? decoded(name, url.username);
  const database = decoded(name, url.pathname.slice(1));
  const password = parameters.get('password') ?? decoded(name, url.password);
  const options = parameters.get('options');
  const port = parameters.get('port') ?? url.port;

  // A password with a bare @, / or # shifts every part: nothing of them is quoted until host and user are there.
  if (host === '') throw new DatabaseUrlError(name, `names no host; write ${SHAPE}`);
  if (user === '' && !isSocket(host)) {
    throw new DatabaseUrlError(
      name,
      `names no user; write ${SHAPE}, with : / ? # @ % in the password as %3A %2F %3F %23 %40 %25`,
    );
  }
  if (database === '') throw new DatabaseUrlError(name, `names no database; write ${SHAPE}`);
  return {
    host,
    port: portOf(name, port),
    ...(user !== '' && { user }),
    ...(password !== '' && { password }),
    database,
    ...(options !== undefined && { options }),
    ...tlsOf(name, url, parameters, host),
  };
}

function parsed(name: string, text: string): URL {
  // The parser's own error quotes what it was given.
  const url = URL.parse(text);
  if (url === null || !['postgresql:', 'postgres:'].includes(url.protocol)) {
    throw new DatabaseUrlError(
      name,
      `is not a PostgreSQL URL; write ${SHAPE}, with : / ? # @ % in the password as %3A %2F %3F %23 %40 %25`,
    );
  }
  return url;
}

function decoded(name: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DatabaseUrlError(name, 'has a % without two hexadecimal digits after it; write %25 for it');
  }
}

/** A parameter that is there twice means one thing to one reader and another to the next. */
function parametersOf(name: string, { searchParams }: URL): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [parameter, value] of searchParams) {
    if (parameters.has(parameter)) throw new DatabaseUrlError(name, `has '${parameter}' twice; keep one`);
    if (TLS_LIKE.test(parameter) && !TLS_PARAMETERS.includes(parameter)) {
      throw new DatabaseUrlError(
        name,
        `has the unknown parameter '${parameter}'; remove it, ${VERIFIED} says everything`,
      );
    }
    parameters.set(parameter, value);
  }
  return parameters;
}

function portOf(name: string, text: string): number {
  if (text === '') return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new DatabaseUrlError(name, 'names no port from 1 to 65535');
}

const isSocket = (host: string): boolean => host.startsWith('/');

/** Whether a connection to this host stays on this machine. */
export function staysHere(host: string): boolean {
  return (
    isSocket(host) || host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  );
}

function tlsOf(
  name: string,
  url: URL,
  parameters: ReadonlyMap<string, string>,
  host: string,
): { readonly tls?: DatabaseTls } {
  const mode = parameters.get('sslmode');
  const files = { authority: 'sslrootcert', certificate: 'sslcert', key: 'sslkey' } as const;
  const given = Object.entries(files).flatMap(([what, parameter]) => {
    const path = parameters.get(parameter);
    // libpq's word for what is the default here.
    if (path === undefined || (parameter === 'sslrootcert' && path === 'system')) return [];
    if (isAbsolute(path)) return [[what, path] as const];
    throw new DatabaseUrlError(name, `has '${parameter}' without the absolute path of a PEM file`);
  });
  if (mode === 'verify-full') return { tls: Object.fromEntries(given) };
  if (staysHere(host) && given.length === 0 && (mode === undefined || mode === 'disable')) return {};
  if (mode !== undefined) {
    throw new DatabaseUrlError(
      name,
      `has sslmode=${mode}, which does not verify who answers; write ${VERIFIED} in its place`,
    );
  }
  throw new DatabaseUrlError(
    name,
    `leaves this machine without TLS; add ${url.search === '' ? '?' : '&'}${VERIFIED} at its end`,
  );
}

/** Where the database is, for people: no user and no password. */
export function placeOf({ host, port, database }: DatabaseTarget): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}
