/** The play before our roles: a role in the place of ansible-lockdown's says what it was played with. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { $ } from 'zx';
import { type Ansible, ensureAnsible } from '../packer/index.ts';

const ansible = fileURLToPath(new URL('../ansible', import.meta.url));
let programs: Ansible;
let directory: string;
let role: string;

/** Variables that the role has other values for. */
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

/** Plays the first play of the playbook on this machine, by the tags given; returns what the role has seen. */
async function play(variables: object, tags: string): Promise<unknown> {
  const seen = join(directory, 'seen.json');
  rmSync(seen, { force: true });
  const [first] = parse(readFileSync(`${ansible}/playbook.yml`, 'utf8')) as { vars_files: string[] }[];
  const files = first?.vars_files.map((file) => `${ansible}/${file}`);
  const playbook = join(directory, 'playbook.yml');
  writeFileSync(playbook, JSON.stringify([{ ...first, vars_files: files }]));
  const settings = { ANSIBLE_CONFIG: `${ansible}/ansible.cfg`, ANSIBLE_REMOTE_TMP: directory, NO_COLOR: '1' };
  const run = $({ quiet: true, env: { ...process.env, ...settings } });
  const choice = ['-i', 'localhost,', '-c', 'local', '-e', JSON.stringify(variables), '--tags', tags];
  await run`${programs.playbook} ${choice} ${playbook}`;
  return existsSync(seen) ? JSON.parse(readFileSync(seen, 'utf8')) : undefined;
}

test.each([
  ['vm', true],
  ['container', false],
])(
  'in a %s the role gets our values in the place of its own',
  async (driver, kernel) => {
    const played = await play({ driver, cis_lockdown_role: role }, 'all');
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
  300_000,
);

test('without the engine nothing of it is played', async () => {
  expect(await play({ driver: 'vm' }, 'all')).toBeUndefined();
}, 300_000);

test('what seals the image does not bring the role back, whatever it tags with always', async () => {
  expect(await play({ driver: 'vm', cis_lockdown_role: role }, 'generalise')).toBeUndefined();
}, 300_000);

test('the second run, which may change nothing, leaves the role out', () => {
  const template = fileURLToPath(new URL('../packer/template/build.pkr.hcl', import.meta.url));
  expect(readFileSync(template, 'utf8').match(/"--(skip-)?tags", "[^"]+"/g)).toEqual([
    '"--skip-tags", "target,generalise"',
    '"--skip-tags", "target,generalise,lockdown"',
    '"--tags", "target"',
    '"--tags", "target"',
    '"--tags", "generalise"',
  ]);
});

test('a switch is off, or on where the machine has a kernel of its own', () => {
  const values = parse(readFileSync(`${ansible}/vars/lockdown.yml`, 'utf8')) as Record<string, unknown>;
  const switches = Object.entries(values).filter(([name]) => /^ubtu24cis_(rule|section)/.test(name));
  expect(switches.length).toBeGreaterThan(60);
  for (const [name, value] of switches) expect([false, "{{ driver == 'vm' }}"], name).toContain(value);
});
