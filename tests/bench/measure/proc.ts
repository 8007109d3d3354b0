import { readdirSync, readFileSync } from 'node:fs';

/** /proc counts in these on every Linux that Node runs on. */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Its own and that of the children it has outlived. */
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** What the processes of a tree have used so far, and hold now. */
export interface Usage {
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Reads /proc/PID/stat. The name stands in brackets and may itself hold brackets and spaces. */
export function parseStat(text: string): ProcessStat {
  const nameEnd = text.lastIndexOf(')');
  const fields = text
    .slice(nameEnd + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? Number.NaN;
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    cpuMs: (field(14) + field(15) + field(16) + field(17)) * TICK_MS,
    residentBytes: field(24) * PAGE_BYTES,
  };
}

/** Sums the processes below the roots, roots included. */
export function usageOf(roots: readonly number[], all: readonly ProcessStat[]): Usage {
  const children = Map.groupBy(all, ({ parent }) => parent);
  const queue = all.filter(({ pid }) => roots.includes(pid));
  let cpuMs = 0;
  let residentBytes = 0;
  for (let process = queue.pop(); process !== undefined; process = queue.pop()) {
    cpuMs += process.cpuMs;
    residentBytes += process.residentBytes;
    queue.push(...(children.get(process.pid) ?? []));
  }
  return { cpuMs, residentBytes };
}

function readStat(pid: string): ProcessStat[] {
  try {
    return [parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))];
  } catch (error) {
    // It ended between the listing and the reading.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** Every process that can be seen from here. */
export function readProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readStat);
}
