import { expect, test } from 'vitest';
import { Findings, Reader } from './findings.ts';
import { readNetworkRules } from './read-network-rules.ts';

const MIB = 1024 * 1024;

function read(general: object) {
  const findings = new Findings();
  const rules = readNetworkRules(new Reader({ ...general }, 'general_settings', findings), findings);
  return { rules, faults: findings.faults, warnings: findings.warnings };
}

test('without the settings everybody may call, and send what the gateway takes', () => {
  expect(read({})).toEqual({
    rules: { allowed: null, maxRequestBytes: null, maxAnswerBytes: null },
    faults: [],
    warnings: [],
  });
});

test('callers are addresses and networks', () => {
  expect(read({ allowed_ips: ['198.51.100.7', '2001:db8::/32'] })).toMatchObject({
    rules: {
      allowed: [
        { address: '198.51.100.7', prefix: 32, family: 'ipv4' },
        { address: '2001:db8::', prefix: 32, family: 'ipv6' },
      ],
    },
    faults: [],
  });
});

test.each([
  ['a name', ['office.example.com'], /^'office\.example\.com' is no address and no network; write/],
  ['a network that is too narrow', ['10.0.0.0/33'], /^'10\.0\.0\.0\/33' is no address/],
  ['nobody', [], /^names nobody/],
  ['a text', '10.0.0.1', /^must be a list of texts, not a string/],
])('callers that are %s are a fault', (_what, allowed_ips, message) => {
  expect(read({ allowed_ips }).faults).toEqual([
    { path: 'general_settings.allowed_ips', message: expect.stringMatching(message) },
  ]);
});

test('that the machine itself is a trusted proxy is true', () => {
  expect(read({ trusted_proxy_ranges: ['127.0.0.1', '127.0.0.0/8', '::1'] }).faults).toEqual([]);
  expect(read({ trusted_proxy_ranges: [] }).faults).toEqual([]);
});

test.each([
  ['203.0.113.0/24', /run `litellm-ctl access proxies trust 203\.0\.113\.0\/24` and remove it here/],
  ['10.0.0.1', /trust 10\.0\.0\.1\/32`/],
  ['127.0.0.0/7', /trust 127\.0\.0\.0\/7`/],
  ['::/0', /trust ::\/0`/],
  ['proxy.example.com', /is no address and no network/],
])('that %s is one is told to the edge', (range, message) => {
  expect(read({ trusted_proxy_ranges: [range] }).faults).toEqual([
    { path: 'general_settings.trusted_proxy_ranges', message: expect.stringMatching(message) },
  ]);
});

test('sizes are in MB, parts of them too', () => {
  expect(read({ max_request_size_mb: 32, max_response_size_mb: '0.5' }).rules).toMatchObject({
    maxRequestBytes: 32 * MIB,
    maxAnswerBytes: MIB / 2,
  });
  expect(read({ max_request_size_mb: 0.000_001 }).rules.maxRequestBytes).toBe(1);
});

test('more than the gateway takes anyway is said to make no difference', () => {
  expect(read({ max_response_size_mb: 100 })).toMatchObject({
    rules: { maxAnswerBytes: 64 * MIB },
    faults: [],
    warnings: [{ path: 'general_settings.max_response_size_mb', message: /64 MB/ }].map((each) => ({
      ...each,
      message: expect.stringMatching(each.message),
    })),
  });
});

test.each([0, -1, 'much', true, [5]])('a size of %j is a fault', (size) => {
  const { faults } = read({ max_request_size_mb: size, max_response_size_mb: size });
  expect(faults.map(({ path }) => path)).toEqual([
    'general_settings.max_request_size_mb',
    'general_settings.max_response_size_mb',
  ]);
});
