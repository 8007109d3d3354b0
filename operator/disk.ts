import type { Check } from './check.ts';
import type { Operator } from './operator.ts';

const GIB = 1024 ** 3;
const LEAST_BYTES = GIB;
const LEAST_SHARE = 0.1;

/** Whether the disk has room for the database and the spend journal. */
export function checkDisk(operator: Operator): Check {
  const { freeBytes, totalBytes } = operator.diskSpace(operator.machine.facts.paths.state);
  const percent = Math.round((freeBytes / totalBytes) * 100);
  const detail = `${(freeBytes / GIB).toFixed(1)} GiB of ${(totalBytes / GIB).toFixed(1)} GiB free (${percent} %)`;
  if (freeBytes >= LEAST_BYTES && freeBytes / totalBytes >= LEAST_SHARE)
    return { name: 'disk', state: 'ok', detail };
  return {
    name: 'disk',
    state: 'problem',
    detail,
    remedy: 'enlarge the disk, or find what fills it: du -xh / | sort -h',
  };
}
