import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readFacts } from '../../appliance/index.ts';
import { knownFrom, readCatalogue } from './catalogue.ts';
import { checkedTailoring, cisTailoredOut } from './documents.ts';
import { MOST_TAILORED, parseTailoring, tailoredOut } from './tailoring.ts';

const known = knownFrom(readCatalogue(), ['qemu', 'azure']);

const rule = (id: string, extra: object = {}) => ({
  rule: id,
  decision: 'tailored-out',
  reason: 'for a reason that is written down',
  compensation: 'something else protects it',
  ...extra,
});
const fault = (id: string, result = 'error') => ({
  rule: id,
  result,
  reason: 'the check looks for something else',
});
const written = (changes: object = {}) =>
  stringify({
    profile: 'cis_level1_server',
    rules: [rule('package_nginx_removed')],
    'content-faults': [fault('file_ownerships_var_log')],
    ...changes,
  });
const manyRules = (count: number, extra: object = {}) =>
  Object.keys(readCatalogue().debian13?.rules ?? {})
    .slice(0, count)
    .map((id) => rule(id, extra));

test('the tailoring of the repository holds, with a reason for each rule and few enough of them', () => {
  const tailoring = checkedTailoring();
  expect(tailoring.rules.filter(({ targets }) => targets === undefined).length).toBeLessThanOrEqual(
    MOST_TAILORED,
  );
  expect(tailoring.rules.length).toBeGreaterThan(0);
});

test.each([
  ['no YAML', 'rules: [', /not readable as YAML/],
  ['an unknown key', written({ exceptions: [] }), /the document: 'exceptions' is not known; remove it/],
  [
    'a missing part',
    stringify({ profile: 'cis_level1_server', rules: [] }),
    /'content-faults' is missing; add it/,
  ],
  [
    'another decision',
    written({ rules: [rule('package_nginx_removed', { decision: 'waived' })] }),
    /rules\.0\.decision: must be one of tailored-out/,
  ],
  [
    'no reason',
    written({ rules: [rule('package_nginx_removed', { reason: '' })] }),
    /rules\.0\.reason: must NOT have fewer than 10 characters/,
  ],
  [
    'no compensation',
    written({ rules: [rule('package_nginx_removed', { compensation: undefined })] }),
    /rules\.0: 'compensation' is missing; add it/,
  ],
  [
    'the long id of a rule',
    written({ rules: [rule('xccdf_org.ssgproject.content_rule_package_nginx_removed')] }),
    /rules\.0\.rule: must be the short id/,
  ],
  [
    'a rule that the profile does not select',
    written({ rules: [rule('package_nginx_remove')] }),
    /rules\.0\.rule: the profile cis_level1_server does not select 'package_nginx_remove'; correct its spelling/,
  ],
  [
    'a rule twice',
    written({ rules: [rule('package_nginx_removed'), rule('package_nginx_removed')] }),
    /rules\.1\.rule: 'package_nginx_removed' stands at rules\.0\.rule already/,
  ],
  [
    'a rule both left out and excused',
    written({ 'content-faults': [fault('package_nginx_removed')] }),
    /content-faults\.0\.rule: 'package_nginx_removed' stands at rules\.0\.rule already/,
  ],
  [
    'a failure excused as a fault of the content',
    written({ 'content-faults': [fault('file_ownerships_var_log', 'fail')] }),
    /content-faults\.0\.result: must be one of error, unknown, notchecked/,
  ],
  [
    'a fault that the profile does not select',
    written({ 'content-faults': [fault('no_such_rule')] }),
    /content-faults\.0\.rule: the profile cis_level1_server does not select 'no_such_rule'/,
  ],
  [
    'an unknown target',
    written({ rules: [rule('package_nginx_removed', { targets: ['moon'] })] }),
    /rules\.0\.targets\.0: must be one of qemu, azure/,
  ],
  ['another profile', written({ profile: 'cis_level9' }), /profile: no content has 'cis_level9'/],
  [
    'twelve rules',
    written({ rules: manyRules(12), 'content-faults': [] }),
    /rules: 12 are left out .* at most 11/,
  ],
])('%s is refused', (_, text, complaint) => {
  expect(() => parseTailoring(text, known)).toThrow(complaint);
});

test('eleven rules are accepted, and one that a target forces comes on top', () => {
  const rules = [...manyRules(11), rule('package_nginx_removed', { targets: ['azure'] })];
  const tailoring = parseTailoring(written({ rules, 'content-faults': [] }), known);
  expect(tailoredOut(tailoring, 'azure')).toHaveLength(12);
  expect(tailoredOut(tailoring, 'qemu')).toHaveLength(11);
});

test('root may come in where the target says so, and the rule against it is followed everywhere else', () => {
  const { bases, targets } = readFacts();
  for (const base of Object.keys(bases)) {
    const without = Object.keys(targets).filter((target) =>
      cisTailoredOut(base, target).includes('sshd_disable_root_login'),
    );
    expect(without).toEqual(Object.keys(targets).filter((target) => targets[target]?.sshRootLogin !== 'no'));
  }
});
