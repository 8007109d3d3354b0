import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestDatabase } from './postgres.ts';
import { gatewayProgram } from './programs.ts';

export const MASTER_KEY = 'sk-master-of-the-integration-tests';
const SALT_KEY = 'salt-of-the-integration-tests';

export interface GatewayProcessOptions {
  /** Text of config.yaml. */
  readonly config: string;
  readonly database?: TestDatabase;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The gateway as a process of its own, as it runs on the machine. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Whether the file that tells the edge to send calls is there. */
  ready(): boolean;
  /** Everything written so far, to standard output and standard error. */
  output(): string;
  /** Waits for a log entry with this message, past or to come. */
  logged(message: string): Promise<Readonly<Record<string, unknown>>>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
  /** Ends it as systemd would, unless it was signalled already, and returns how it ended. */
  stop(): Promise<Ended>;
}

function environmentFor(
  directory: string,
  { database, environment }: GatewayProcessOptions,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    LITELLM_SPEND_DIR: join(directory, 'spend'),
    LITELLM_MASTER_KEY: MASTER_KEY,
    LITELLM_SALT_KEY: SALT_KEY,
    ...(database && { DATABASE_URL: database.runtimeUrl }),
    ...environment,
  };
}

async function configDirectory(config: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'litellm-gateway-'));
  await writeFile(join(directory, 'config.yaml'), config);
  return directory;
}

function launch(directory: string, options: GatewayProcessOptions, more: readonly string[]) {
  const args = [gatewayProgram, '--config', join(directory, 'config.yaml'), ...more];
  return spawn(process.execPath, args, {
    env: environmentFor(directory, options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the gateway until it ends by itself: a check, or a start that is refused. */
export async function runGateway(
  options: GatewayProcessOptions,
  more: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const directory = await configDirectory(options.config);
  try {
    const child = launch(directory, options, ['--port', '0', ...more]);
    let output = '';
    child.stdout.on('data', (piece) => {
      output += piece;
    });
    child.stderr.on('data', (piece) => {
      output += piece;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Starts the gateway on a free port and waits until it serves. */
export async function startGateway(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const directory = await configDirectory(options.config);
  const readyFile = join(directory, 'ready');
  const child = launch(directory, options, ['--port', '0', '--ready-file', readyFile]);
  const entries: Record<string, unknown>[] = [];
  const watchers = new Set<() => void>();
  let output = '';
  // A second signal would force the end.
  let signalled = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    entries.push(JSON.parse(line));
    for (const watcher of watchers) watcher();
  });
  child.stderr.on('data', (piece) => {
    output += piece;
  });
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ended);

  async function logged(message: string): Promise<Record<string, unknown>> {
    const found = () => entries.find((entry) => entry.msg === message);
    while (found() === undefined) {
      const wake = Promise.withResolvers<void>();
      watchers.add(wake.resolve);
      const over = await Promise.race([wake.promise, ended]);
      watchers.delete(wake.resolve);
      if (over !== undefined && found() === undefined) {
        throw new Error(`the gateway ended without logging '${message}':\n${output}`);
      }
    }
    return found() as Record<string, unknown>;
  }

  const stop = async (): Promise<Ended> => {
    if (!signalled && child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const how = await ended;
    await rm(directory, { recursive: true, force: true });
    return how;
  };
  const { address } = await logged('serving');
  return {
    url: String(address),
    ready: () => existsSync(readyFile),
    output: () => output,
    logged,
    signal(name) {
      signalled = true;
      child.kill(name);
    },
    ended,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
