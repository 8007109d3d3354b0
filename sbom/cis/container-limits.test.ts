import { expect, test } from 'vitest';
import { readCatalogue } from './catalogue.ts';
import { CONTAINER_LIMITS, rulesToRecheck } from './container-limits.ts';
import { arfFile, plainBaseArf } from './fixtures/arf.ts';
import { readArf } from './scap-document.ts';

const rules = Object.keys(readCatalogue().debian13?.rules ?? {});

test.each(CONTAINER_LIMITS)('$rules names rules of the profile', ({ rules: pattern }) => {
  expect(rules.filter((rule) => pattern.test(rule))).not.toEqual([]);
});

const { benchmark, testResult } = await readArf(arfFile(plainBaseArf()));
const selected = benchmark.profiles.get('cis_level1_server') ?? new Set<string>();
const again = rulesToRecheck(testResult, selected, new Set(['package_chrony_installed']));

test('what a container cannot judge is asked again even when it passed there', () => {
  const passed = again.filter((rule) => testResult.outcomes.get(rule)?.result === 'pass');
  expect(passed).toContain('sysctl_fs_protected_hardlinks');
  expect(passed).toContain('file_owner_grub2_cfg');
});

test('whatever the container did not pass is asked again, unless it is left out', () => {
  const open = [...selected].filter((rule) => testResult.outcomes.get(rule)?.result !== 'pass');
  expect(open.filter((rule) => !again.includes(rule))).toEqual(['package_chrony_installed']);
});

test('what a container can judge and has passed is not asked again', () => {
  expect(again).not.toContain('package_sudo_installed');
  expect(again).not.toContain('no_empty_passwords_etc_shadow');
});
