import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $, type Shell } from 'zx';
import { ensureAnsible } from './ansible.ts';
import { sha256 } from './hash.ts';
import { createLog } from './log.ts';
import type { Packer } from './packer.ts';
import { ensurePacker } from './packer-program.ts';
import { places } from './places.ts';

let packer: Packer;
let directory: string;
let shell: Shell;
let variables: Record<string, string>;

beforeAll(async () => {
  packer = await ensurePacker({ log: createLog(), signal: new AbortController().signal });
  shell = $({ quiet: true, nothrow: true, env: { ...process.env, ...packer.environment } });
  directory = mkdtempSync(join(tmpdir(), 'template-'));
  writeFileSync(join(directory, 'disk'), 'a disk');
  variables = {
    playbook: `${places.ansible}/playbook.yml`,
    ansible_playbook: (await ensureAnsible()).playbook,
    ansible_variables: join(directory, 'variables.json'),
    ansible_config: `${places.ansible}/ansible.cfg`,
    ansible_log: join(directory, 'ansible.log'),
    changes: join(directory, 'changes'),
    ssh_private_key_file: join(directory, 'key'),
    disk: join(directory, 'disk'),
    disk_sha256: sha256('a disk'),
  };
  await shell`ssh-keygen -q -t ed25519 -N ${''} -f ${variables.ssh_private_key_file}`;
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true }));

function validate(values: Record<string, string>) {
  const file = join(directory, 'values.pkrvars.json');
  writeFileSync(file, JSON.stringify(values));
  return shell`${packer.path} validate -var-file=${file} ${packer.template}`;
}

test('the template is valid for both machines', async () => {
  const validated = await validate(variables);
  expect(validated.stderr + validated.stdout).not.toContain('Error');
  expect(validated.exitCode).toBe(0);
});

test('the template is formatted as Packer formats it', async () => {
  expect((await shell`${packer.path} fmt -check ${packer.template}`).exitCode).toBe(0);
});

test.each(['playbook', 'ansible_variables', 'changes', 'ssh_private_key_file'])(
  'a build without %s is refused',
  async (name) => {
    const { [name]: _, ...others } = variables;
    expect((await validate(others)).exitCode).not.toBe(0);
  },
);
