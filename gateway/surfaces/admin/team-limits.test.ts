import { expect, test } from 'vitest';
import { changedLimit, teamMetadata } from './team-limits.ts';

const by = (govern: boolean) => ({ govern, time: Date.UTC(2026, 0, 1) });
const now = { cost: 7, model_rpm_limit: { gpt: 5 }, team_member_budget_id: 'row' };

test('metadata that are not sent stay, with the limits beside them', () => {
  expect(teamMetadata({}, now, by(true))).toBe(now);
  expect(teamMetadata({ model_tpm_limit: { gpt: 9 } }, now, by(true))).toEqual({
    ...now,
    model_tpm_limit: { gpt: 9 },
  });
});

test('who governs the team replaces its metadata as a whole, but for the row of its members', () => {
  expect(teamMetadata({ metadata: { cost: 8 } }, now, by(true))).toEqual({
    cost: 8,
    team_member_budget_id: 'row',
  });
  expect(teamMetadata({ metadata: null }, now, by(true))).toEqual({ team_member_budget_id: 'row' });
});

test('who only runs it leaves its limits as they are', () => {
  const metadata = teamMetadata({ metadata: { cost: 8 } }, now, by(false));
  expect(metadata).toEqual({ ...now, cost: 8 });
  expect(changedLimit(metadata, now)).toBeUndefined();
});

test.each([
  ['model_rpm_limit', { metadata: { model_rpm_limit: { gpt: 50 } } }],
  ['model_rpm_limit', { model_rpm_limit: null }],
  ['model_tpm_limit', { model_tpm_limit: { gpt: 1 } }],
  ['tags', { tags: ['other'] }],
  ['team_member_key_duration', { team_member_key_duration: '30d' }],
  ['team_member_budget_id', { metadata: { team_member_budget_id: 'other' } }],
])('a changed %s is named', (name, wanted) => {
  expect(changedLimit(teamMetadata(wanted, now, by(false)), now)).toBe(name);
});

test.each(['-1', '0d', 'soon', '30', '99999999d', '99999mo'])(
  '%s is no time that keys of members may last',
  (duration) => {
    const named = { team_member_key_duration: duration };
    expect(() => teamMetadata(named, now, by(true))).toThrow('team_member_key_duration');
    expect(() => teamMetadata({ metadata: named }, now, by(true))).toThrow('team_member_key_duration');
  },
);

test('what another program has written of keys of members is in the way of no other change', () => {
  const odd = { ...now, team_member_key_duration: 'soon' };
  expect(teamMetadata({ model_rpm_limit: null }, odd, by(true))).not.toHaveProperty('model_rpm_limit');
  expect(teamMetadata({ team_member_key_duration: null }, odd, by(true))).toEqual(now);
});

test('the same limits in another order are no change', () => {
  const one = { model_rpm_limit: { a: 1, b: 2 } };
  const other = { model_rpm_limit: { b: 2, a: 1 } };
  expect([changedLimit(one, other), changedLimit(undefined, other)]).toEqual([undefined, undefined]);
});
