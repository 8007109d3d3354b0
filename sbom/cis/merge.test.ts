import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { arfFile, plainBaseArf } from './fixtures/arf.ts';
import { mergeOutcomes, notPassed, writeMergedArf } from './merge.ts';
import { readArf } from './scap-document.ts';
import { defaultScore } from './scoring.ts';
import type { RuleOutcome, TestResult } from './xccdf.ts';

const container = arfFile(plainBaseArf());
const { benchmark, testResult: whole } = await readArf(container);

function answers(results: Record<string, RuleOutcome['result']>): TestResult {
  const outcomes = Object.entries(results).map(
    ([rule, result]) => [rule, { result, severity: 'medium', weight: 1 }] as const,
  );
  return { ...whole, outcomes: new Map(outcomes) };
}

test('the second scan is believed for its rules and for no others', () => {
  const again = answers({ sysctl_fs_suid_dumpable: 'pass', package_sudo_installed: 'fail' });
  const merged = mergeOutcomes(whole, again, ['sysctl_fs_suid_dumpable']);
  expect(whole.outcomes.get('sysctl_fs_suid_dumpable')?.result).toBe('fail');
  expect(merged.get('sysctl_fs_suid_dumpable')?.result).toBe('pass');
  expect(merged.get('package_sudo_installed')?.result).toBe('pass');
});

test.each([
  ['gave none', answers({})],
  ['did not select it', answers({ sysctl_fs_suid_dumpable: 'notselected' })],
])('a rule for which the second scan %s is refused', (_, again) => {
  expect(() => mergeOutcomes(whole, again, ['sysctl_fs_suid_dumpable'])).toThrow(
    'gave no result for sysctl_fs_suid_dumpable',
  );
});

test('what failed or could not be judged has not passed, and what is missing neither', () => {
  const { outcomes } = answers({
    a: 'fail',
    b: 'error',
    c: 'unknown',
    d: 'notchecked',
    e: 'pass',
    f: 'fail',
  });
  expect(notPassed(outcomes, ['g', 'e', 'd', 'c', 'b', 'a'])).toEqual(['a', 'b', 'c', 'g']);
});

test.each([
  ['container', 'the container'],
  ['vm', 'it'],
] as const)(
  'an ARF merged from a scan in the %s holds the merged results and score, keeps the first answer, and says how it was made',
  async (wholeFrom, who) => {
    const rule = 'sysctl_fs_suid_dumpable';
    const merged = mergeOutcomes(whole, answers({ [rule]: 'pass' }), [rule]);
    const file = arfFile('');
    await writeMergedArf(container, file, merged, { how: 'Scanned <twice> & merged.', wholeFrom });
    const { testResult } = await readArf(file);
    expect(testResult.outcomes.get(rule)?.result).toBe('pass');
    expect(testResult.score).toBeCloseTo(defaultScore(benchmark.items, merged), 3);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(
      `<message severity="info">Asked again in the virtual machine; at first ${who} had said 'fail'.`,
    );
    expect(text.match(/<message /g)).toHaveLength(1);
    expect(text).toContain('<title>OSCAP Scan Result. Scanned &lt;twice> &amp; merged.</title>');
  },
);

test('an ARF in another form is refused rather than left unmerged', async () => {
  const rule = 'sysctl_fs_suid_dumpable';
  const other = arfFile(plainBaseArf().replaceAll('<result>', '<result >'));
  const merged = mergeOutcomes(whole, answers({ [rule]: 'pass' }), [rule]);
  await expect(
    writeMergedArf(other, arfFile(''), merged, { how: 'Scanned.', wholeFrom: 'vm' }),
  ).rejects.toThrow('is not written as this program knows it');
});
