import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mustRun } from '../appliance/index.ts';
import { FirstBootError } from './failure.ts';
import { DATABASE_SOCKETS, layoutOf } from './layout.ts';
import type { Machine } from './machine.ts';

const PAUSE_MS = 200;
const READY_TIMEOUT_MS = 120_000;

const asPostgres = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--'];

function connection({ facts }: Machine): string[] {
  return ['--host', DATABASE_SOCKETS, '--port', String(facts.ports.postgresql), '--dbname=postgres'];
}

/** Starts the database server and returns when it answers. Throws FirstBootError when it does not. */
export async function startDatabase(machine: Machine): Promise<void> {
  const { databasePrograms, clusterLog, databaseUnit } = layoutOf(machine.facts);
  await machine.database.start();
  const isReady = [...asPostgres, join(databasePrograms, 'pg_isready'), '--quiet', ...connection(machine)];
  for (let waitedMs = 0; waitedMs < READY_TIMEOUT_MS; waitedMs += PAUSE_MS) {
    const { exitCode } = await machine.run('setpriv', isReady);
    if (exitCode === 0) return;
    await pause(PAUSE_MS);
  }
  throw new FirstBootError(
    `PostgreSQL did not answer within ${READY_TIMEOUT_MS / 1000} s of its start`,
    `read ${clusterLog} and 'journalctl -u ${databaseUnit}', correct the cause, then: systemctl restart litellm-firstboot`,
  );
}

/**
 * Runs psql commands as the database's administrator, through the socket and without a password, and returns what they
 * print. The text goes to standard input: argument lists are public.
 */
export async function runSql(machine: Machine, commands: string): Promise<string> {
  const psql = join(layoutOf(machine.facts).databasePrograms, 'psql');
  const quiet = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align'];
  const strict = ['--set=ON_ERROR_STOP=1', '--set=VERBOSITY=terse'];
  const args = [
    ...asPostgres,
    psql,
    ...quiet,
    ...strict,
    ...connection(machine),
    '--dbname=postgres',
    '--file=-',
  ];
  return mustRun(machine.run, 'setpriv', args, { input: commands });
}
