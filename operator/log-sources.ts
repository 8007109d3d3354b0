import type { MachineFacts } from '../appliance/index.ts';
import { layoutOf } from '../firstboot/index.ts';

/** Parts of the machine that log, as they are named on the command line. */
export const logParts = ['gateway', 'edge', 'database', 'first-boot'] as const;
export type LogPart = (typeof logParts)[number];

/** Where one part logs: units whose output the journal keeps, and files that a program writes itself. */
export interface LogSource {
  readonly units: readonly string[];
  readonly files: readonly string[];
}

export function logSources(facts: MachineFacts): Readonly<Record<LogPart, LogSource>> {
  const { databaseUnit, clusterLog } = layoutOf(facts);
  return {
    gateway: {
      units: [
        'litellm.service',
        'litellm-migrate.service',
        'litellm-migrate-external.service',
        'litellm-partitions.service',
        'litellm-partitions-external.service',
        'litellm-egress.service',
      ],
      files: [],
    },
    edge: {
      units: ['nginx.service', 'fail2ban.service'],
      files: ['/var/log/nginx/access.log', '/var/log/nginx/error.log', '/var/log/fail2ban.log'],
    },
    database: { units: [databaseUnit], files: [clusterLog] },
    'first-boot': { units: ['litellm-firstboot.service', 'litellm-address.service'], files: [] },
  };
}

/** One line of a log. */
export interface LogEntry {
  readonly at: Date;
  readonly part: LogPart;
  /** The unit, or the name of the file. */
  readonly source: string;
  readonly message: string;
}

/** Fields of the journal that an entry is made of. */
export const JOURNAL_FIELDS = ['MESSAGE', '_SYSTEMD_UNIT', 'UNIT'] as const;

/** A line of `journalctl --output=json`. What systemd says of a unit stands under the unit that it is said of. */
export function journalEntry(part: LogPart, line: string): LogEntry {
  const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
  return {
    at: new Date(Number(fields.__REALTIME_TIMESTAMP) / 1000),
    part,
    source: String(fields.UNIT ?? fields._SYSTEMD_UNIT ?? 'journal'),
    message: textOf(fields.MESSAGE),
  };
}

/** A message that is no text is given as its bytes. */
function textOf(message: unknown): string {
  if (Array.isArray(message)) return Buffer.from(message as number[]).toString('utf8');
  return typeof message === 'string' ? message : '';
}

/** At the start of a line or, in nginx's access log, behind the client's address. The machine's clock is UTC. */
const TIME = /^(?:\S+ )?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{3}))?(Z|[+-]\d\d:\d\d)?/;

/** The moment that a line of a log file names; undefined where it continues the line before it. */
export function timeOf(line: string): Date | undefined {
  const match = TIME.exec(line);
  if (match === null) return undefined;
  const [, year, month, day, time, millis = '000', zone = 'Z'] = match;
  const at = new Date(`${year}-${month}-${day}T${time}.${millis}${zone}`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
