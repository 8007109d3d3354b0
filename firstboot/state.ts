import { type FileSystem, type MachineFacts, readTextIfAny } from '../appliance/index.ts';
import type { FailureReport } from './failure.ts';
import { readIdentity } from './identity.ts';
import { readJournal, readMarker } from './journal.ts';
import { layoutOf } from './layout.ts';

/** How far first boot has come, as its own files tell. */
export type FirstBootState =
  | {
      readonly kind: 'done';
      readonly completedAt: string;
      readonly version: string;
      readonly copyOf?: string;
    }
  | { readonly kind: 'failed'; readonly report: FailureReport }
  /** Under way or cut off: which of the two, the unit's state tells. */
  | { readonly kind: 'begun'; readonly step: string }
  | { readonly kind: 'not-begun' };

/** Reads the state for the operator. Throws FirstBootError when a record cannot be read. */
export function readFirstBootState(fs: FileSystem, facts: MachineFacts): FirstBootState {
  const layout = layoutOf(facts);
  const failure = readTextIfAny(fs, layout.failureReport);
  if (failure !== undefined) return { kind: 'failed', report: JSON.parse(failure) as FailureReport };
  const marker = readMarker(fs, layout.marker);
  if (marker !== undefined) {
    const { machineId, completedAt, version } = marker;
    const copied = machineId !== readIdentity(fs).machineId;
    return { kind: 'done', completedAt, version, ...(copied ? { copyOf: machineId } : {}) };
  }
  const journal = readJournal(fs, layout.journal);
  if (journal === undefined) return { kind: 'not-begun' };
  const open = Object.entries(journal.steps).find(([, { state }]) => state === 'started');
  return { kind: 'begun', step: open?.[0] ?? 'between two steps' };
}
