import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modeOf } from '../../operator/index.ts';
import type { InstalledPackage } from '../../packer/index.ts';
import { Failure } from '../../packer/index.ts';
import { readOwners } from './package-files.ts';

/** Accounts and what sudo lets them do, as the auditor of an image wants to read them. */
export function readUsers(tree: string) {
  const groups = fieldsOf(tree, '/etc/group').map(([name = '', , gid = '', members = '']) => ({
    name,
    gid,
    members,
  }));
  const passwords = new Map(fieldsOf(tree, '/etc/shadow').map(([name = '', field = '']) => [name, field]));
  const accounts = fieldsOf(tree, '/etc/passwd').map(([name = '', , uid, gid, , home, shell]) => ({
    name,
    uid: Number(uid),
    groups: groups
      .filter((group) => group.gid === gid || group.members.split(',').includes(name))
      .map((group) => group.name),
    home,
    shell,
    password: /^[!*]/.test(passwords.get(name) ?? '') ? 'none' : 'set',
  }));
  return { accounts, sudoers: readSudoers(tree) };
}

function fieldsOf(tree: string, path: string): string[][] {
  return readFileSync(join(tree, path), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

function readSudoers(tree: string): { file: string; rule: string }[] {
  const directory = '/etc/sudoers.d';
  const names = existsSync(join(tree, directory)) ? readdirSync(join(tree, directory)).sort() : [];
  return ['/etc/sudoers', ...names.map((name) => `${directory}/${name}`)]
    .filter((file) => existsSync(join(tree, file)))
    .flatMap((file) =>
      readFileSync(join(tree, file), 'utf8')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && (!line.startsWith('#') || line.startsWith('#include')))
        .map((rule) => ({ file, rule })),
    );
}

const SET_ID = 0o6000;

/** Programs that run as somebody else than who starts them, with the package that brings them. */
export function readSetIdFiles(tree: string) {
  const owners = readOwners(tree);
  return [...regularFiles(tree, '')]
    .map((path) => ({ path, stat: lstatSync(join(tree, path)) }))
    .filter(({ stat }) => (stat.mode & SET_ID) !== 0)
    .map(({ path, stat }) => ({
      path,
      mode: modeOf(stat),
      uid: stat.uid,
      gid: stat.gid,
      package: owners.get(path) ?? null,
    }));
}

function* regularFiles(tree: string, directory: string): Generator<string> {
  const entries = readdirSync(join(tree, directory || '/'), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) yield* regularFiles(tree, path);
    else if (entry.isFile()) yield path;
  }
}

/** What has come, gone and changed since a list; all of it is new when there was no release before. */
export function packageDifference(
  now: readonly InstalledPackage[],
  before: readonly InstalledPackage[] | undefined,
) {
  if (before === undefined) return { previous: 'none', added: [], removed: [], changed: [] };
  const was = new Map(before.map(({ name, version }) => [name, version]));
  const is = new Map(now.map(({ name, version }) => [name, version]));
  return {
    previous: 'given',
    added: now.filter(({ name }) => !was.has(name)),
    removed: before.filter(({ name }) => !is.has(name)),
    changed: now
      .filter(({ name, version }) => was.has(name) && was.get(name) !== version)
      .map(({ name, version }) => ({ name, from: was.get(name), to: version })),
  };
}

/** Reads the package list of the previous release's evidence; `none` says that there was no release before. */
export function readPreviousPackages(file: string): readonly InstalledPackage[] | undefined {
  if (file === 'none') return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as InstalledPackage[];
  } catch (cause) {
    throw new Failure(
      `PREVIOUS=${file} is no package list: ${(cause as Error).message}`,
      "give evidence/packages.json of the previous release, or 'none'",
      { cause },
    );
  }
}
