import { type DestinationStream, destination, type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import { GatewayError } from '../http/errors.ts';

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

/** A client's error can quote its request, and a provider's error its prompt: the log gets code and stack only. */
function withoutQuotes(error: Error): object {
  if (!(error instanceof GatewayError)) return stdSerializers.err(error);
  const { name: type, code, status, cause } = error;
  return { type, code, status, ...(cause instanceof Error && { cause: stdSerializers.err(cause) }) };
}

export interface LoggerOptions {
  readonly level: string;
  readonly stream?: DestinationStream;
}

/**
 * JSON lines on standard output. Written in blocks of 8 KiB or once a second: one write a call would cost more CPU than
 * everything else that the log does. `flushLog` writes what is left.
 */
export function createLogger({ level, stream }: LoggerOptions): Logger {
  const out = stream ?? destination({ dest: 1, sync: false, minLength: 8 * 1024, periodicFlush: 1000 });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: withoutQuotes },
      redact: { paths: HIDDEN.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '***' },
    },
    out,
  );
}
