import { expect, test } from 'vitest';
import type { ShownSetting } from './config.ts';
import { Findings, Reader } from './findings.ts';
import { alertingArgs, generalSettings, type KeyTable, routerSettings } from './known-keys.ts';
import { shownSettings } from './shown-settings.ts';

const shown = (file: object) => shownSettings(new Reader({ ...file }, '', new Findings()));
const names = (settings: readonly ShownSetting[]) => settings.map(({ name }) => name).sort();
const served = (table: KeyTable, ...hidden: readonly string[]) =>
  [...table]
    .flatMap(([name, service]) => (service === 'served' && !hidden.includes(name) ? name : []))
    .sort();

test('every setting that is in force is shown, but for those that hold secrets', () => {
  const { general, router, alerting } = shown({});
  expect(names(general)).toEqual(served(generalSettings, 'master_key', 'database_url', 'alerting_args'));
  expect(names(router)).toEqual(served(routerSettings, 'redis_url', 'redis_password'));
  expect(names(alerting)).toEqual(served(alertingArgs));
});

test('a setting is shown as it is written, what holds a secret not at all', () => {
  const { general, router } = shown({
    general_settings: {
      master_key: 'sk-secret',
      budget_enforcement: 'strict',
      user_header_name: 'os.environ/HEADER',
    },
    router_settings: { redis_password: 'secret', redis_url: 'redis://:secret@host' },
  });
  const values = Object.fromEntries(general.map(({ name, value }) => [name, value]));
  expect(values).toMatchObject({ budget_enforcement: 'strict', user_header_name: 'os.environ/HEADER' });
  expect(values.enforced_params).toBeNull();
  expect(JSON.stringify([general, router])).not.toContain('secret');
});
