import { expect, test } from 'vitest';
import { parsePolicy, readPolicy } from './policy.ts';

const policy = (exceptions: string): string => `
vulnerabilities: { fail: [CRITICAL, HIGH], databaseMaxAgeDays: 3, exceptions: [${exceptions}] }
malware: { databaseMaxAgeDays: 3 }
secrets: { image: [], repository: [] }
`;
const common = 'id: CVE-2026-0001, package: openssl, reason: Nothing calls it., expires: "2027-01-31"';

test('the policy of this repository is valid, fails on fixed HIGH and CRITICAL, and allows no secret in an image', () => {
  const { vulnerabilities, secrets } = readPolicy();
  expect(vulnerabilities.fail).toEqual(['CRITICAL', 'HIGH']);
  expect(secrets.image).toEqual([]);
});

test('an exception says why in the words of CycloneDX', () => {
  const judged = 'state: not_affected, justification: code_not_reachable';
  expect(parsePolicy(policy(`{${common}, ${judged}}`)).vulnerabilities.exceptions).toHaveLength(1);
  const accepted = 'state: exploitable, response: will_not_fix';
  expect(parsePolicy(policy(`{${common}, ${accepted}}`)).vulnerabilities.exceptions).toHaveLength(1);
});

test.each([
  ['no justification', `{${common}, state: not_affected}`, "must have required property 'justification'"],
  ['no response', `{${common}, state: exploitable}`, "must have required property 'response'"],
  [
    'no reason',
    '{id: CVE-2026-0001, package: a, state: exploitable, response: update, expires: "2027-01-31"}',
    "'reason'",
  ],
  [
    'no end',
    '{id: CVE-2026-0001, package: a, state: exploitable, response: update, reason: Nothing calls it.}',
    "'expires'",
  ],
  [
    'a day that is none',
    `{${common.replace('01-31', '13-31')}, state: exploitable, response: update}`,
    'which is no day',
  ],
  ['an unknown key', `{${common}, state: exploitable, response: update, until: never}`, 'until'],
])('an exception with %s is refused by name', (_, exception, fault) => {
  expect(() => parsePolicy(policy(exception))).toThrow(fault);
});
