import { expect, test } from 'vitest';
import { readLynisReport } from './lynis-report.ts';

const REPORT = `# Lynis Report
report_version_major=1
lynis_version=3.1.4
warning[]=NETW-2705|Couldn't find 2 responsive nameservers|-|-|
suggestion[]=BOOT-5122|Set a password on GRUB boot loader|-|-|
suggestion[]=SSH-7408|Consider hardening SSH configuration|AllowTcpForwarding (set YES to NO)|-|
lynis_tests_done=259
hardening_index=71
finish=true
`;

test('the report gives index, tests, warnings and suggestions', () => {
  expect(readLynisReport(REPORT)).toEqual({
    version: '3.1.4',
    hardeningIndex: 71,
    tests: 259,
    warnings: [{ test: 'NETW-2705', text: "Couldn't find 2 responsive nameservers" }],
    suggestions: [
      { test: 'BOOT-5122', text: 'Set a password on GRUB boot loader' },
      { test: 'SSH-7408', text: 'Consider hardening SSH configuration' },
    ],
    text: REPORT,
  });
});

test.each([
  ['nothing', ''],
  ['a run that was cut off', REPORT.replace('finish=true\n', '')],
  ['a run without an index', REPORT.replace(/hardening_index=.*\n/, '')],
])('%s is no report', (_name, text) => {
  expect(() => readLynisReport(text)).toThrow('Lynis did not come to its end');
});
