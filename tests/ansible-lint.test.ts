/** The playbook is clean by the strictest rules, without an exception, and every base has what the roles ask of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { $ } from 'zx';
import { readFacts } from '../appliance/index.ts';
import { type Ansible, ensureAnsible } from '../packer/index.ts';

const ansible = fileURLToPath(new URL('../ansible', import.meta.url));
const run = $({
  cwd: ansible,
  quiet: true,
  nothrow: true,
  env: { ...process.env, ANSIBLE_CONFIG: `${ansible}/ansible.cfg`, NO_COLOR: '1' },
});
let programs: Ansible;

beforeAll(async () => {
  programs = await ensureAnsible();
});

/** It keeps a processor busy for most of a minute, and a bake may be running beside it. */
const LINT = { timeout: 5 * 60_000 };

test('the roles pass the production profile of ansible-lint without a warning', LINT, async () => {
  const path = `${programs.lint.slice(0, programs.lint.lastIndexOf('/'))}:${process.env.PATH}`;
  const { exitCode, stdout, stderr } = await run({
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
  })`${programs.lint} --offline --strict --profile production`;
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  expect(stderr).toMatch(/Passed: 0 failure\(s\), 0 warning\(s\)/);
});

test('nothing is exempt from the lint', () => {
  const settings = parse(readFileSync(`${ansible}/.ansible-lint`, 'utf8'));
  expect(settings).toEqual({ profile: 'production', strict: true, offline: true });
  const files = readdirSync(ansible, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file.endsWith('.ansible-lint-ignore'))).toEqual([]);
  const exempting = files.filter(
    (file) =>
      file.endsWith('.yml') && /#\s*noqa|skip_ansible_lint/.test(readFileSync(`${ansible}/${file}`, 'utf8')),
  );
  expect(exempting).toEqual([]);
});

test.each(Object.keys(readFacts().bases))('ansible-playbook accepts the playbook for %s', async (base) => {
  const facts = JSON.stringify({ appliance: { base } });
  const args = ['--syntax-check', '-i', 'localhost,', '-e', facts, 'playbook.yml'];
  const { exitCode, stderr } = await run`${programs.playbook} ${args}`;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('ansible-playbook accepts the playbook with the role of CIS_ENGINE=lockdown', async () => {
  const facts = JSON.stringify({
    appliance: { base: 'ubuntu-24.04' },
    cis_lockdown_role: '/nowhere/UBUNTU24-CIS',
  });
  const args = ['--syntax-check', '-i', 'localhost,', '-e', facts, 'playbook.yml'];
  const { exitCode, stderr } = await run`${programs.playbook} ${args}`;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('every base names the same differences', () => {
  const differences = Object.keys(readFacts().bases).map((base) =>
    Object.keys(parse(readFileSync(`${ansible}/vars/${base}.yml`, 'utf8'))).sort(),
  );
  expect(new Set(differences.map((names) => names.join(' '))).size).toBe(1);
});
