/** The schema's entry point: litellm-migrate.service and the owner's daily timer run it as the owner role. */
import { prepareDatabase, preparePartitions } from './store/prepare.ts';

const USAGE = `Usage: migrate [migrate | partitions]

  migrate      (default) bring the schema up to date, make the coming days' partitions, grant the runtime role
  partitions   make the coming days' partitions of "LiteLLM_SpendLogs" only

Environment:
  DATABASE_OWNER_URL   connection of the schema's owner, for example postgresql:///litellm?host=/run/postgresql&user=litellm-owner
  RUNTIME_ROLE         role that the gateway signs in with (default litellm)
`;

/** Exit code for a wrong call, as sysexits names it. */
const EX_USAGE = 64;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function ownerUrl(): string {
  const url = process.env.DATABASE_OWNER_URL;
  if (url === undefined || url === '') {
    throw new Error('DATABASE_OWNER_URL is not set: give the connection string of the owner role');
  }
  return url;
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

async function migrate(): Promise<void> {
  const done = await prepareDatabase(ownerUrl(), { runtimeRole: process.env.RUNTIME_ROLE || 'litellm' });
  say(`schema is up to date; applied: ${listed(done.migrations)}; new partitions: ${done.partitions.length}`);
}

async function partitions(): Promise<void> {
  say(`new partitions: ${listed(await preparePartitions(ownerUrl()))}`);
}

const commands = new Map([
  ['migrate', migrate],
  ['partitions', partitions],
]);

async function run(command: string): Promise<number> {
  if (command === '--help' || command === '-h') {
    process.stdout.write(USAGE);
    return 0;
  }
  const work = commands.get(command);
  if (work === undefined) {
    process.stderr.write(`migrate: '${command}' is not a command\n\n${USAGE}`);
    return EX_USAGE;
  }
  try {
    await work();
    return 0;
  } catch (error) {
    process.stderr.write(`migrate: ${(error as Error).message}\n`);
    return 1;
  }
}

process.exitCode = await run(process.argv[2] ?? 'migrate');
