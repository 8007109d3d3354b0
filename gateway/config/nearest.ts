/** Number of single-character insertions, deletions, replacements and swaps of neighbours between two texts. */
function distance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const best = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      row.push(swapped ? Math.min(best, (beforeLast[j - 2] as number) + 1) : best);
    }
    beforeLast = last;
    last = row;
  }
  return last[other.length] as number;
}

/** The name that was probably meant; undefined when none is near enough (a third of the letters wrong, at most four). */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let found: string | undefined;
  let least = Math.min(4, Math.max(1, Math.floor(name.length / 3))) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const steps = distance(name.toLowerCase(), candidate);
    if (steps < least) {
      least = steps;
      found = candidate;
    }
  }
  return found;
}
