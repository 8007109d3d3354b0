import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { KeyTable } from './known-keys.ts';
import { keyRefusal, ofFileAlone, type SettingSection, settingSections, storable } from './stored-keys.ts';

const sections = Object.keys(settingSections) as SettingSection[];
const served = (section: SettingSection): readonly string[] =>
  [...(settingSections[section] as KeyTable)].flatMap(([name, service]) =>
    service === 'served' ? name : [],
  );
const reasonsFor = (name: string) => ofFileAlone.filter(([, names]) => names.includes(name));

test.each(sections)(
  'of %s every setting in force is stored by the API, or the file’s alone for one reason',
  (section) => {
    for (const name of served(section)) {
      const ways = reasonsFor(name).length + Number(storable[section].includes(name));
      expect(ways, name).toBe(1);
    }
  },
);

test('the table speaks of settings in force alone', () => {
  const all = new Set(sections.flatMap(served));
  const named = [...ofFileAlone.flatMap(([, names]) => names), ...Object.values(storable).flat()];
  expect(named.filter((name) => !all.has(name))).toEqual([]);
});

describe('the API does not store', () => {
  test.each([
    ['general_settings', 'master_key', 'is set in config.yaml alone, because it says who is let in'],
    ['general_settings', 'store_model_in_db', 'because it says what may be changed by the API'],
    ['general_settings', 'budget_enforcement', 'because it holds every caller'],
    ['litellm_settings', 'turn_off_message_logging', 'because it says what is recorded'],
    ['router_settings', 'redis_password', 'because it says which servers'],
    ['general_settings', 'global_max_paralel_requests', "did you mean 'global_max_parallel_requests'?"],
    ['general_settings', 'log_retention_days', 'LiteLLM has no such setting'],
    ['litellm_settings', 'success_callback', 'is not served yet'],
    ['general_settings', 'enable_jwt_auth', 'is not served yet'],
    ['router_settings', 'general_settings', 'nobody knows this setting'],
  ] as const)('%s.%s: %s', (section, name, why) => {
    expect(keyRefusal(section, name)).toContain(why);
  });
});

test.each(sections)('the page of the API lists what may be stored of %s', (section) => {
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const row = new RegExp(`^\\| \`${section}\` \\| (.*) \\|$`, 'm').exec(page)?.[1] ?? '';
  expect([...row.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(storable[section]);
});
