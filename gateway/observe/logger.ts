import {
  type DestinationStream,
  destination,
  type LoggerOptions as LoggerSettings,
  type Logger as PinoLogger,
  pino,
} from 'pino';
import { loggedError } from './logged-error.ts';

export type Logger = PinoLogger;

/** Members that hold secrets, prompts or answers wherever they turn up in a log entry. */
const HIDDEN = [
  'authorization',
  'cookie',
  'api_key',
  'apiKey',
  'master_key',
  'masterKey',
  'saltKey',
  'databaseUrl',
  'password',
  'connectionString',
  'messages',
  'prompt',
  'body',
  'headers',
];

export interface LoggerOptions {
  readonly level: string;
  readonly stream?: DestinationStream;
}

/** Takes whole lines, in the order of the logger's. */
export interface LineLog {
  /** Whether lines of the level `info` are wanted. */
  readonly enabled: boolean;
  write(line: string): void;
}

export interface Logs {
  /** For everything; hides what must not be seen wherever it stands in an entry. */
  readonly logger: Logger;
  /** For the lines of finished calls, whose members are fixed. */
  readonly calls: LineLog;
}

/**
 * Standard output, written in blocks of 60 KiB or once a second: one write a call would cost more CPU than everything else
 * that the log does, and of 8 KiB still 3 µs a call. Lines are kept as bytes: kept as text, a block is counted anew for
 * each of its lines (4.3 µs a line, 1.9 as bytes).
 */
function standardOutput(): DestinationStream & Pick<ReturnType<typeof destination>, 'flush' | 'flushSync'> {
  const out = destination({
    dest: 1,
    sync: false,
    contentMode: 'buffer',
    minLength: 60 * 1024,
    maxWrite: 64 * 1024,
    periodicFlush: 1000,
  });
  return {
    // Its type knows texts only.
    write: (line) => out.write(Buffer.from(line) as unknown as string),
    flush: (done) => out.flush(done),
    flushSync: () => out.flushSync(),
  };
}

/** JSON lines. `flush` writes what is left. */
export function createLogs({ level, stream }: LoggerOptions): Logs {
  const out = stream ?? standardOutput();
  const paths = HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options: LoggerSettings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: (error) => (error instanceof Error ? loggedError(error) : '***') },
    redact: { paths, censor: '***' },
  };
  const logger = pino(options, out);
  return {
    logger,
    calls: { enabled: logger.isLevelEnabled('info'), write: (line) => void out.write(line) },
  };
}
