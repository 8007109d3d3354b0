/** The gateway's entry point: reads the configuration, wires everything, serves, drains and stops. */
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Arguments, readArguments, USAGE, UsageError } from './config/arguments.ts';
import type { ConfigResult } from './config/config.ts';
import { type ConfigSource, readConfig } from './config/read-config.ts';
import { countsStored } from './config/read-stored.ts';
import { reportConfig } from './config/report.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import type { Drain } from './http/drain.ts';
import { ReadyFile } from './http/ready-file.ts';
import { createLogs, type Logger, type Logs } from './observe/logger.ts';
import { productFacts } from './product.ts';

/** Exit codes: sysexits' names for a wrong call, and a forced end. */
const EX_USAGE = 64;
const FORCED = 70;
/** How long is waited for calls that were cut to be recorded. */
const CUT_MS = 2000;

const facts = productFacts();

interface FileRead {
  readonly source: ConfigSource;
  /** The file by itself. */
  readonly alone: ConfigResult;
}

function readFile(path: string): FileRead {
  const source = (text: string): ConfigSource => ({ text, environment: process.env, places: facts.paths });
  try {
    const read = source(readFileSync(path, 'utf8'));
    return { source: read, alone: readConfig(read) };
  } catch (error) {
    const faults = [{ path, message: (error as Error).message }];
    return { source: source(''), alone: { config: null, faults, warnings: [] } };
  }
}

/** With what the database holds of the configuration, where the file lets that count. Throws where it cannot be asked. */
async function readWhole({ source, alone }: FileRead): Promise<ConfigResult> {
  if (alone.config === null || !countsStored(alone.config)) return alone;
  // A file by itself is checked in half the time without it.
  const { addStored } = await import('./stored-config.ts');
  return addStored(source, alone.config, alone.warnings);
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let seen = 0;
    const stop = (signal: NodeJS.Signals): void => {
      if (++seen > 1) process.exit(FORCED);
      resolve(signal);
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
  });
}

/** Whether all calls have ended within so long; none begins any more. */
async function idleWithin(drain: Drain, spanMs: number): Promise<boolean> {
  const idle = new AbortController();
  const late = sleep(spanMs, false, { signal: idle.signal });
  const ended = await Promise.race([drain.begin().then(() => true), late]);
  idle.abort();
  return ended;
}

/** The edge stops sending, new calls are refused, running ones may end within the time given; the others are cut. */
async function drainCalls(
  { app, drain, cut }: Gateway,
  ready: ReadyFile,
  drainMs: number,
  logger: Logger,
): Promise<void> {
  ready.remove();
  const running = drain.running;
  const ended = await idleWithin(drain, drainMs);
  // Answers are written at the end of the turn.
  await nextTurn();
  logger.info({ running, cut: ended ? 0 : drain.running }, 'drained');
  cut();
  app.server.closeAllConnections();
  // Each has a row, which may have to wait for what was produced to be counted.
  await idleWithin(drain, CUT_MS);
}

async function serve(
  { host, port, readyFile }: Arguments,
  { config, source }: Pick<GatewayOptions, 'config' | 'source'>,
  logs: Logs,
): Promise<void> {
  const { logger } = logs;
  const signal = stopSignal();
  // Only what serves needs it: a check of the configuration is done in half the time.
  const { createGateway } = await import('./gateway.ts');
  const ready = new ReadyFile(readyFile);
  ready.remove();
  await using gateway = await createGateway({
    config,
    source,
    logs,
    version: facts.version,
    providersEnv: facts.paths.providersEnv,
    admin: {
      userName: process.env.UI_USERNAME || facts.users.admin,
      initialPassword: process.env.UI_PASSWORD || undefined,
    },
  });
  const address = await gateway.app.listen({ host, port });
  ready.create();
  logger.info({ address, version: facts.version }, 'serving');
  logger.flush();
  logger.info({ signal: await signal, drain_ms: config.drainMs }, 'stopping');
  await drainCalls(gateway, ready, config.drainMs, logger);
}

/** Says what is wrong with the configuration, of the file and, where it can be asked, of the database. */
async function check(file: FileRead, path: string): Promise<number> {
  let result = file.alone;
  let unseen = '';
  try {
    result = await readWhole(file);
  } catch (error) {
    unseen = `Settings that the database holds were not looked at: ${(error as Error).message}\n`;
  }
  return tell(result, path, unseen);
}

function tell(result: ConfigResult, path: string, unseen = ''): number {
  const good = result.config !== null;
  (good ? process.stdout : process.stderr).write(`${unseen}${reportConfig(result, path)}`);
  return good ? 0 : 1;
}

async function run(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  if (options === null) {
    process.stdout.write(USAGE);
    return 0;
  }
  const file = readFile(options.config);
  if (options.check) return check(file, options.config);
  if (file.alone.config === null) return tell(file.alone, options.config);
  const logs = createLogs({ level: file.alone.config.logLevel });
  const { logger } = logs;
  try {
    const { config, ...found } = await readWhole(file);
    if (config === null) return tell({ config, ...found }, options.config);
    for (const { path, message } of found.warnings) logger.warn({ setting: path }, message);
    await serve(options, { config, source: file.source }, logs);
    logger.info('stopped');
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, 'cannot go on');
    process.stderr.write(`gateway: ${(error as Error).message}\n`);
    return 1;
  } finally {
    logger.flush();
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`gateway: ${error.message}\n\n${USAGE}`);
  process.exitCode = EX_USAGE;
}
