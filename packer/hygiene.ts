import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { ProductFacts } from '../appliance/index.ts';

/** One thing that holds for every image. `path` may have `*` and `?` where it must be absent. */
export type HygieneRule =
  | { readonly path: string; readonly must: 'absent' | 'empty' | 'no-files'; readonly why: string }
  | { readonly path: string; readonly must: 'link'; readonly target: string; readonly why: string };

const absent = (why: string, ...paths: string[]): HygieneRule[] =>
  paths.map((path) => ({ path, must: 'absent', why }));
const noFiles = (why: string, ...paths: string[]): HygieneRule[] =>
  paths.map((path) => ({ path, must: 'no-files', why }));

/**
 * What no image may carry from the machine it was made on. The role `generalise` removes and checks it by this list,
 * and the finished disk is checked by it from outside.
 */
export function hygieneRules({ paths }: ProductFacts): readonly HygieneRule[] {
  return [
    {
      path: '/etc/machine-id',
      must: 'empty',
      why: 'each machine makes its own; a missing file would reset its services',
    },
    {
      path: '/etc/resolv.conf',
      must: 'link',
      target: '../run/systemd/resolve/stub-resolv.conf',
      why: 'the machine asks its own resolver, not the one of the build',
    },
    ...absent(
      'a host key is of one machine',
      '/etc/ssh/ssh_host_*',
      '/etc/ssh/sshd_config.d/50-cloud-init.conf',
    ),
    ...absent(
      'nobody of the build may come in',
      '/root/.ssh/*',
      '/home/*',
      '/etc/sudoers.d/90-cloud-init-users',
    ),
    ...absent(
      'what was typed in the build',
      '/root/.*_history',
      '/root/.lesshst',
      '/root/.viminfo',
      '/root/.wget-hsts',
    ),
    ...absent(
      'accounts as they were in the build',
      '/etc/passwd-',
      '/etc/shadow-',
      '/etc/group-',
      '/etc/gshadow-',
      '/etc/subuid-',
      '/etc/subgid-',
    ),
    ...absent('who came in during the build', '/var/lib/wtmpdb/*', '/var/lib/lastlog/*'),
    ...absent('it holds the services back', '/etc/systemd/system/*.service.d/build.conf'),
    ...absent('what the build tools left', '/root/.ansible', '/root/.cache', '/root/.config'),
    ...absent(
      'a private key that all machines would share',
      '/etc/ssl/private/*',
      '/etc/ssl/certs/ssl-cert-snakeoil.pem',
    ),
    ...absent(
      'a secret that all machines would share',
      '/var/lib/systemd/random-seed',
      '/var/lib/systemd/credential.secret',
    ),
    ...absent('randomness that all machines would share', '/boot/efi/loader/random-seed'),
    ...absent("the build machine's id and name", '/var/lib/dbus/machine-id', '/etc/hostname'),
    ...absent(
      "the build machine's network",
      '/etc/netplan/50-cloud-init.yaml',
      '/etc/.resolv.conf.systemd-resolved.bak',
    ),
    ...absent(
      "the build machine's addresses",
      '/var/lib/dhcp/*',
      '/var/lib/dhcpcd/*',
      '/etc/network/interfaces.d/50-cloud-init',
    ),
    ...absent('cloud-init would take the machine for one that it knows', '/var/lib/cloud/instance'),
    ...absent(
      'cloud-init would skip what it has done',
      '/var/lib/cloud/instances/*',
      '/var/lib/cloud/data/*',
      '/var/lib/cloud/sem/*',
    ),
    ...absent(
      "a cloud's agent would take the machine for the build's",
      '/var/lib/waagent',
      '/var/lib/google',
    ),
    ...absent('a timer would believe that it is late', '/var/lib/systemd/timers/stamp-*'),
    ...absent('a database is made at first boot', '/etc/postgresql/*/*', '/var/lib/postgresql/*/*'),
    ...absent(
      "an account at a certificate authority is the operator's",
      '/etc/letsencrypt/accounts/*',
      '/etc/letsencrypt/archive/*',
      '/etc/letsencrypt/live/*',
    ),
    ...absent(
      'first boot makes it',
      paths.credentials,
      paths.serviceEnv,
      paths.tls,
      `${paths.firstbootState}/*`,
      `${paths.spendState}/*`,
      '/etc/grub.d/01_litellm_lock',
    ),
    ...absent('files are recorded as the machine has them after its first boot', '/var/lib/aide/*'),
    ...absent(
      'memory of the build',
      '/var/crash/*',
      '/var/lib/systemd/coredump/*',
      '/var/lib/systemd/pstore/*',
    ),
    ...noFiles('logs of the build', '/var/log'),
    ...noFiles('package lists grow old', '/var/lib/apt/lists'),
    ...noFiles('caches only cost room', '/var/cache/apt'),
    ...noFiles('leftovers of the build', '/tmp', '/var/tmp', '/var/backups'),
  ];
}

/** What in the root tree breaks the rules, one line each; an empty list is a clean tree. */
export function hygieneFaults(tree: string, rules: readonly HygieneRule[]): string[] {
  return rules.flatMap((rule) => faultsOf(tree, rule).map((fault) => `${fault} (${rule.why})`));
}

function faultsOf(tree: string, rule: HygieneRule): string[] {
  switch (rule.must) {
    case 'absent':
      return matches(tree, rule.path).map((path) => `${path} must be absent`);
    case 'no-files':
      return filesBelow(tree, rule.path).map((path) => `${path} must be absent`);
    case 'empty': {
      const stat = lstat(tree, rule.path);
      return stat?.isFile() === true && stat.size === 0 ? [] : [`${rule.path} must be an empty file`];
    }
    case 'link': {
      const isLink = lstat(tree, rule.path)?.isSymbolicLink() === true;
      const target = isLink ? readlinkSync(tree + rule.path) : undefined;
      return target === rule.target ? [] : [`${rule.path} must be a link to ${rule.target}`];
    }
  }
}

function lstat(tree: string, path: string) {
  return lstatSync(tree + path, { throwIfNoEntry: false });
}

/** Paths in the tree that fit the pattern. Links on the way are not followed: they may lead out of the tree. */
function matches(tree: string, pattern: string): string[] {
  let found = [''];
  for (const segment of pattern.split('/').slice(1)) {
    const expression = wildcard(segment);
    found = found.flatMap((directory) =>
      entries(tree, directory)
        .filter((name) => expression.test(name))
        .map((name) => `${directory}/${name}`),
    );
  }
  return found;
}

function wildcard(segment: string): RegExp {
  const escaped = segment
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`);
}

function entries(tree: string, directory: string): string[] {
  return lstat(tree, directory || '/')?.isDirectory() === true ? readdirSync(tree + directory) : [];
}

/** Regular files: a link, such as the one to the manual that systemd puts among the logs, says nothing of the build. */
function filesBelow(tree: string, directory: string): string[] {
  return entries(tree, directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    const stat = lstat(tree, path);
    if (stat?.isDirectory() === true) return filesBelow(tree, path);
    return stat?.isFile() === true ? [path] : [];
  });
}
