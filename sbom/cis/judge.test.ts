import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { arfFile, plainBaseArf } from './fixtures/arf.ts';
import { cisCheck, type Evidence, judge } from './judge.ts';
import { readArf } from './scap-document.ts';
import { scoreSchema } from './score-schema.ts';
import type { Tailoring } from './tailoring.ts';
import type { RuleOutcome, RuleResult } from './xccdf.ts';

const { benchmark, testResult } = await readArf(arfFile(plainBaseArf()));
const selected = benchmark.profiles.get('cis_level1_server') ?? new Set<string>();
const NOT_CHECKED = 'accounts_password_pam_pwquality_enabled';

const tailoring: Tailoring = {
  profile: 'cis_level1_server',
  rules: [
    {
      rule: 'package_nginx_removed',
      decision: 'tailored-out',
      reason: 'a web service',
      compensation: 'a sandbox',
    },
  ],
  contentFaults: [{ rule: NOT_CHECKED, result: 'notchecked', reason: 'there is no check' }],
};

/** The scan as if everything that failed had been put right, with some results changed (undefined: missing). */
function hardened(changes: Record<string, RuleResult | undefined> = {}): Evidence {
  const outcomes = new Map<string, RuleOutcome>();
  for (const [rule, outcome] of testResult.outcomes) {
    outcomes.set(rule, outcome.result === 'fail' ? { ...outcome, result: 'pass' } : outcome);
  }
  for (const [rule, result] of Object.entries(changes)) {
    const outcome = outcomes.get(rule);
    if (result === undefined || outcome === undefined) outcomes.delete(rule);
    else outcomes.set(rule, { ...outcome, result });
  }
  return { benchmark, testResult, outcomes, rechecked: new Set(), wholeFrom: 'vm', content: [] };
}

const verdict = (evidence: Evidence, by = tailoring) =>
  cisCheck(judge(evidence, by, 'qemu'), '2026-11-27T00:00:00Z');

test('a machine that passes all but what is tailored and excused passes', () => {
  const evidence = hardened({ package_nginx_removed: 'fail' });
  const score = judge(evidence, tailoring, 'qemu');
  expect(score.untailored).toMatchObject({ rules: 403, ratio: 99.71, strictRatio: 99.43 });
  expect(score.tailored).toMatchObject({ rules: 402, ratio: 100, strictRatio: 99.71, score: 100 });
  expect(score.findings).toEqual([]);
  expect(verdict(evidence)).toMatchObject({ id: 'cis', status: 'passed' });
});

test('the scan as it was made fails, with its own figures', () => {
  const evidence = { ...hardened(), outcomes: testResult.outcomes };
  const score = judge(evidence, tailoring, 'qemu');
  expect(score.untailored).toMatchObject({ ratio: 65.52, strictRatio: 65.33, score: 70.198 });
  expect(score.untailored.results).toMatchObject({ pass: 228, fail: 120, notapplicable: 54, notchecked: 1 });
  expect(score.findings).toHaveLength(120);
  expect(verdict(evidence).status).toBe('failed');
  expect(verdict(evidence).detail).toContain('the untailored profile has to reach 96 %');
});

const RULE = 'package_aide_installed';

test.each<[string, Record<string, RuleResult | undefined>, string]>([
  ['a rule that failed', { [RULE]: 'fail' }, `${RULE}: fail, it failed`],
  ['a rule in error', { [RULE]: 'error' }, `${RULE}: error, it was not judged`],
  ['an unknown rule', { [RULE]: 'unknown' }, `${RULE}: unknown, it was not judged`],
  ['a rule that was not checked', { [RULE]: 'notchecked' }, `${RULE}: notchecked, it was not judged`],
  [
    'a rule that was left out of the scan',
    { [RULE]: 'notselected' },
    `${RULE}: notselected, the scan has no result`,
  ],
  ['a rule without a result', { [RULE]: undefined }, `${RULE}: no result, the scan has no result`],
  [
    'a listed fault with another result',
    { [NOT_CHECKED]: 'error' },
    `${NOT_CHECKED}: error, the tailoring lists it as a fault of the content with 'notchecked'`,
  ],
  [
    'a listed fault that passes',
    { [NOT_CHECKED]: 'pass' },
    `${NOT_CHECKED}: pass, the tailoring lists it as a fault of the content with 'notchecked'`,
  ],
  [
    'a listed fault without a result',
    { [NOT_CHECKED]: undefined },
    `${NOT_CHECKED}: no result, the scan has no result`,
  ],
])('%s fails the check', (_, changes, complaint) => {
  const { status, detail } = verdict(hardened(changes));
  expect(status).toBe('failed');
  expect(detail).toContain(complaint);
});

test('an untailored score below the limit fails the check, however much is tailored out', () => {
  const out = [...selected].filter((rule) => rule !== NOT_CHECKED).slice(0, 30);
  const evidence = hardened(Object.fromEntries(out.map((rule) => [rule, 'fail'])));
  const much = {
    ...tailoring,
    rules: out.map((rule) => ({ ...(tailoring.rules[0] as Tailoring['rules'][number]), rule })),
  };
  expect(judge(evidence, much, 'qemu').findings).toEqual([]);
  expect(verdict(evidence, much)).toMatchObject({ status: 'failed' });
});

test('a rule without a result is not excused, even where the tailoring expects unknown', () => {
  const unknown: Tailoring = {
    ...tailoring,
    contentFaults: [...tailoring.contentFaults, { rule: RULE, result: 'unknown', reason: 'cannot be known' }],
  };
  expect(verdict(hardened({ [RULE]: 'unknown' }), unknown).status).toBe('passed');
  expect(verdict(hardened({ [RULE]: undefined }), unknown).status).toBe('failed');
});

test('a fault that is not listed counts against both scores', () => {
  const { untailored } = judge(hardened({ [RULE]: 'error' }), tailoring, 'qemu');
  expect(untailored.ratio).toBe(99.71);
  expect(untailored.strictRatio).toBe(99.43);
});

test('a container alone is never a passed check, whatever it found', () => {
  const { status, detail } = verdict({ ...hardened(), wholeFrom: 'container' });
  expect(status).toBe('not-run');
  expect(detail).toContain('wait for the virtual machine');
});

test('each rule says which machine judged it, and the first line says how the scan was made', () => {
  const merged: Evidence = { ...hardened(), wholeFrom: 'container', rechecked: new Set([RULE]) };
  const score = judge(merged, tailoring, 'qemu');
  expect(score.scannedIn).toBe('container-and-vm');
  expect(score.rules[RULE]).toEqual({ result: 'pass', origin: 'vm' });
  expect(score.rules.package_nginx_removed).toEqual({ result: 'pass', origin: 'container' });
  expect(score.how).toBe(
    `Scanned in a container, not in the booted virtual machine; these 1 rules were asked again in the virtual machine, whose answer counts: ${RULE}.`,
  );
  expect(judge(hardened(), tailoring, 'qemu').how).toBe('Scanned in the booted virtual machine.');
  const twice = judge({ ...hardened(), rechecked: new Set([RULE]) }, tailoring, 'qemu');
  expect(twice.scannedIn).toBe('vm');
  expect(twice.how).toBe(
    `Scanned in the booted virtual machine; these 1 rules had not passed and were asked once more, whose second answer counts: ${RULE}.`,
  );
  expect(judge({ ...merged, rechecked: new Set() }, tailoring, 'qemu').scannedIn).toBe('container');
});

test('the score fits its schema, as it is and as JSON', () => {
  const evidence = hardened({ [RULE]: undefined, aide_build_database: 'fail' });
  const content = [{ name: 'ssg-debian', version: '0.1.82-1', sha256: 'a'.repeat(64), pinned: true }];
  const score = JSON.parse(JSON.stringify(judge({ ...evidence, content }, tailoring, 'qemu')));
  const validate = new Ajv({ allErrors: true }).compile(scoreSchema);
  expect(validate(score), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...score, how: undefined })).toBe(false);
});
