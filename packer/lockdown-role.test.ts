/** ansible-lockdown's role: pinned in the repository, fetched once, and only from where it is pinned. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { type Ansible, ensureAnsible } from './ansible.ts';
import { ensureLockdown, pinnedRole } from './lockdown-role.ts';
import { places } from './places.ts';

const COMMIT = 'c'.repeat(40);
let ansible: Ansible;
let directory: string;
let repository: string;
let commit: string;

beforeAll(async () => {
  ansible = await ensureAnsible();
  directory = mkdtempSync(join(tmpdir(), 'lockdown-'));
  repository = join(directory, 'repository');
  mkdirSync(join(repository, 'tasks'), { recursive: true });
  mkdirSync(join(repository, 'meta'));
  writeFileSync(
    join(repository, 'meta/main.yml'),
    'galaxy_info: { author: me, description: a role, license: MIT }\n',
  );
  writeFileSync(join(repository, 'tasks/main.yml'), '# as it was pinned\n');
  const git = $({ cwd: repository, quiet: true });
  const author = ['-c', 'user.name=me', '-c', 'user.email=me@example.org'];
  await git`git init -q`;
  await git`git add -A`;
  await git`git ${author} commit -q -m ${'the first'}`;
  commit = (await git`git rev-parse HEAD`).stdout.trim();
  writeFileSync(join(repository, 'tasks/main.yml'), '# newer\n');
  await git`git ${author} commit -q -a -m ${'the second'}`;
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true }));

const entry = (role: object) => JSON.stringify({ roles: [role] });

function requirements(name: string, src: string): string {
  const file = join(directory, name);
  writeFileSync(file, entry({ name: 'THE-ROLE', src, scm: 'git', version: commit }));
  return file;
}

test('the repository pins the role at a whole commit of its own repository', () => {
  const pinned = pinnedRole(readFileSync(`${places.ansible}/requirements.yml`, 'utf8'));
  expect(pinned).toMatchObject({
    name: 'UBUNTU24-CIS',
    src: 'https://github.com/ansible-lockdown/UBUNTU24-CIS',
  });
  expect(pinned.commit).toMatch(/^[0-9a-f]{40}$/);
});

test.each([
  ['a tag', entry({ name: 'role', src: 'https://example.org', version: '1.6.0' })],
  ['a short commit', entry({ name: 'role', src: 'https://example.org', version: 'c893ca6' })],
  ['no version', entry({ name: 'role', src: 'https://example.org' })],
  ['no address', entry({ name: 'role', version: COMMIT })],
  ['a second role', JSON.stringify({ roles: [{ name: 'a', src: 'b', version: COMMIT }, { name: 'c' }] })],
  ['nothing', ''],
])('%s is not a pin', (_, text) => {
  expect(() => pinnedRole(text)).toThrow('does not pin one role at a commit');
});

test('the role is fetched at its commit, and afterwards nothing is fetched', async () => {
  const cache = join(directory, 'cache');
  const from = requirements('good.yml', `file://${repository}`);
  const role = await ensureLockdown(ansible, { from, cache });
  expect(role).toEqual({ name: 'THE-ROLE', commit, path: `${cache}/lockdown/THE-ROLE-${commit}/THE-ROLE` });
  expect(readFileSync(`${role.path}/tasks/main.yml`, 'utf8')).toBe('# as it was pinned\n');
  const nothing = { galaxy: join(directory, 'no-such-program') };
  expect(await ensureLockdown(nothing, { from, cache })).toEqual(role);
}, 300_000);

test('a role that cannot be had is said with its address, and leaves nothing that passes for it', async () => {
  const cache = join(directory, 'empty');
  const src = `file://${directory}/nowhere`;
  const missing = ensureLockdown(ansible, { from: requirements('bad.yml', src), cache });
  await expect(missing).rejects.toMatchObject({
    message: expect.stringContaining(`THE-ROLE could not be fetched from ${src}`),
    remedy: 'see that git reaches this address from this machine, or leave CIS_ENGINE out',
  });
  expect(existsSync(`${cache}/lockdown/THE-ROLE-${commit}`)).toBe(false);
}, 300_000);
