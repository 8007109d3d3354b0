import { join } from 'node:path';
import {
  localOwnerUrl,
  type ProgramOptions,
  type ProgramResult,
  parseEnvFile,
  readTextIfAny,
} from '../appliance/index.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';

/** Longer than a check of a few million rows takes. */
const TIMEOUT_MS = 15 * 60_000;

/**
 * Runs one of the gateway's programs as the service's user with the service's environment. Throws OperatorError before first
 * boot has made that environment.
 */
export async function runAsService(
  { machine }: Operator,
  bundle: 'gateway.mjs' | 'migrate.mjs',
  args: readonly string[],
): Promise<ProgramResult> {
  const { fs, facts, run } = machine;
  const { program } = facts.paths;
  const command = [join(program, 'bin/node'), join(program, bundle), ...args];
  const env = serviceEnvironment(fs, facts.paths);
  return run('setpriv', [...asUser(facts.users.service), ...command], { env, timeoutMs: TIMEOUT_MS });
}

const asUser = (user: string): readonly string[] => [
  `--reuid=${user}`,
  `--regid=${user}`,
  '--init-groups',
  '--',
];

/** Runs the gateway's program for the schema as the schema's owner, as its units do. */
export async function runAsOwner(
  { machine }: Operator,
  args: readonly string[],
  options: Pick<ProgramOptions, 'timeoutMs' | 'sharedFile'>,
): Promise<ProgramResult> {
  const { fs, facts, run } = machine;
  const { program, databaseEnv } = facts.paths;
  const given = readTextIfAny(fs, databaseEnv);
  const env =
    given === undefined ? { DATABASE_OWNER_URL: localOwnerUrl(facts) } : parseEnvFile(given, databaseEnv);
  const command = [join(program, 'bin/node'), join(program, 'migrate.mjs'), ...args];
  return run('setpriv', [...asUser(facts.users.owner), ...command], { env, ...options });
}

function serviceEnvironment(
  fs: Operator['machine']['fs'],
  paths: { readonly serviceEnv: string; readonly providersEnv: string; readonly databaseEnv: string },
): Record<string, string> {
  const own = readTextIfAny(fs, paths.serviceEnv);
  if (own === undefined) {
    throw new OperatorError(
      `${paths.serviceEnv} does not exist: first boot is not complete`,
      'litellm-ctl status',
    );
  }
  const files = [paths.providersEnv, paths.databaseEnv].map((path) =>
    parseEnvFile(readTextIfAny(fs, path) ?? '', path),
  );
  const { DATABASE_OWNER_URL: _, ...environment } = Object.assign(
    parseEnvFile(own, paths.serviceEnv),
    ...files,
  );
  return environment;
}

/** Passes on what a program has said, and whether it found all well. */
export function tellProgram(operator: Operator, { exitCode, stdout, stderr }: ProgramResult): number {
  if (stdout !== '') operator.write(`${stdout.trimEnd()}\n`);
  if (stderr !== '') operator.writeError(`${stderr}\n`);
  return exitCode === 0 ? exitCodes.ok : exitCodes.problem;
}
