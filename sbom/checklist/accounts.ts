import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finding, type LooksByRow, NotRun, said } from './look.ts';
import { meaningful, namesIn, requiredText, settings, walk } from './tree.ts';

const MiB = 2 ** 20;

/** Accounts with a login shell that packages bring; nobody can log in to them without a password or a key. */
const EXPECTED_LOGINS = ['root', 'sync', 'postgres'];

/** A private key with a body; programs and manuals only name its first line. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+(?:[\w-]+: .*\s+)*[A-Za-z0-9+/=\s]{64,}/;
/** Keys that packages bring for their own tests: the whole world has them. */
const TEST_KEYS = [/^\/usr\/lib\/python3\/dist-packages\/.*\/tests?(data)?\//, /^\/usr\/share\/doc\//];

const HISTORIES = /^(\..*_history|\.lesshst|\.viminfo|\.wget-hsts|\.python_history|\.node_repl_history)$/;

interface Account {
  readonly name: string;
  readonly password: string;
}

function shadow(tree: string): Account[] {
  const found = meaningful(requiredText(tree, '/etc/shadow')).map((line) => {
    const [name = '', password = ''] = line.split(':');
    return { name, password };
  });
  if (!found.some(({ name }) => name === 'root')) throw new NotRun('/etc/shadow does not know root');
  return found;
}

function logins(tree: string): string[] {
  const accounts = meaningful(requiredText(tree, '/etc/passwd')).map((line) => line.split(':'));
  return accounts
    .filter(([, , , , , , shell = '']) => !/\/(nologin|false)$/.test(shell))
    .map(([name = '']) => name);
}

function keysIn(tree: string): { files: number; found: string[] } {
  let files = 0;
  const found: string[] = [];
  for (const { path, stat } of walk(tree)) {
    if (!stat.isFile() || stat.size > MiB || stat.size < 100) continue;
    files++;
    if (TEST_KEYS.some((pattern) => pattern.test(path))) continue;
    if (PRIVATE_KEY.test(readFileSync(join(tree, path), 'latin1'))) found.push(path);
  }
  if (files === 0) throw new NotRun('the tree has no files');
  return { files, found };
}

function sudoers(tree: string): { path: string; line: string }[] {
  const files = ['/etc/sudoers', ...namesIn(tree, '/etc/sudoers.d').map((name) => `/etc/sudoers.d/${name}`)];
  requiredText(tree, '/etc/sudoers');
  return files.flatMap((path) => settings(tree, path).map((line) => ({ path, line })));
}

export const accounts: LooksByRow = {
  'ACC-01': {
    disk: ({ tree }) => {
      const accounts = shadow(tree);
      return finding(
        `${accounts.length} accounts`,
        accounts
          .filter(({ password }) => !/^[!*]/.test(password))
          .map(({ name, password }) =>
            password === '' ? `${name} has an empty password` : `${name} has a password`,
          ),
        // A hash behind the mark can be unlocked by whoever knows its password.
        accounts
          .filter(({ password }) => /^[!*]+\$/.test(password))
          .map(({ name }) => `${name} has a locked password`),
      );
    },
  },
  'ACC-02': {
    disk: ({ tree }) => {
      const root = shadow(tree).find(({ name }) => name === 'root');
      return finding(
        'root',
        ['!', '!!', '*'].includes(root?.password ?? '') ? [] : "root's field is none of ! !! *",
      );
    },
  },
  'ACC-03': {
    disk: ({ tree }) => {
      const found = logins(tree);
      const homes = namesIn(tree, '/home');
      return finding(
        `${found.length} login shells, ${homes.length} homes`,
        found.filter((name) => !EXPECTED_LOGINS.includes(name)).map((name) => `${name} has a login shell`),
        homes.map((name) => `/home/${name} is there`),
      );
    },
  },
  'ACC-04': {
    disk: ({ tree }) => {
      const homes = ['/root', ...namesIn(tree, '/home').map((name) => `/home/${name}`)];
      const inHomes = homes.flatMap((home) =>
        namesIn(tree, `${home}/.ssh`).map((name) => `${home}/.ssh/${name}`),
      );
      const { files, found } = keysIn(tree);
      return finding(
        `${files} files`,
        inHomes.map((path) => `${path} is there`),
        found.filter((path) => !inHomes.includes(path)).map((path) => `${path} holds a private key`),
      );
    },
  },
  'ACC-05': {
    disk: ({ tree }) => {
      const rules = sudoers(tree);
      return finding(
        `${rules.length} lines of sudoers`,
        rules
          .filter(({ line }) => /\btargetpw\b|NOPASSWD/.test(line))
          .map(({ path, line }) => `${path}: ${line}`),
      );
    },
    booted: async (guest) => {
      const { code, stdout } = await guest.run('visudo -c 2>&1');
      return finding('visudo -c', code === 0 ? [] : `visudo -c: ${stdout.trim()}`);
    },
  },
  'ACC-06': {
    booted: async (guest) => {
      const [uid, user] = (await said(guest, 'id -u; echo "$SUDO_USER"')).split('\n');
      const isCloudUser = uid === '0' && user !== undefined && user !== '' && user !== 'root';
      return finding(
        `${user} became root`,
        isCloudUser ? [] : 'this session did not come by sudo from a user',
      );
    },
  },
  'HIS-01': {
    disk: ({ tree }) => {
      if (lstatSync(join(tree, '/root'), { throwIfNoEntry: false })?.isDirectory() !== true)
        throw new NotRun('the tree has no /root');
      let files = 0;
      const found: string[] = [];
      for (const { path, stat } of walk(tree)) {
        files++;
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (stat.isFile() && stat.size > 0 && HISTORIES.test(name)) found.push(path);
      }
      return finding(
        `${files} names`,
        found.map((path) => `${path} is not empty`),
      );
    },
  },
};
