/** `litellm-ctl logs` looks where the image's units and programs log. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { layoutOf } from '../firstboot/index.ts';
import { renderEdge } from '../nginx/index.ts';
import { logSources } from '../operator/index.ts';
import { renderUnits } from '../systemd/index.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
const sources = Object.values(logSources(facts));
const ofPackages = ['nginx.service', 'fail2ban.service', layoutOf(facts).databaseUnit];

test('every unit that is asked is ours or a package of the image brings it', () => {
  const ours = renderUnits(facts).map(({ path }) => basename(path));
  const asked = sources.flatMap(({ units }) => units);
  expect(asked.filter((unit) => !ours.includes(unit) && !ofPackages.includes(unit))).toEqual([]);
});

test('every file is one that its program is told to write', () => {
  const fail2ban = new URL('../ansible/roles/fail2ban/tasks/main.yml', import.meta.url);
  const said = [...renderEdge(facts).map(({ content }) => content), readFileSync(fail2ban, 'utf8')].join(
    '\n',
  );
  const files = sources.flatMap(({ files }) => files).filter((path) => path !== layoutOf(facts).clusterLog);
  expect(files).toHaveLength(3);
  expect(files.filter((path) => !said.includes(path))).toEqual([]);
});
