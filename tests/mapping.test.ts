/** docs/mapping.md: nothing that is asked is left out, and what it points at exists. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { machinePaths } from './docs/machine-paths.ts';
import { root, textOf } from './docs/pages.ts';

const PAGE = 'docs/mapping.md';
const YOURS = 'yours to do';

interface Row {
  readonly section: string;
  readonly asked: string;
  readonly here: string;
  readonly where: string;
}

function rowsOf(text: string): Row[] {
  let section = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) section = line.slice(3);
    if (!line.startsWith('| ') || line.startsWith('| ---')) return [];
    const [asked = '', here = '', where = ''] = line.slice(2, -2).split(' | ');
    return where === 'where' ? [] : [{ section, asked, here, where }];
  });
}

const rows = rowsOf(textOf(PAGE));
const asked = (section: string): string =>
  rows
    .filter((row) => row.section.startsWith(section))
    .map((row) => row.asked)
    .join('\n');
const quoted = ({ where }: Row): string[] => [...where.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

test.each([
  [
    'Names found',
    [
      'master_key_auth',
      'disable_master_key_return',
      'disable_add_model_via_api',
      'allowed_models',
      'PUT /key/update',
      'disable_spend_logs',
      'budget_alert_threshold',
      'spend_report_frequency',
      'redact_messages_in_logs',
      'ui_access_mode: sso',
      'secret_manager',
      'log_retention_days',
      'rate_limit_config',
      'success_callback: ["webhook"]',
      'GET /user/<id>',
      'PUT /budget/update',
      '/team/member/add',
      'start with `sk-`',
      'budget_duration: "monthly"',
      'allowed_cache_controls',
      'detailed_debug',
      'litellm_requests_total',
      'litellm_spend_total',
    ],
  ],
  ['Kubernetes', ['NetworkPolicy', 'Secret', 'runAsNonRoot', 'allowPrivilegeEscalation', 'capabilities']],
  ['Kubernetes', ['readOnlyRootFilesystem', 'seccompProfile', 'appArmorProfile', 'seLinuxOptions']],
  [
    'Kubernetes',
    ['`privileged: false`', 'runAsUser', 'runAsGroup', 'fsGroup', 'automountServiceAccountToken'],
  ],
  ['Kubernetes', ['hostPID', 'hostIPC', 'hostNetwork']],
  ['HIPAA', ['(a)(1)', '(a)(2)(i) ', '(a)(2)(ii) ', '(a)(2)(iii)', '(a)(2)(iv)', '(b)', '(c)(1)', '(c)(2)']],
  ['HIPAA', ['(d)', '(e)(1)', '(e)(2)(i) ', '(e)(2)(ii)']],
  ['GDPR', ['art. 25(1)', 'art. 25(2)', 'art. 30(1)', 'art. 30(2)', 'art. 32(1)(a)', 'art. 32(1)(b)']],
  ['GDPR', ['art. 25(3)', 'art. 30(3)', 'art. 30(4)', 'art. 30(5)']],
  ['GDPR', ['art. 32(1)(c)', 'art. 32(1)(d)', 'art. 32(2)', 'art. 32(3)', 'art. 32(4)']],
  ['SOC 2', [1, 2, 3, 4, 5, 6, 7, 8].map((point) => `CC6.${point}`)],
  ['SOC 2', [1, 2, 3, 4, 5].map((point) => `CC7.${point}`)],
  ['ISO', Array.from({ length: 34 }, (_, index) => `8.${index + 1} `)],
])('%s: every row that is asked for is there', (section, names) => {
  expect(names.filter((name) => !asked(section).includes(name))).toEqual([]);
});

test('every row says something, and where, or that it is yours', () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => row.here === '' || (quoted(row).length === 0 && row.where !== YOURS))).toEqual(
    [],
  );
});

const known = machinePaths();

test('every path of the machine comes from a bake or the first boot', () => {
  const paths = rows.flatMap(quoted).filter((text) => text.startsWith('/'));
  expect(paths.length).toBeGreaterThan(15);
  expect([...new Set(paths)].filter((path) => !known.has(path))).toEqual([]);
});

test('every other path is in the repository', () => {
  const paths = rows.flatMap(quoted).filter((text) => !/^\/|^sudo /.test(text));
  expect(paths.length).toBeGreaterThan(80);
  expect([...new Set(paths)].filter((path) => !existsSync(root + path))).toEqual([]);
});
