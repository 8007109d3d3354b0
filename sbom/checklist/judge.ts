import { type Finding, type Looks, type LooksByRow, NotRun } from './look.ts';
import { exemptionOf, type Place, type Row } from './row.ts';
import { type Subject, usesBuildMirror } from './subject.ts';

/** `warning`: at fault, but of level W. */
export type RowStatus = 'passed' | 'failed' | 'warning' | 'not-run' | 'not-applicable';

/** What the checklist says of one row. */
export interface RowResult {
  readonly id: string;
  readonly requirement: string;
  readonly level: Row['level'];
  readonly status: RowStatus;
  /** What was seen, what is wrong, or why nothing was looked at. */
  readonly detail: string;
  readonly at: string;
}

/** Judges an image by every row, one after the other: they share the machine. */
export async function judge(
  rows: readonly Row[],
  looks: LooksByRow,
  subject: Subject,
  now: () => Date = () => new Date(),
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const row of rows) {
    const { status, detail } = await judgeRow(row, looks[row.id] ?? {}, subject);
    const { id, requirement, level } = row;
    results.push({ id, requirement, level, status, detail, at: now().toISOString() });
  }
  return results;
}

async function judgeRow(
  row: Row,
  looks: Looks,
  subject: Subject,
): Promise<Pick<RowResult, 'status' | 'detail'>> {
  const { target, manifest } = subject;
  const exemption = exemptionOf(row, { target, base: manifest.base, mirrored: usesBuildMirror(manifest) });
  if (exemption !== undefined) return { status: 'not-applicable', detail: exemption };
  const seen: string[] = [];
  const faults: string[] = [];
  const notRun: string[] = [];
  for (const place of row.where) {
    try {
      const found = await lookAt(place, looks, subject);
      seen.push(found.seen);
      faults.push(...found.faults);
    } catch (error) {
      notRun.push((error as Error).message);
    }
  }
  const unseen = notRun.map((reason) => `not looked at: ${reason}`);
  if (faults.length > 0)
    return { status: row.level === 'W' ? 'warning' : 'failed', detail: [...faults, ...unseen].join('; ') };
  if (notRun.length > 0) return { status: 'not-run', detail: unseen.join('; ') };
  return { status: 'passed', detail: seen.join('; ') };
}

/** Looks in one place; throws when the row has no way to, or there is nothing to look at. */
async function lookAt(place: Place, looks: Looks, subject: Subject): Promise<Finding> {
  const { disk, guest, twin, outside, consoles, online } = subject;
  const look = `a way to look at it (${place})`;
  switch (place) {
    case 'disk':
      return need(looks.disk, look)(need(disk, 'the disk, read'), subject);
    case 'booted':
      return need(looks.booted, look)(need(guest, 'a booted machine'), subject);
    case 'twins': {
      const both = [need(guest, 'a booted machine'), need(twin, 'a second booted machine')] as const;
      return need(looks.twins, look)(both, subject);
    }
    case 'outside':
      return need(looks.outside, look)(need(outside, 'somebody outside'), subject);
    case 'console':
      return need(looks.console, look)(need(consoles, 'a machine booted without a data source'), subject);
    case 'online':
      return need(looks.online, look)(need(online, 'a booted machine with a way out'), subject);
    case 'evidence':
      return need(looks.evidence, look)(subject);
    case 'repository':
      return need(looks.repository, look)(subject);
  }
}

function need<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new NotRun(`it takes ${what}, which is not there`);
  return thing;
}

/** What `make verify` ends with. */
export const verifyExitCodes = { passed: 0, failed: 1, notRun: 2 } as const;

/** 1 when a row failed, else 2 when one did not run, else 0. */
export function exitCodeOf(results: readonly RowResult[]): number {
  if (results.some(({ status }) => status === 'failed')) return verifyExitCodes.failed;
  const ran = results.every(({ status }) => status !== 'not-run');
  return ran && results.length > 0 ? verifyExitCodes.passed : verifyExitCodes.notRun;
}
