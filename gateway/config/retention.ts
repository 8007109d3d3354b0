import { parseDuration } from '../identity/duration.ts';
import type { Finding } from './config.ts';
import { Findings, isMap, Reader } from './findings.ts';
import { referencedVariable } from './references.ts';
import { parseYaml } from './yaml.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

const SECTION = 'general_settings';
const PERIOD = 'maximum_spend_logs_retention_period';
const INTERVAL = 'maximum_spend_logs_retention_interval';
const AUDIT_PERIOD = 'maximum_audit_logs_retention_period';

/** A month is as long as the longest one: what is to be kept for it is kept. */
const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60 * 1000,
  h: HOUR,
  d: DAY,
  w: 7 * DAY,
  mo: 31 * DAY,
};

/** How long spend rows are kept; milliseconds. */
export interface Retention {
  /** Rows that are younger stay; at least a day. */
  readonly periodMs: number;
  /** Days are dropped in steps of this length. */
  readonly intervalMs: number;
}

function readDuration(general: Reader, key: string, leastMs: number, findings: Findings): number | undefined {
  const text = general.text(key);
  if (text === undefined) return undefined;
  const { count = Number.NaN, unit = '' } = parseDuration(text.trim()) ?? {};
  const durationMs = count * (unitMs[unit] ?? Number.NaN);
  if (durationMs >= leastMs) return durationMs;
  findings.fault(
    `${SECTION}.${key}`,
    `'${text}' is no duration of at least ${leastMs === DAY ? 'a day' : 'a second'}: write a whole number and s, m, h, d, w or mo, such as 400d`,
  );
  return undefined;
}

/** How long spend rows are kept by the settings; null: for ever. */
export function readRetention(general: Reader, findings: Findings): Retention | null {
  const periodMs = readDuration(general, PERIOD, DAY, findings);
  const intervalMs = readDuration(general, INTERVAL, 1000, findings) ?? DAY;
  return periodMs === undefined ? null : { periodMs, intervalMs };
}

/** How long rows of the audit log are kept by the settings, in milliseconds; null: for ever. */
export function readAuditPeriod(general: Reader, findings: Findings): number | null {
  return readDuration(general, AUDIT_PERIOD, DAY, findings) ?? null;
}

/** How long rows are kept. */
export interface Retentions {
  readonly spend: Retention | null;
  /** Of the audit log, in milliseconds. */
  readonly auditMs: number | null;
  readonly faults: readonly Finding[];
}

/**
 * The same from the text of config.yaml, of which nothing else is looked at, and every fault in it. A setting that refers to
 * a variable is one: who drops rows does not have the gateway's environment.
 */
export function retentionIn(text: string): Retentions {
  const findings = new Findings();
  const section = parseYaml(text, findings)[SECTION] ?? {};
  const nothing = { spend: null, auditMs: null, faults: findings.faults };
  if (!isMap(section)) {
    findings.fault(SECTION, 'must be a map');
    return nothing;
  }
  for (const key of [PERIOD, INTERVAL, AUDIT_PERIOD]) {
    const variable = referencedVariable(section[key]);
    if (variable === undefined) continue;
    findings.fault(`${SECTION}.${key}`, `must be written in the file, not in ${variable}`);
  }
  if (findings.faults.length > 0) return nothing;
  const general = new Reader(section, SECTION, findings);
  return { ...nothing, spend: readRetention(general, findings), auditMs: readAuditPeriod(general, findings) };
}
