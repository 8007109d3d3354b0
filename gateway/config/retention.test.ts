import { expect, test } from 'vitest';
import { retentionIn } from './retention.ts';

const DAY = 24 * 60 * 60 * 1000;
const PERIOD = 'general_settings.maximum_spend_logs_retention_period';
const INTERVAL = 'general_settings.maximum_spend_logs_retention_interval';

function of(settings: Readonly<Record<string, string>>) {
  const lines = Object.entries(settings).map(
    ([key, value]) => `  maximum_spend_logs_retention_${key}: ${value}`,
  );
  return retentionIn(['general_settings:', ...lines].join('\n'));
}

test.each([
  ['400d', 400],
  ['24h', 1],
  ['2w', 14],
  ['1mo', 31],
])('%s is %i days', (written, days) => {
  expect(of({ period: written })).toEqual({
    spend: { periodMs: days * DAY, intervalMs: DAY },
    auditMs: null,
    faults: [],
  });
});

test('an interval is read as well', () => {
  expect(of({ period: '30d', interval: '7d' }).spend).toEqual({
    periodMs: 30 * DAY,
    intervalMs: 7 * DAY,
  });
});

test.each(['', 'general_settings: {}', 'model_list: []', 'general_settings:'])(
  'without the setting rows are kept for ever: %j',
  (text) => {
    expect(retentionIn(`litellm_settings: {}\n${text}`)).toEqual({ spend: null, auditMs: null, faults: [] });
  },
);

test.each([
  ['period', 'soon', PERIOD],
  ['period', '30', PERIOD],
  ['period', '-5d', PERIOD],
  ['period', '12h', PERIOD],
  ['period', '0d', PERIOD],
  ['period', '[30d]', PERIOD],
  ['period', 'os.environ/RETENTION', PERIOD],
  ['interval', '1y', INTERVAL],
])('%s %s is refused by the name of its setting', (key, written, path) => {
  const { spend, faults } = of({ period: '30d', [key]: written });
  expect(faults.map((fault) => fault.path)).toEqual([path]);
  expect(spend === null || key === 'interval').toBe(true);
});

test('the audit log has a period of its own', () => {
  const setting = (period: string) => `general_settings: { maximum_audit_logs_retention_period: ${period} }`;
  expect(retentionIn(setting('2190d'))).toEqual({ spend: null, auditMs: 2190 * DAY, faults: [] });
  expect(retentionIn(setting('12h')).faults).toMatchObject([
    { path: 'general_settings.maximum_audit_logs_retention_period' },
  ]);
});

test('a file that is no YAML is refused', () => {
  expect(retentionIn('general_settings: {').faults).not.toEqual([]);
});
