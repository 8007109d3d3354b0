import { expect, test } from 'vitest';
import type { RowResult, RowStatus } from './judge.ts';
import { renderVerification, type Verification } from './table.ts';

const row = (id: string, status: RowStatus, detail: string): RowResult => ({
  id,
  requirement: 'it is well',
  level: 'B',
  status,
  detail,
  at: '2026-11-26T12:00:00.000Z',
});

const verification = (...rows: RowResult[]): Verification => ({
  image: 'litellm-appliance 0.1.0, commit c',
  target: 'qemu',
  base: 'debian-13',
  rehearsal: ["the package sources are the build host's"],
  exitCode: 0,
  rows,
});

test('a person reads what was asked, what came of it and why, and the counts at the end', () => {
  const text = renderVerification(
    verification(row('AAA-01', 'passed', '3 files'), row('BBB-01', 'not-run', 'not looked at: no machine')),
  );
  expect(text).toBe(`litellm-appliance 0.1.0, commit c for qemu, from debian-13
a rehearsal: the package sources are the build host's
passed   AAA-01 B  it is well
                  3 files
NOT RUN  BBB-01 B  it is well
                  not looked at: no machine
1 passed, 0 FAILED, 0 warning, 1 NOT RUN, 0 n/a: the image was not judged to the end
`);
});

test.each<[RowStatus[], string]>([
  [['passed', 'warning', 'not-applicable'], 'the image passes'],
  [['passed', 'failed', 'not-run'], 'the image does not pass'],
  [['passed', 'not-run'], 'the image was not judged to the end'],
  [[], 'the image was not judged to the end'],
])('%s: the last words', (statuses, words) => {
  const rows = statuses.map((status, index) => row(`AAA-0${index}`, status, ''));
  expect(
    renderVerification(verification(...rows))
      .trimEnd()
      .endsWith(`: ${words}`),
  ).toBe(true);
});
