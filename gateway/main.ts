/** The gateway's entry point: reads the configuration, wires everything, serves, drains and stops. */
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Arguments, readArguments, USAGE, UsageError } from './config/arguments.ts';
import type { Config, ConfigResult } from './config/config.ts';
import { readConfig } from './config/read-config.ts';
import { reportConfig } from './config/report.ts';
import type { Gateway } from './gateway.ts';
import { ReadyFile } from './http/ready-file.ts';
import { createLogs, type Logger, type Logs } from './observe/logger.ts';
import { productFacts } from './product.ts';

/** Exit codes: sysexits' names for a wrong call, and a forced end. */
const EX_USAGE = 64;
const FORCED = 70;

const facts = productFacts();

function readConfigFile(path: string): ConfigResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { config: null, faults: [{ path, message: (error as Error).message }], warnings: [] };
  }
  return readConfig({ text, environment: process.env, places: facts.paths });
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

/** The edge stops sending, new calls are refused, running ones may end within the time given. */
async function drainCalls(
  { drain }: Gateway,
  ready: ReadyFile,
  drainMs: number,
  logger: Logger,
): Promise<void> {
  ready.remove();
  const running = drain.running;
  const cut = new AbortController();
  const late = await Promise.race([
    drain.begin().then(() => false),
    sleep(drainMs, true, { signal: cut.signal }),
  ]);
  cut.abort();
  // Answers are written at the end of the turn.
  await nextTurn();
  logger.info({ running, cut: late ? drain.running : 0 }, 'drained');
}

async function serve({ host, port, readyFile }: Arguments, config: Config, logs: Logs): Promise<void> {
  const { logger } = logs;
  const signal = stopSignal();
  // Only what serves needs it: a check of the configuration is done in half the time.
  const { createGateway } = await import('./gateway.ts');
  const ready = new ReadyFile(readyFile);
  ready.remove();
  await using gateway = await createGateway({
    config,
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
  gateway.cut();
  gateway.app.server.closeAllConnections();
}

async function run(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  if (options === null) {
    process.stdout.write(USAGE);
    return 0;
  }
  const result = readConfigFile(options.config);
  if (options.check || result.config === null) {
    const out = result.config === null ? process.stderr : process.stdout;
    out.write(reportConfig(result, options.config));
    return result.config === null ? 1 : 0;
  }
  const logs = createLogs({ level: result.config.logLevel });
  const { logger } = logs;
  try {
    for (const { path, message } of result.warnings) logger.warn({ setting: path }, message);
    await serve(options, result.config, logs);
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
