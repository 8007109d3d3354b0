import {
  type DatabaseTarget,
  DatabaseUrlError,
  EnvFileError,
  type FileSystem,
  type MachineFacts,
  parseEnvFile,
  readDatabaseUrl,
  readTextIfAny,
} from '../appliance/index.ts';
import { FirstBootError } from './failure.ts';

/** A connection string of the operator's, under the name of its variable. */
export interface GivenUrl {
  readonly name: 'DATABASE_URL' | 'DATABASE_OWNER_URL';
  readonly url: string;
  readonly target: DatabaseTarget;
}

/** A database server that the operator has given us. */
export interface ExternalDatabase {
  readonly kind: 'external';
  /** What the gateway signs in with. */
  readonly runtime: GivenUrl;
  /** What migrations sign in with. */
  readonly owner: GivenUrl;
}

/** Which database this machine uses: one of its own, unless the operator's file names another. */
export type DatabaseChoice = { readonly kind: 'local' } | ExternalDatabase;

/** Whether the gateway signs in with a role of its own, and not with the one that may change the schema. */
export function hasOwnRuntimeRole({ runtime, owner }: ExternalDatabase): boolean {
  return runtime.target.user !== owner.target.user;
}

/** Reads the operator's file; asks nobody. Throws FirstBootError naming what to correct in it. */
export function readDatabaseChoice(fs: FileSystem, { paths }: MachineFacts): DatabaseChoice {
  const path = paths.databaseEnv;
  const text = readTextIfAny(fs, path);
  if (text === undefined) return { kind: 'local' };
  try {
    return externalIn(parseEnvFile(text, path), path);
  } catch (error) {
    if (!(error instanceof DatabaseUrlError) && !(error instanceof EnvFileError)) throw error;
    throw mistake(path, error instanceof EnvFileError ? error.message : `${path}: ${error.message}`);
  }
}

function externalIn(values: Readonly<Record<string, string>>, path: string): ExternalDatabase {
  const { DATABASE_URL, DATABASE_OWNER_URL, ...others } = values;
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) {
    throw mistake(path, `${path} sets ${stranger}; only DATABASE_URL and DATABASE_OWNER_URL belong there`);
  }
  if (!DATABASE_URL) {
    throw mistake(path, `${path} does not set DATABASE_URL, which the gateway would sign in with`);
  }
  const given = (name: GivenUrl['name'], url: string): GivenUrl => ({
    name,
    url,
    target: readDatabaseUrl(name, url),
  });
  const runtime = given('DATABASE_URL', DATABASE_URL);
  const owner = DATABASE_OWNER_URL ? given('DATABASE_OWNER_URL', DATABASE_OWNER_URL) : runtime;
  if (runtime.target.database !== owner.target.database) {
    throw mistake(path, `${path}: DATABASE_URL and DATABASE_OWNER_URL name two different databases`);
  }
  return { kind: 'external', runtime, owner };
}

function mistake(path: string, reason: string): FirstBootError {
  return new FirstBootError(reason, `correct or remove ${path}, then: litellm-ctl database apply`);
}

/**
 * Closes the operator's file to everyone but root. systemd hands the services what is theirs, and the gateway's user
 * must not read what the owner of the schema signs in with.
 */
export function closeDatabaseFile(fs: FileSystem, { paths }: MachineFacts): void {
  if (!fs.existsSync(paths.databaseEnv)) return;
  fs.chownSync(paths.databaseEnv, 0, 0);
  fs.chmodSync(paths.databaseEnv, 0o600);
}
