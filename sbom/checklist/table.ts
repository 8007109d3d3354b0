import { exitCodeOf, type RowResult, type RowStatus, verifyExitCodes } from './judge.ts';

const WORDS: Readonly<Record<RowStatus, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  warning: 'warning',
  'not-run': 'NOT RUN',
  'not-applicable': 'n/a',
};
const WIDTH = 8;

/** The whole of a verification, for programs. */
export interface Verification {
  readonly image: string;
  readonly target: string;
  readonly base: string;
  /** Why the image is no release; empty for one that may be. */
  readonly rehearsal: readonly string[];
  readonly exitCode: number;
  readonly rows: readonly RowResult[];
}

/** The rows for a person: what passed on one line each, with what was seen; the rest with all that is wrong. */
export function renderVerification({ image, target, base, rehearsal, rows }: Verification): string {
  const lines = rows.map(
    ({ id, level, status, requirement, detail }) =>
      `${WORDS[status].padEnd(WIDTH)} ${id} ${level}  ${requirement}\n${' '.repeat(WIDTH + 10)}${detail}`,
  );
  const counts = Object.entries(WORDS).map(
    ([status, word]) => `${rows.filter((row) => row.status === status).length} ${word}`,
  );
  return [
    `${image} for ${target}, from ${base}`,
    ...rehearsal.map((reason) => `a rehearsal: ${reason}`),
    ...lines,
    `${counts.join(', ')}: ${verdict(exitCodeOf(rows))}`,
    '',
  ].join('\n');
}

function verdict(exitCode: number): string {
  switch (exitCode) {
    case verifyExitCodes.passed:
      return 'the image passes';
    case verifyExitCodes.failed:
      return 'the image does not pass';
    default:
      return 'the image was not judged to the end';
  }
}
