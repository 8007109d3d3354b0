import { parseArgs } from 'node:util';

export const USAGE = `Usage: gateway --config FILE [options]

  --config FILE      LiteLLM's config.yaml
  --check            say what is wrong with the configuration, and with settings that the database holds where it can be asked,
                     and end: 0 when it can be started, else 1
  --host ADDRESS     listen there (default 127.0.0.1)
  --port NUMBER      listen there (default 4000; 0 takes a free one)
  --ready-file PATH  exists while the gateway serves
  --help             this text

Environment:
  LITELLM_MASTER_KEY, LITELLM_SALT_KEY, DATABASE_URL   must be set, here or in the file
  UI_USERNAME, UI_PASSWORD                             the first sign-in at /ui
  LITELLM_DRAIN_SECONDS                                how long running streams may go on after SIGTERM (default 60)
  LITELLM_SPEND_DIR                                    the spend journal, on a disk of this machine
                                                       (default /var/lib/litellm/spend)
  LITELLM_LOG                                          DEBUG, INFO (default), WARN or ERROR
  OPENAI_API_KEY and the like                          keys of providers
`;

export interface Arguments {
  readonly config: string;
  readonly check: boolean;
  readonly host: string;
  readonly port: number;
  readonly readyFile: string | null;
}

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port: '${text}' is no port; give a number from 0 to 65535`);
}

/** Reads the command line; null asks for the help text. Throws UsageError. */
export function readArguments(args: readonly string[]): Arguments | null {
  let values: ReturnType<typeof parse>['values'];
  try {
    values = parse(args).values;
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
  if (values.help) return null;
  if (values.config === undefined) throw new UsageError('--config is missing; name the configuration file');
  return {
    config: values.config,
    check: values.check,
    host: values.host,
    port: readPort(values.port),
    readyFile: values['ready-file'] ?? null,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      config: { type: 'string' },
      check: { type: 'boolean', default: false },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '4000' },
      'ready-file': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
}
