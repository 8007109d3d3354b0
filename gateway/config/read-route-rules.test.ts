import { expect, test } from 'vitest';
import { Findings, Reader } from './findings.ts';
import { readRouteRules } from './read-route-rules.ts';

function read(general: object) {
  const findings = new Findings();
  const rules = readRouteRules(new Reader({ ...general }, 'general_settings', findings), findings);
  return { rules, faults: findings.faults, warnings: findings.warnings };
}

test('paths, paths with * at their end and groups name routes', () => {
  const allowed = ['/v1/chat/completions', '/key/*', 'info_routes'];
  expect(read({ allowed_routes: allowed, admin_only_routes: ['/key/generate'] })).toEqual({
    rules: { allowed, adminOnly: ['/key/generate'] },
    faults: [],
    warnings: [],
  });
});

test('without the settings every route is open', () => {
  expect(read({}).rules).toEqual({ allowed: [], adminOnly: [] });
});

test('a rule that protects nothing is a fault, one that opens nothing is named', () => {
  expect(read({ admin_only_routes: ['/key/genrate'] }).faults).toEqual([
    {
      path: 'general_settings.admin_only_routes',
      message: "'/key/genrate' is no route of this gateway; did you mean '/key/generate'?",
    },
  ]);
  expect(read({ allowed_routes: ['/v1/nothing-like-it-at-all'] })).toMatchObject({
    faults: [],
    warnings: [{ path: 'general_settings.allowed_routes' }],
  });
});

test('routes that are public may be named as such; that no other becomes one is a fault', () => {
  const open = ['LiteLLMRoutes.public_routes', '/health/liveliness', '/ui'];
  expect(read({ public_routes: open }).faults).toEqual([]);
  expect(read({ public_routes: ['/spend/calculate', '/ui*', '/nothing'] }).faults).toMatchObject(
    [
      { path: 'general_settings.public_routes', message: /^'\/spend\/calculate' takes a key/ },
      { message: /no route/ },
    ].map(({ message, ...rest }) => ({ ...rest, message: expect.stringMatching(message) })),
  );
});
