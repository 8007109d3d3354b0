import { expect, test } from 'vitest';
import { type MachineFacts, machineFacts, readFacts } from '../appliance/index.ts';
import { limits } from '../gateway/index.ts';
import { enabledUnits, renderUnits } from './render.ts';

const facts = readFacts();
const bases = Object.keys(facts.bases);
const machine = (base: string): MachineFacts => machineFacts(facts, base, 'qemu', 'test');

function unit(base: string, name: string): string {
  const found = renderUnits(machine(base)).find(({ path }) => path.endsWith(`/${name}`));
  if (found === undefined) throw new Error(`${name} is not rendered`);
  return found.content;
}

test.each(bases)('no placeholder is left in the units of %s', (base) => {
  for (const file of renderUnits(machine(base))) {
    expect(file.content, file.path).not.toMatch(/\{\{|undefined|\[object|NaN/);
  }
});

test.each(bases)('the schema of %s waits for the server of its base', (base) => {
  expect(unit(base, 'litellm-migrate.service')).toContain(
    `postgresql@${facts.bases[base]?.postgresql}-main.service`,
  );
});

test.each(bases)('no unit of %s asks for the cluster that first boot has yet to make', (base) => {
  for (const { path, content } of renderUnits(machine(base))) {
    expect(content, path).not.toMatch(/^(Wants|Requires|BindsTo)=.*postgresql@/m);
  }
});

test('units that start by themselves say by what, and the others have no such section', () => {
  const units = renderUnits(machine('debian-13')).filter(({ path }) =>
    /system\/[^/]+\.(path|service|timer)$/.test(path),
  );
  const installable = units.filter(({ content }) => content.includes('[Install]'));
  const names = installable.map(({ path }) => path.split('/').at(-1));
  expect(names.sort()).toEqual([...enabledUnits].sort());
});

test('the preset enables what is enabled', () => {
  const preset = unit('debian-13', '10-litellm.preset');
  for (const name of enabledUnits) expect(preset).toContain(`enable ${name}\n`);
});

test('the gateway has longer to stop than its streams have to end', () => {
  const stop = /TimeoutStopSec=(\d+)s/.exec(unit('debian-13', 'litellm.service'))?.[1];
  expect(Number(stop) * 1000).toBeGreaterThan(limits.drainMs);
});

test('a path that systemd cannot make as a runtime directory is refused by name', () => {
  const base = machine('debian-13');
  const elsewhere = { ...base, paths: { ...base.paths, runtime: '/srv/litellm' } };
  expect(() => renderUnits(elsewhere)).toThrow(/\/srv\/litellm.*below \/run\//);
});

test.each(['migrate', 'partitions'])(
  'of the two units for %s one runs, and only the one for elsewhere has a network',
  (work) => {
    const here = unit('debian-13', `litellm-${work}.service`);
    const elsewhere = unit('debian-13', `litellm-${work}-external.service`);
    const { databaseEnv } = facts.paths;
    expect(here).toContain(`ConditionPathExists=!${databaseEnv}\n`);
    expect(elsewhere).toContain(`ConditionPathExists=${databaseEnv}\n`);
    expect(here).toMatch(new RegExp(`^Requires=.*litellm-${work}-external\\.service`, 'm'));
    expect(here).toContain('PrivateNetwork=yes');
    expect(elsewhere).not.toContain('PrivateNetwork=yes');
  },
);

test('the gateway never sees what the owner of the schema signs in with', () => {
  const gateway = unit('debian-13', 'litellm.service');
  expect(gateway).toContain(
    `EnvironmentFile=-${facts.paths.databaseEnv}\nUnsetEnvironment=DATABASE_OWNER_URL\n`,
  );
});

test.each(bases)(
  'the gateway of %s may keep its spend journal: files, and the socket that shows that it lives',
  (base) => {
    const { spendState } = machine(base).paths;
    const service = unit(base, 'litellm.service');
    expect(service).toContain(`StateDirectory=${spendState.replace('/var/lib/', '')}\n`);
    expect(service).toMatch(/^RestrictAddressFamilies=.*\bAF_UNIX\b/m);
    expect(unit(base, 'litellm-gateway')).toContain(`  ${spendState}/{,**} rwk,\n`);
  },
);
