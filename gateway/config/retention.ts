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

/**
 * The same from the text of config.yaml, of which nothing else is looked at, and every fault in it. A setting that refers to
 * a variable is one: who drops rows does not have the gateway's environment.
 */
export function retentionIn(text: string): {
  readonly retention: Retention | null;
  readonly faults: readonly Finding[];
} {
  const findings = new Findings();
  const section = parseYaml(text, findings)[SECTION] ?? {};
  if (!isMap(section)) {
    findings.fault(SECTION, 'must be a map');
    return { retention: null, faults: findings.faults };
  }
  for (const key of [PERIOD, INTERVAL]) {
    const variable = referencedVariable(section[key]);
    if (variable === undefined) continue;
    findings.fault(`${SECTION}.${key}`, `must be written in the file, not in ${variable}`);
  }
  const retention =
    findings.faults.length > 0 ? null : readRetention(new Reader(section, SECTION, findings), findings);
  return { retention, faults: findings.faults };
}
