import { type FileSystem, readTextIfAny, writeFileAtomic } from '../appliance/index.ts';
import { FirstBootError } from './failure.ts';
import type { Secrets } from './secrets.ts';

const FORMAT = 1;
const ROOT_ONLY = 0o600;

export interface StepMark {
  readonly state: 'started' | 'done';
  readonly at: string;
}

/** What first boot has done so far, and the values it does it with. */
export interface Journal {
  readonly format: typeof FORMAT;
  /** The machine that began it. */
  readonly machineId: string;
  readonly begunAt: string;
  /** Dropped once the marker stands. */
  readonly secrets?: Secrets;
  /** The database that the steps are done for; unset: the machine's own. */
  readonly database?: 'external';
  readonly steps: Readonly<Record<string, StepMark>>;
}

/** Written when first boot is complete; it never runs again while this stands. */
export interface Marker {
  readonly format: typeof FORMAT;
  readonly machineId: string;
  /** Of the image. */
  readonly version: string;
  readonly completedAt: string;
}

export function newJournal(machineId: string, begunAt: Date, secrets: Secrets): Journal {
  return { format: FORMAT, machineId, begunAt: begunAt.toISOString(), secrets, steps: {} };
}

export function newMarker(machineId: string, version: string, completedAt: Date): Marker {
  return { format: FORMAT, machineId, version, completedAt: completedAt.toISOString() };
}

export function withStep(journal: Journal, name: string, state: StepMark['state'], at: Date): Journal {
  return { ...journal, steps: { ...journal.steps, [name]: { state, at: at.toISOString() } } };
}

/** What these steps write depends on which database is used. */
const DEPENDENT = ['service-environment', 'credentials-file'];

/** The journal for a run with this database: what was done for the other one is to be done again. */
export function withDatabase(journal: Journal, kind: 'local' | 'external'): Journal {
  const { database, ...rest } = journal;
  if ((database ?? 'local') === kind) return journal;
  const steps = Object.entries(journal.steps).map(([name, mark]): [string, StepMark] => [
    name,
    DEPENDENT.includes(name) ? { ...mark, state: 'started' } : mark,
  ]);
  return { ...rest, ...(kind === 'external' && { database: kind }), steps: Object.fromEntries(steps) };
}

export function withoutSecrets({ secrets: _, ...rest }: Journal): Journal {
  return rest;
}

/** The journal, or undefined when first boot has not begun. Throws FirstBootError when it cannot be read. */
export function readJournal(fs: FileSystem, path: string): Journal | undefined {
  return readRecord<Journal>(fs, path, ['machineId', 'begunAt', 'steps']);
}

/** The marker, or undefined when first boot is not complete. Throws FirstBootError when it cannot be read. */
export function readMarker(fs: FileSystem, path: string): Marker | undefined {
  return readRecord<Marker>(fs, path, ['machineId', 'version', 'completedAt']);
}

/** Stores journal or marker so that a power cut leaves the old or the new one, readable by root only. */
export function writeRecord(fs: FileSystem, path: string, record: Journal | Marker): void {
  writeFileAtomic(fs, path, `${JSON.stringify(record, null, 2)}\n`, { mode: ROOT_ONLY });
}

function readRecord<T extends { format: number }>(
  fs: FileSystem,
  path: string,
  fields: readonly (keyof T)[],
): T | undefined {
  const text = readTextIfAny(fs, path);
  if (text === undefined) return undefined;
  let record: Partial<T>;
  try {
    record = JSON.parse(text) as Partial<T>;
  } catch {
    // The parser's message would quote the text, which may hold secrets.
    throw unreadable(path, 'it is not JSON');
  }
  if (record === null || record.format !== FORMAT) throw unreadable(path, `its format is not ${FORMAT}`);
  const missing = fields.find((field) => record[field] === undefined);
  if (missing !== undefined) throw unreadable(path, `'${String(missing)}' is missing`);
  return record as T;
}

function unreadable(path: string, why: string): FirstBootError {
  return new FirstBootError(
    `${path} cannot be used: ${why}`,
    'restore this file from a backup; do not delete it on a machine with data, or first boot would not know its own keys',
  );
}
