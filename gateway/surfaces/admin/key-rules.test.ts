import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyRules, NO_KEY_RULES } from '../../config/key-rules.ts';
import type { Identity } from '../../identity/identity.ts';
import { completed, requireBelow, requireMaker } from './key-rules.ts';

const NOW = Date.UTC(2026, 10, 28);

const rules = (more: Partial<KeyRules>): KeyRules => ({ ...NO_KEY_RULES, ...more });

describe('a request for a new key', () => {
  const defaults = { max_budget: 10, duration: '90d', models: ['m1'], metadata: { from: 'config' } };

  test('has the defaults for what it does not say, and for what it says by nothing', () => {
    const sent = { max_budget: null, duration: '', models: [], metadata: {}, rpm_limit: 5 };
    for (const wanted of [{ rpm_limit: 5 }, sent]) {
      expect(completed(wanted, rules({ defaults }), NOW)).toMatchObject({ ...defaults, rpm_limit: 5 });
    }
  });

  test('keeps what it says, also that it never ends and may spend nothing', () => {
    const wanted = { max_budget: 0, duration: '-1', models: ['m2'], metadata: { own: 1 } };
    expect(completed(wanted, rules({ defaults }), NOW)).toEqual(wanted);
  });

  test('has the ceiling where neither it nor a default says anything', () => {
    const ceilings = { max_budget: 50, tpm_limit: 1000 };
    expect(completed({}, rules({ defaults, ceilings }), NOW)).toEqual({ ...defaults, tpm_limit: 1000 });
  });
});

describe('a ceiling', () => {
  const ceilings = { max_budget: 50, duration: '30d', rpm_limit: 100, models: ['m1', 'm2'] };

  test.each([
    [{ max_budget: 50.01 }, 'max_budget'],
    [{ rpm_limit: 101 }, 'rpm_limit'],
    [{ duration: '31d' }, 'duration'],
    [{ duration: '-1' }, 'duration'],
    [{ duration: '1mo' }, null],
    [{ duration: '2592000s' }, null],
    [{ models: ['m1', 'm3'] }, 'models'],
    [{ models: ['m2'] }, null],
    [{ max_budget: 50, rpm_limit: 100 }, null],
    [{ tpm_limit: 1e9 }, null],
    // A change that takes a limit away.
    [{ max_budget: null }, 'max_budget'],
    [{ max_budget: '' as const }, 'max_budget'],
    [{ duration: null }, 'duration'],
    [{ models: [] }, 'models'],
    // A change of something else.
    [{ key_alias: 'x' }, null],
  ])('of %j: %s', (wanted, param) => {
    const check = () => requireBelow(wanted, ceilings, NOW);
    if (param === null) expect(check).not.toThrow();
    else
      expect(check).toThrow(
        expect.objectContaining({ status: 400, param, message: expect.stringContaining(param) }),
      );
  });

  test('is never passed, whatever is asked for', () => {
    const amount = fc.oneof(fc.constantFrom(null, undefined), fc.double({ min: 0, max: 100, noNaN: true }));
    fc.assert(
      fc.property(amount, amount, (asked, given) => {
        const wanted = asked === undefined ? {} : { max_budget: asked };
        const defaults = typeof given === 'number' ? { max_budget: Math.min(given, 50) } : {};
        try {
          expect(completed(wanted, rules({ defaults, ceilings }), NOW).max_budget).toBeLessThanOrEqual(50);
        } catch (error) {
          expect(error).toMatchObject({ status: 400, param: 'max_budget' });
          expect(asked).toBeGreaterThan(50);
        }
      }),
    );
  });
});

describe('who may make a key', () => {
  const user = { role: 'internal_user', adminOfTeams: [], adminOfOrganizations: [] } as unknown as Identity;
  const admin: Identity = { ...user, role: 'proxy_admin' };
  const personal = { teamId: null, runsTeam: false };
  const member = { teamId: 'red', runsTeam: false };
  const lead = { teamId: 'red', runsTeam: true };
  const makers = { userRoles: null, memberRoles: null, requiredParams: [] };

  test('is everybody where nothing is said', () => {
    expect(() => requireMaker(user, {}, personal, NO_KEY_RULES)).not.toThrow();
  });

  test('of a personal key is who has one of the roles', () => {
    const admins = rules({ personalKeys: { ...makers, userRoles: ['proxy_admin'] } });
    expect(() => requireMaker(user, {}, personal, admins)).toThrow(expect.objectContaining({ status: 403 }));
    expect(() => requireMaker(user, {}, member, admins)).not.toThrow();
    expect(() => requireMaker(admin, {}, personal, admins)).not.toThrow();
  });

  test('of a team key is who has one of the roles in the team', () => {
    const leads = rules({ teamKeys: { ...makers, memberRoles: ['admin'] } });
    expect(() => requireMaker(user, {}, member, leads)).toThrow(
      expect.objectContaining({ status: 403, param: 'team_id' }),
    );
    expect(() => requireMaker(user, {}, lead, leads)).not.toThrow();
  });

  test('must say what is wanted of every key', () => {
    const named = rules({ personalKeys: { ...makers, requiredParams: ['key_alias'] } });
    expect(() => requireMaker(user, { key_alias: '' }, personal, named)).toThrow(
      expect.objectContaining({ status: 400, param: 'key_alias' }),
    );
    expect(() => requireMaker(user, { key_alias: 'app' }, personal, named)).not.toThrow();
    expect(() => requireMaker(admin, {}, personal, named)).not.toThrow();
  });

  test('without a team is nobody where every key belongs to one', () => {
    const teams = rules({ teamsOnly: true });
    expect(() => requireMaker(admin, {}, personal, teams)).toThrow(
      expect.objectContaining({ status: 400, param: 'team_id' }),
    );
    expect(() => requireMaker(user, {}, member, teams)).not.toThrow();
  });
});
