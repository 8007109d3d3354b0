/** The schema's entry point: litellm-migrate.service and the owner's daily timer run it as the owner role. */
import { readFile } from 'node:fs/promises';
import { DatabaseError } from 'pg';
import { explainDatabaseFailure, readDatabaseUrl } from '../appliance/index.ts';
import { auditCommand, readAuditArguments } from './audit-command.ts';
import { retentionIn } from './config/retention.ts';
import { loggedError } from './observe/logged-error.ts';
import { personalDataCommand, readPersonalDataArguments } from './personal-data-command.ts';
import { resealCommand } from './reseal-command.ts';
import { dropOldAudit, dropOldSpend, prepareDatabase, preparePartitions } from './store/prepare.ts';
import type { TakenOver } from './store/take-over.ts';

const USAGE = `Usage: migrate [migrate | partitions | retention | reseal [--json] | audit [FILE] [--head SEQ:HASH] [--after SEQ:HASH] [--json]]
       migrate personal-data export (--user ID | --customer ID) [--fd N]
       migrate personal-data delete (--user ID | --customer ID) [--dry-run] [--json]

  migrate      (default) bring the schema up to date, take over a LiteLLM database, make the coming days' partitions, grant the runtime role
  partitions   make the coming days' partitions of "LiteLLM_SpendLogs" only
  retention    drop the days of "LiteLLM_SpendLogs" that are older than general_settings.maximum_spend_logs_retention_period,
               and rows of the audit log that are older than maximum_audit_logs_retention_period
  personal-data
               export what is kept of one person, an internal user (by id or address) or a customer, as JSON to standard
               output or to the open file N; or delete it, and keep amounts under a pseudonym
  reseal       seal with LITELLM_SALT_KEY the models, credentials and variables that another key has sealed; may be run again at any time
  audit        check the chain of "LiteLLM_AuditLog", in the database or in an export of it, CSV or JSON; changes nothing
               --head: the head that was kept elsewhere; --after: the head before the oldest row, where older ones were deleted

Environment:
  DATABASE_OWNER_URL   connection of the schema's owner, for example postgresql:///litellm?host=/run/postgresql&user=litellm-owner
  DATABASE_URL         connection of the gateway: serves in place of the owner's where there is none
  LITELLM_CONFIG       config.yaml, for retention alone
  LITELLM_SALT_KEY     the key that seals from now on, for reseal alone
  LITELLM_SALT_KEY_PREVIOUS, LITELLM_MASTER_KEY   keys that may have sealed before
  RUNTIME_ROLE         role that the gateway signs in with (default: the user of DATABASE_URL, else litellm)
`;

/** Exit code for a wrong call, as sysexits names it. */
const EX_USAGE = 64;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

interface OwnerConnection {
  readonly name: string;
  readonly url: string;
}

function ownerConnection(): OwnerConnection {
  const name = ['DATABASE_OWNER_URL', 'DATABASE_URL'].find((candidate) => process.env[candidate]);
  if (name === undefined) {
    throw new Error('DATABASE_OWNER_URL is not set: give the connection string of the owner role');
  }
  return { name, url: process.env[name] as string };
}

function runtimeRole(): string {
  const { RUNTIME_ROLE, DATABASE_URL } = process.env;
  if (RUNTIME_ROLE) return RUNTIME_ROLE;
  return (DATABASE_URL && readDatabaseUrl('DATABASE_URL', DATABASE_URL).user) || 'litellm';
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** What the operator has to know of a take-over, above all what did not come along. */
function sayTakenOver({ tables, views }: TakenOver): void {
  const full = tables.filter(({ rows }) => rows > 0).map(({ table, rows }) => `${table} ${rows}`);
  say(`taken over from LiteLLM, rows: ${listed(full)}`);
  const missed = tables.flatMap(({ table, missed }) => missed.map((column) => `${table}.${column}`));
  if (missed.length > 0) say(`columns that this program does not have, left out: ${listed(missed)}`);
  if (views.length > 0) say(`views that its tables cannot serve, left out: ${listed(views)}`);
}

async function migrate(url: string): Promise<void> {
  const done = await prepareDatabase(url, { runtimeRole: runtimeRole() });
  if (done.takenOver !== undefined) sayTakenOver(done.takenOver);
  say(`schema is up to date; applied: ${listed(done.migrations)}; new partitions: ${done.partitions.length}`);
}

async function partitions(url: string): Promise<void> {
  say(`new partitions: ${listed(await preparePartitions(url))}`);
}

async function readRetention() {
  const path = process.env.LITELLM_CONFIG;
  if (!path)
    throw new Error('LITELLM_CONFIG is not set: name the config.yaml that says how long rows are kept');
  const retentions = retentionIn(await readFile(path, 'utf8'));
  if (retentions.faults.length === 0) return retentions;
  throw new Error(
    `nothing was dropped: ${retentions.faults.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
  );
}

async function retention(url: string): Promise<void> {
  const { spend, auditMs } = await readRetention();
  const { partitions, rows } = await dropOldSpend(url, spend);
  say(`dropped partitions: ${listed(partitions)}; rows outside of them: ${rows}`);
  if (auditMs !== null) say(`deleted rows of the audit log: ${await dropOldAudit(url, auditMs)}`);
}

type Work = (url: string) => Promise<void>;

/** Does the work and says, where the database cannot be reached, why and what to do. */
async function carryOut(work: Work): Promise<void> {
  const { name, url } = ownerConnection();
  const target = readDatabaseUrl(name, url);
  try {
    await work(url);
  } catch (error) {
    const failure = explainDatabaseFailure(name, target, error);
    if (failure === undefined) throw error;
    throw new Error(`${failure.reason}; ${failure.remedy}`, { cause: error });
  }
}

/** What the journal may have of an error: of PostgreSQL's own, which can quote rows, what names things of the schema. */
function reasonOf(error: Error): string {
  if (!(error instanceof DatabaseError)) return error.message;
  const { type: _type, stack: _stack, message, ...names } = loggedError(error);
  const named = Object.entries(names).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  return `${message} (${named.join(', ')}); the server's own log says more`;
}

/** Checks the audit log; 1 when its chain is broken. */
async function audit(args: readonly string[]): Promise<number> {
  const asked = readAuditArguments(args);
  let broken = false;
  const check = async (url: string): Promise<void> => {
    const { text, intact } = await auditCommand(asked, url);
    process.stdout.write(text);
    broken = !intact;
  };
  // An export is read wherever it lies, without a database.
  await (asked.file === undefined ? carryOut(check) : check(''));
  return broken ? 1 : 0;
}

/** Exports or deletes what is kept of a person. */
async function personalData(args: readonly string[]): Promise<number> {
  const asked = readPersonalDataArguments(args);
  await carryOut(async (url) => {
    process.stdout.write(await personalDataCommand(url, asked));
  });
  return 0;
}

/** Seals anew what another key has sealed; 1 when some of it cannot be read. */
async function resealAll(args: readonly string[]): Promise<number> {
  let left = false;
  await carryOut(async (url) => {
    const { text, whole } = await resealCommand(process.env, { url, json: args.includes('--json') });
    process.stdout.write(text);
    left = !whole;
  });
  return left ? 1 : 0;
}

/** Carries a command out and returns the exit code. */
type Command = (args: readonly string[]) => Promise<number>;

const doing =
  (work: Work): Command =>
  async () => {
    await carryOut(work);
    return 0;
  };

const commands = new Map<string, Command>([
  ['migrate', doing(migrate)],
  ['partitions', doing(partitions)],
  ['retention', doing(retention)],
  ['reseal', resealAll],
  ['audit', audit],
  ['personal-data', personalData],
]);

async function run(name: string, args: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    process.stdout.write(USAGE);
    return 0;
  }
  const command = commands.get(name);
  if (command === undefined) {
    process.stderr.write(`migrate: '${name}' is not a command\n\n${USAGE}`);
    return EX_USAGE;
  }
  try {
    return await command(args);
  } catch (error) {
    process.stderr.write(`migrate: ${reasonOf(error as Error)}\n`);
    return 1;
  }
}

process.exitCode = await run(process.argv[2] ?? 'migrate', process.argv.slice(3));
