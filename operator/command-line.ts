import { accessCommand } from './access/verbs.ts';
import { flag, help, parsed, UsageError } from './arguments.ts';
import type { AuditOptions } from './audit.ts';
import { certificateCommand } from './certificate/verbs.ts';
import { type LogsOptions, lineCount, logPart, sinceOf } from './logs.ts';
import type { Operator } from './operator.ts';
import { personalDataCommand } from './personal-data.ts';

type HelpTopic =
  | 'main'
  | 'status'
  | 'config'
  | 'database'
  | 'credentials'
  | 'access'
  | 'certificate'
  | 'verify'
  | 'audit'
  | 'personal-data'
  | 'logs';

export type Command =
  | { readonly kind: 'help'; readonly topic: HelpTopic }
  | { readonly kind: 'version' }
  | { readonly kind: 'status'; readonly json: boolean; readonly waitSeconds?: number }
  | {
      readonly kind:
        | 'config-check'
        | 'database-check'
        | 'database-apply'
        | 'database-reseal'
        | 'credentials'
        | 'reset-admin-password';
      readonly json: boolean;
    }
  | { readonly kind: 'verify'; readonly json: boolean; readonly keyFile?: string }
  | ({ readonly kind: 'audit-verify' } & AuditOptions)
  | ({ readonly kind: 'logs' } & LogsOptions)
  /** Their words bring what they do. */
  | {
      readonly kind: 'access' | 'certificate' | 'personal-data';
      readonly perform: (operator: Operator) => Promise<number>;
    };

const DEFAULT_WAIT_SECONDS = 600;

/** Understands the arguments after the program's name. Throws UsageError saying what is wrong. */
export function parseCommandLine(args: readonly string[]): Command {
  const [command, ...rest] = args;
  switch (command) {
    case undefined:
      throw new UsageError('a command is missing');
    case '-h':
    case '--help':
    case 'help':
      return { kind: 'help', topic: 'main' };
    case '-V':
    case '--version':
      return { kind: 'version' };
    case 'status':
      return parseStatus(rest);
    case 'config':
      return parseConfig(rest);
    case 'database':
      return parseDatabase(rest);
    case 'credentials':
      return parseCredentials(rest);
    case 'access':
      return parseAccess(rest);
    case 'certificate':
      return parseCertificate(rest);
    case 'verify':
      return parseVerify(rest);
    case 'audit':
      return parseAudit(rest);
    case 'personal-data':
      return parsePersonalData(rest);
    case 'logs':
      return parseLogs(rest);
    default:
      throw new UsageError(`'${command}' is not a command`);
  }
}

function parseStatus(args: readonly string[]): Command {
  const options = { help, json: flag, wait: { type: 'string' } } as const;
  const { values } = parsed({ args: withWaitValue(args), options });
  if (values.help) return { kind: 'help', topic: 'status' };
  return {
    kind: 'status',
    json: values.json,
    ...(values.wait === undefined ? {} : { waitSeconds: secondsOf(values.wait) }),
  };
}

/** The value of --wait may be left out, which parseArgs cannot express. */
function withWaitValue(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1];
    const alone = arg === '--wait' && (next === undefined || next.startsWith('-'));
    return alone ? [`--wait=${DEFAULT_WAIT_SECONDS}`] : [arg];
  });
}

function secondsOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--wait wants a whole number of seconds, not '${text}'`);
  return Number(text);
}

function parseConfig(args: readonly string[]): Command {
  const { values, positionals } = parsed({
    args: [...args],
    options: { help, json: flag },
    allowPositionals: true,
  });
  if (values.help) return { kind: 'help', topic: 'config' };
  if (positionals.length !== 1 || positionals[0] !== 'check') {
    throw new UsageError("write 'litellm-ctl config check'");
  }
  return { kind: 'config-check', json: values.json };
}

function parseDatabase(args: readonly string[]): Command {
  const { values, positionals } = parsed({
    args: [...args],
    options: { help, json: flag },
    allowPositionals: true,
  });
  if (values.help) return { kind: 'help', topic: 'database' };
  const { json } = values;
  const [verb] = positionals;
  if (positionals.length === 1 && verb === 'check') return { kind: 'database-check', json };
  if (positionals.length === 1 && verb === 'apply') return { kind: 'database-apply', json };
  if (positionals.length === 1 && verb === 'reseal') return { kind: 'database-reseal', json };
  throw new UsageError("write 'litellm-ctl database check', 'apply' or 'reseal'");
}

function parseCredentials(args: readonly string[]): Command {
  const options = { help, json: flag, 'reset-admin-password': flag } as const;
  const { values } = parsed({ args: [...args], options });
  if (values.help) return { kind: 'help', topic: 'credentials' };
  const kind = values['reset-admin-password'] ? 'reset-admin-password' : 'credentials';
  return { kind, json: values.json };
}

function parseAccess(args: readonly string[]): Command {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', topic: 'access' };
  return { kind: 'access', perform: accessCommand(args) };
}

function parseCertificate(args: readonly string[]): Command {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', topic: 'certificate' };
  return { kind: 'certificate', perform: certificateCommand(args) };
}

function parsePersonalData(args: readonly string[]): Command {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', topic: 'personal-data' };
  return { kind: 'personal-data', perform: personalDataCommand(args) };
}

function parseVerify(args: readonly string[]): Command {
  const { values } = parsed({ args: [...args], options: { help, json: flag, key: { type: 'string' } } });
  if (values.help) return { kind: 'help', topic: 'verify' };
  return {
    kind: 'verify',
    json: values.json,
    ...(values.key === undefined ? {} : { keyFile: values.key }),
  };
}

function parseAudit(args: readonly string[]): Command {
  const text = { type: 'string' } as const;
  const options = { help, json: flag, head: text, after: text } as const;
  const { values, positionals } = parsed({ args: [...args], options, allowPositionals: true });
  if (values.help) return { kind: 'help', topic: 'audit' };
  const [verb, file, more] = positionals;
  if (verb !== 'verify') throw new UsageError("write 'litellm-ctl audit verify'");
  if (more !== undefined) throw new UsageError(`'${more}' is a word too many`);
  return {
    kind: 'audit-verify',
    json: values.json,
    ...(file === undefined ? {} : { file }),
    ...(values.head === undefined ? {} : { head: headOf('head', values.head) }),
    ...(values.after === undefined ? {} : { after: headOf('after', values.after) }),
  };
}

function headOf(option: string, text: string): string {
  if (/^\d{1,15}:[0-9a-f]{64}$/.test(text)) return text;
  throw new UsageError(`--${option} wants a head as it was printed, NUMBER:HASH, not '${text}'`);
}

function parseLogs(args: readonly string[]): Command {
  const text = { type: 'string' } as const;
  const options = { help, json: flag, follow: { ...flag, short: 'f' }, since: text, lines: text } as const;
  const { values, positionals } = parsed({ args: [...args], options, allowPositionals: true });
  if (values.help) return { kind: 'help', topic: 'logs' };
  const [part, more] = positionals;
  if (more !== undefined) throw new UsageError(`'${more}' is a word too many`);
  return {
    kind: 'logs',
    json: values.json,
    follow: values.follow,
    ...(part === undefined ? {} : { part: logPart(part) }),
    ...(values.since === undefined ? {} : { since: sinceOf(values.since) }),
    ...(values.lines === undefined ? {} : { lines: lineCount(values.lines) }),
  };
}
