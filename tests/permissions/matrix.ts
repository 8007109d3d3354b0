import { readFileSync } from 'node:fs';

/** One expectation: who calls what for which object, and the status that answers. */
export interface Cell {
  readonly route: string;
  readonly object: string;
  readonly caller: string;
  readonly status: number;
}

const text = readFileSync(new URL('matrix.txt', import.meta.url), 'utf8');

function rowsOf(lines: string): string[][] {
  return lines
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^(\w+) +\//, '$1 /').split(/ {2,}/));
}

const [header = [], ...rows] = rowsOf(text.replace(/^(route.*)$/m, (line) => line.replaceAll(/ +/g, '  ')));
const callers = header.slice(2);

/** Every cell of the matrix; a caller without such an object has none. */
export const cells: readonly Cell[] = rows.flatMap(([route = '', object = '', ...statuses]) => {
  if (statuses.length !== callers.length) throw new Error(`${route} ${object}: ${statuses.length} cells`);
  return callers.flatMap((caller, index) =>
    statuses[index] === '.' ? [] : [{ route, object, caller, status: Number(statuses[index]) }],
  );
});
