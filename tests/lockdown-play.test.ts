/** The play before our roles: a role in the place of ansible-lockdown's says what it was played with. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { $ } from 'zx';
import { readFacts } from '../appliance/index.ts';
import { type Ansible, ensureAnsible } from '../packer/index.ts';

const ansible = fileURLToPath(new URL('../ansible', import.meta.url));
let programs: Ansible;
let directory: string;
let role: string;

/** What the role does not say of itself: names of variables with what they are by the role. */
const ASKED = [
  'ubtu24cis_nginx_server',
  'ubtu24cis_rule_5_1_20',
  'ubtu24cis_section3',
  'ubtu24cis_set_boot_pass',
  'skip_reboot',
];

beforeAll(async () => {
  programs = await ensureAnsible();
  directory = mkdtempSync(join(tmpdir(), 'lockdown-'));
  role = join(directory, 'THE-ROLE');
  for (const part of ['tasks', 'defaults']) mkdirSync(join(role, part), { recursive: true });
  const contrary = { nginx_server: false, rule_5_1_20: true, section3: true, set_boot_pass: true };
  const defaults = Object.entries(contrary).map(([name, value]) => [`ubtu24cis_${name}`, value]);
  writeFileSync(
    join(role, 'defaults/main.yml'),
    JSON.stringify(Object.fromEntries([...defaults, ['skip_reboot', false]])),
  );
  const seen = `{${ASKED.map((name) => `'${name}': ${name} | bool`).join(', ')}}`;
  const content = `{{ ${seen} | combine({'virtual': ansible_facts.virtualization_type is defined,
    'distribution': ansible_facts.distribution}) | to_json }}`;
  const dest = join(directory, 'seen.json');
  const always = { name: 'Say it', tags: 'always', 'ansible.builtin.copy': { content, dest, mode: '0644' } };
  writeFileSync(join(role, 'tasks/main.yml'), JSON.stringify([always]));
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true }));

/** Plays the playbook on this machine, of it what the arguments choose; returns what the role has seen. */
async function play(variables: object, ...choice: string[]): Promise<unknown> {
  const seen = join(directory, 'seen.json');
  rmSync(seen, { force: true });
  const facts = { appliance: { base: Object.keys(readFacts().bases)[0] }, ...variables };
  const run = $({
    quiet: true,
    cwd: ansible,
    env: {
      ...process.env,
      ANSIBLE_CONFIG: `${ansible}/ansible.cfg`,
      ANSIBLE_REMOTE_TMP: directory,
      NO_COLOR: '1',
    },
  });
  await run`${programs.playbook} -i localhost, -c local -e ${JSON.stringify(facts)} ${choice} playbook.yml`;
  return existsSync(seen) ? JSON.parse(readFileSync(seen, 'utf8')) : undefined;
}

test.each([
  ['vm', true],
  ['container', false],
])(
  'in a %s the role gets our values in the place of its own',
  async (driver, kernel) => {
    const played = await play({ driver, cis_lockdown_role: role }, '--tags', 'lockdown');
    expect(played).toEqual({
      ubtu24cis_nginx_server: true,
      ubtu24cis_rule_5_1_20: false,
      ubtu24cis_section3: kernel,
      ubtu24cis_set_boot_pass: false,
      skip_reboot: true,
      virtual: false,
      distribution: expect.any(String),
    });
  },
  60_000,
);

test('without the engine nothing but our own roles is played', async () => {
  expect(await play({ driver: 'vm' }, '--tags', 'lockdown')).toBeUndefined();
}, 300_000);

test('what seals the image does not bring the role back, whatever it tags with always', async () => {
  const list = ['--tags', 'generalise', '--list-tasks'];
  expect(await play({ driver: 'vm', cis_lockdown_role: role }, ...list)).toBeUndefined();
  const template = readFileSync(
    fileURLToPath(new URL('../packer/template/build.pkr.hcl', import.meta.url)),
    'utf8',
  );
  expect(template.match(/"--skip-tags", "[^"]+"/g)).toEqual([
    '"--skip-tags", "generalise"',
    '"--skip-tags", "generalise,lockdown"',
  ]);
}, 300_000);

test('every value is a variable of the role or of the play, and switches are switched off', () => {
  const values = parse(readFileSync(`${ansible}/vars/lockdown.yml`, 'utf8')) as Record<string, unknown>;
  const switches = Object.entries(values).filter(([name]) => /^ubtu24cis_(rule|section)/.test(name));
  expect(switches.length).toBeGreaterThan(60);
  for (const [name, value] of switches) expect([false, "{{ driver == 'vm' }}"], name).toContain(value);
});
