import { basename } from 'node:path';
import { UsageError } from './arguments.ts';
import {
  JOURNAL_FIELDS,
  journalEntry,
  type LogEntry,
  type LogPart,
  logParts,
  logSources,
  timeOf,
} from './log-sources.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';

export interface LogsOptions {
  /** None means all of them. */
  readonly part?: LogPart;
  /** The beginning, told the time of now. */
  readonly since?: (now: Date) => Date;
  readonly lines?: number;
  readonly follow: boolean;
  readonly json: boolean;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const UNITS: Readonly<Record<string, number>> = { s: SECOND, min: MINUTE, h: HOUR, d: 24 * HOUR };
const DEFAULT_LINES = 100;
/** With a beginning all is shown, but for what would not fit into memory. */
const LINES_SINCE = 10_000;
export const MOST_LINES = 100_000;

/** What follows --since: how long ago, or a moment in UTC. Throws UsageError. */
export function sinceOf(text: string): (now: Date) => Date {
  const [, amount, unit = ''] = /^(\d{1,6})(s|min|h|d)$/.exec(text) ?? [];
  if (amount !== undefined) return (now) => new Date(now.getTime() - Number(amount) * (UNITS[unit] ?? 0));
  const [, day, time = '00:00'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?Z?$/.exec(text) ?? [];
  const at = new Date(`${day}T${time}Z`);
  if (Number.isNaN(at.getTime())) {
    throw new UsageError(`--since wants 90s, 30min, 2h, 3d, a day or '2026-11-27 08:00', not '${text}'`);
  }
  return () => at;
}

/** What follows --lines. Throws UsageError. */
export function lineCount(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST_LINES) {
    throw new UsageError(`--lines wants a number from 1 to ${MOST_LINES}, not '${text}'`);
  }
  return count;
}

/** The word that names a part. Throws UsageError. */
export function logPart(text: string): LogPart {
  const found = logParts.find((part) => part === text);
  if (found === undefined)
    throw new UsageError(`'${text}' does not log by itself; choose from ${logParts.join(', ')}`);
  return found;
}

interface Reading {
  readonly since: Date | undefined;
  readonly lines: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

async function* journal(operator: Operator, part: LogPart, reading: Reading): AsyncGenerator<LogEntry> {
  const { units } = logSources(operator.machine.facts)[part];
  const args = [
    ...['--quiet', '--no-pager', '--all', '--output=json', `--output-fields=${JOURNAL_FIELDS.join(',')}`],
    ...units.map((unit) => `--unit=${unit}`),
    ...(reading.since === undefined ? [] : [`--since=@${Math.floor(reading.since.getTime() / SECOND)}`]),
    `--lines=${reading.lines}`,
    ...(reading.follow ? ['--follow'] : []),
  ];
  for await (const line of operator.lines('journalctl', args, reading)) yield journalEntry(part, line);
}

async function* logFile(
  operator: Operator,
  part: LogPart,
  path: string,
  { since, lines, follow, signal }: Reading,
): AsyncGenerator<LogEntry> {
  // A database on another server, or a first boot that has not come so far.
  if (!follow && !operator.machine.fs.existsSync(path)) return;
  const from = since === undefined ? `--lines=${lines}` : '--lines=+1';
  const args = [from, ...(follow ? ['--follow=name', '--retry'] : []), path];
  let at = new Date(0);
  for await (const line of operator.lines('tail', args, { signal })) {
    at = timeOf(line) ?? at;
    if (since === undefined || at >= since) yield { at, part, source: basename(path), message: line };
  }
}

function readings(
  operator: Operator,
  parts: readonly LogPart[],
  reading: Reading,
): AsyncGenerator<LogEntry>[] {
  const sources = logSources(operator.machine.facts);
  return parts.flatMap((part) => [
    journal(operator, part, reading),
    ...sources[part].files.map((path) => logFile(operator, part, path, reading)),
  ]);
}

/** The newest entries of one log. */
async function newestOf(entries: AsyncIterable<LogEntry>, count: number): Promise<LogEntry[]> {
  let kept: LogEntry[] = [];
  for await (const entry of entries) {
    kept.push(entry);
    if (kept.length > 2 * count) kept = kept.slice(-count);
  }
  return kept.slice(-count);
}

/** What a terminal would act on instead of showing it; a log may hold what a client has sent. */
const CONTROLS = /[^\P{Cc}\t]/gu;

function shown({ at, part, source, message }: LogEntry, json: boolean): string {
  if (json) return `${JSON.stringify({ at, part, source, message })}\n`;
  const visible = message.replaceAll(
    CONTROLS,
    (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `${at.toISOString()} ${source}: ${visible}\n`;
}

/** `litellm-ctl logs`: the newest entries in the order of their time; followed, each as it comes, until it is stopped. */
export async function logs(operator: Operator, options: LogsOptions): Promise<number> {
  const { follow, json } = options;
  const since = options.since?.(operator.machine.now());
  const lines = options.lines ?? (since === undefined ? DEFAULT_LINES : LINES_SINCE);
  const ending = new AbortController();
  const parts = options.part === undefined ? logParts : [options.part];
  const all = readings(operator, parts, { since, lines, follow, signal: ending.signal });
  const write = (entry: LogEntry): void => operator.write(shown(entry, json));
  try {
    if (follow) await Promise.all(all.map((entries) => each(entries, write)));
    else {
      const found = (await Promise.all(all.map((entries) => newestOf(entries, lines)))).flat();
      const inOrder = found.toSorted((one, other) => one.at.getTime() - other.at.getTime());
      for (const entry of inOrder.slice(-lines)) write(entry);
    }
    return exitCodes.ok;
  } catch (cause) {
    throw new OperatorError(
      `a log cannot be read: ${(cause as Error).message}`,
      'systemctl status systemd-journald; ls -l /var/log/nginx /var/log/postgresql',
      { cause },
    );
  } finally {
    ending.abort();
  }
}

async function each(entries: AsyncIterable<LogEntry>, act: (entry: LogEntry) => void): Promise<void> {
  for await (const entry of entries) act(entry);
}
