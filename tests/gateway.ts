/**
 * `make gateway`: runs the gateway here on an embedded PostgreSQL whose data stays in build/dev-gateway, prints how to
 * reach it and runs it until it is told to stop. CONFIG names a configuration (default: the shipped one), PORT a port,
 * MASTER_KEY a master key; provider keys such as OPENAI_API_KEY come from the environment. DATA names another directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gatewayBundle, prepareDatabase } from '../gateway/index.ts';
import { Hopeless, until } from '../packer/index.ts';
import { type KeptSecrets, keptSecrets } from './harness/kept-secrets.ts';
import { startPostgres, type TestDatabase } from './harness/postgres.ts';

const HOST = '127.0.0.1';
const MINUTE = 60_000;
const ADMIN = process.env.UI_USERNAME || 'admin';
const directory = resolve(
  process.env.DATA || fileURLToPath(new URL('../build/dev-gateway', import.meta.url)),
);
const readyFile = `${directory}/ready`;

/** A reason that the person at the terminal can act on. */
class Refusal extends Error {}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wantedPort(): number {
  const text = process.env.PORT || '4000';
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Refusal(`PORT=${text} is no port: give a number from 1 to 65535`);
}

function wantedConfig(): string {
  const path = resolve(process.env.CONFIG || gatewayBundle.defaultConfig);
  if (existsSync(path)) return path;
  throw new Refusal(`CONFIG=${process.env.CONFIG} does not exist`);
}

/** Asks before anything is started: the gateway would find out only after the database. */
async function requireFree(port: number): Promise<void> {
  const probe = createServer();
  const taken = new Promise<boolean>((answer) => {
    probe.once('error', () => answer(true)).listen(port, HOST, () => answer(false));
  });
  if (await taken)
    throw new Refusal(`port ${port} is taken: stop what listens there, or choose another with PORT=`);
  probe.close();
  await once(probe, 'close');
}

function startGateway(
  port: number,
  config: string,
  secrets: KeptSecrets,
  database: TestDatabase,
): ChildProcess {
  rmSync(readyFile, { force: true });
  const main = [
    gatewayBundle.main,
    '--config',
    config,
    '--host',
    HOST,
    '--port',
    String(port),
    '--ready-file',
    readyFile,
  ];
  return spawn('setpriv', ['--pdeathsig', 'SIGTERM', process.execPath, ...main], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // Ctrl-C is for this process, which passes it on.
    detached: true,
    env: {
      ...process.env,
      LITELLM_MASTER_KEY: secrets.masterKey,
      LITELLM_SALT_KEY: secrets.saltKey,
      DATABASE_URL: database.runtimeUrl,
      LITELLM_SPEND_DIR: `${directory}/spend`,
      UI_USERNAME: ADMIN,
      UI_PASSWORD: secrets.initialPassword,
    },
  });
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function untilReady(gateway: ChildProcess): Promise<void> {
  await until('the gateway serves', MINUTE, async () => {
    if (hasEnded(gateway)) throw new Hopeless('the gateway ended while starting; its log above says why');
    if (!existsSync(readyFile)) throw new Error('not ready yet');
  });
}

function announce(port: number, secrets: KeptSecrets, database: TestDatabase): void {
  const url = `http://localhost:${port}`;
  say(`
  Gateway       ${url}/v1
  Master key    ${secrets.masterKey}
  Admin UI      ${url}/ui    user ${ADMIN}, password ${secrets.initialPassword} (until you have replaced it)
  Database      ${database.runtimeUrl}
  Data          ${directory} (delete it to start afresh)

  curl ${url}/v1/models -H 'Authorization: Bearer ${secrets.masterKey}'

  Ctrl-C stops it.
`);
}

/** Passes the first signal on to the gateway, which drains, and the second, which forces it. */
function passSignalsOn(gateway: ChildProcess): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => gateway.kill('SIGTERM'));
}

async function run(): Promise<number> {
  const [port, config] = [wantedPort(), wantedConfig()];
  await requireFree(port);
  mkdirSync(directory, { recursive: true });
  const kept = keptSecrets(`${directory}/secrets.json`);
  const secrets = { ...kept, masterKey: process.env.MASTER_KEY || kept.masterKey };
  say('starting PostgreSQL and the gateway ...');
  await using server = await startPostgres({
    major: 16,
    directory: `${directory}/postgresql-16`,
    durable: true,
  });
  const database = await server.createDatabase({ name: 'litellm', migrated: false });
  await prepareDatabase(database.ownerUrl, { runtimeRole: 'litellm' });
  const gateway = startGateway(port, config, secrets, database);
  const ended = once(gateway, 'exit');
  passSignalsOn(gateway);
  await untilReady(gateway);
  announce(port, secrets, database);
  const [code] = await ended;
  return code ?? 1;
}

try {
  process.exitCode = await run();
} catch (error) {
  const clear = error instanceof Refusal || error instanceof Hopeless;
  process.stderr.write(`make gateway: ${clear ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
