import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HygieneRule, hygieneFaults, hygieneRules } from '../../packer/index.ts';
import { readOwners } from '../evidence/package-files.ts';
import { checkOf } from './evidence.ts';
import { type Finding, finding, type LooksByRow, NotRun } from './look.ts';
import { type Disk, type Subject, usesBuildMirror } from './subject.ts';
import { walk } from './tree.ts';

const MiB = 2 ** 20;

/** Looks that these paths of the tree are absent; `*` stands for any name. */
function absent({ tree }: Disk, ...paths: readonly string[]): Finding {
  const rules: HygieneRule[] = paths.map((path) => ({ path, must: 'absent', why: 'left by the build' }));
  return finding(`${paths.length} places`, hygieneFaults(rooted(tree), rules));
}

function noFiles({ tree }: Disk, ...paths: readonly string[]): Finding {
  const rules: HygieneRule[] = paths.map((path) => ({ path, must: 'no-files', why: 'left by the build' }));
  return finding(`${paths.length} places`, hygieneFaults(rooted(tree), rules));
}

/** An empty directory is clean of everything; it is no tree. */
function rooted(tree: string): string {
  for (const directory of ['/etc', '/var', '/usr']) {
    if (lstatSync(join(tree, directory), { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new NotRun(`the tree has no ${directory}`);
  }
  return tree;
}

/** Addresses that only the builder's network has, and mail addresses of a build host's users. */
const PRIVATE_URL =
  /https?:\/\/(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+|https?:\/\/[\w.-]+\.(?:internal|local|lan|corp)\b/;
/** A machine calls its own programs and the clouds' metadata so. */
const OWN_URL = /https?:\/\/(?:127\.0\.0\.1|metadata\.google\.internal|169\.254\.169\.254)/;
const PRIVATE_PLACES = ['/etc', '/opt', '/root', '/srv', '/usr/local', '/var/lib', '/var/log', '/home'];

/** Texts that no package brings. */
function* ownTexts(tree: string): Generator<{ path: string; text: string }> {
  const owners = readOwners(tree);
  for (const place of PRIVATE_PLACES) {
    for (const { path, stat } of walk(tree, place)) {
      if (!stat.isFile() || stat.size > 8 * MiB || owners.has(path) || path.startsWith('/var/lib/dpkg/'))
        continue;
      const text = readFileSync(join(tree, path), 'latin1');
      if (!text.slice(0, 4096).includes('\0')) yield { path, text };
    }
  }
}

function privacyFaults({ tree }: Disk, { privateWords, manifest }: Subject): Finding {
  if (privateWords.length === 0) throw new NotRun('nothing says which words the build host would leave');
  const mirrored = usesBuildMirror(manifest);
  const faults: string[] = [];
  let texts = 0;
  for (const { path, text } of ownTexts(rooted(tree))) {
    if (mirrored && path.startsWith('/etc/apt/sources.list')) continue;
    texts++;
    const words = privateWords.filter((word) => text.includes(word));
    const url = PRIVATE_URL.exec(text.replaceAll(new RegExp(OWN_URL, 'g'), ''))?.[0];
    faults.push(...[...words, ...(url === undefined ? [] : [url])].map((word) => `${path} says ${word}`));
  }
  return finding(
    `${texts} texts${mirrored ? " (a rehearsal image: its mirror's name is not counted)" : ''}`,
    faults,
  );
}

export const identity: LooksByRow = {
  'IDN-01': {
    disk: ({ tree }) => {
      const id = lstatSync(join(tree, '/etc/machine-id'), { throwIfNoEntry: false });
      const bus = lstatSync(join(tree, '/var/lib/dbus/machine-id'), { throwIfNoEntry: false });
      return finding(
        '/etc/machine-id, /var/lib/dbus/machine-id',
        id?.isFile() !== true
          ? '/etc/machine-id is missing'
          : id.size > 0
            ? '/etc/machine-id is not empty'
            : [],
        bus === undefined || bus.isSymbolicLink() ? [] : '/var/lib/dbus/machine-id is an id of its own',
      );
    },
  },
  'IDN-02': {
    disk: (disk) => {
      const seed = disk.espFiles.filter((path) => path.endsWith('/RANDOM-SEED'));
      const { seen, faults } = absent(
        disk,
        '/var/lib/systemd/random-seed',
        '/var/lib/systemd/credential.secret',
        '/var/lib/urandom/*',
        '/boot/efi/loader/random-seed',
      );
      return finding(
        `${seen}, the ESP`,
        faults,
        seed.map((path) => `the ESP has ${path}`),
      );
    },
  },
  'IDN-03': {
    disk: ({ tree }, { facts }) => {
      const path = join(rooted(tree), '/etc/hostname');
      const name =
        lstatSync(path, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(path, 'utf8').trim();
      const neutral = ['', 'localhost', 'debian', 'ubuntu', facts.name].includes(name);
      return finding(name === '' ? 'no name' : name, neutral ? [] : `the host name is ${name}`);
    },
  },
  'IDN-04': {
    disk: (disk) => {
      const { seen, faults } = absent(
        disk,
        '/var/lib/cloud/instance',
        '/var/lib/cloud/instances/*',
        '/var/lib/cloud/data/*',
        '/var/lib/cloud/sem/*',
        '/etc/ssh/sshd_config.d/50-cloud-init.conf',
        '/etc/netplan/50-cloud-init.yaml',
        '/etc/sudoers.d/90-cloud-init-users',
      );
      return finding(`${seen}, /run`, faults, noFiles(disk, '/run').faults);
    },
  },
  'IDN-05': {
    disk: (disk) =>
      absent(
        disk,
        '/var/lib/dhcp/*',
        '/var/lib/dhcpcd/*',
        '/var/lib/systemd/network/*',
        '/var/lib/NetworkManager/*',
      ),
  },
  'IDN-06': { disk: (disk) => absent(disk, '/var/lib/waagent', '/var/log/waagent.log', '/var/log/azure/*') },
  'IDN-07': {
    disk: (disk) => absent(disk, '/etc/ssl/private/*', '/etc/ssl/certs/ssl-cert-snakeoil.pem'),
    booted: async (guest) => {
      const units = ['nginx.service', 'postgresql.service'];
      const states: string[] = [];
      for (const unit of units) states.push((await guest.run(`systemctl is-active ${unit}`)).stdout.trim());
      return finding(
        units.join(', '),
        units.filter((_, index) => states[index] !== 'active').map((unit) => `${unit} is not active`),
      );
    },
  },
  'IDN-08': {
    disk: (disk, { facts: { paths } }) =>
      absent(
        disk,
        paths.credentials,
        paths.serviceEnv,
        paths.tls,
        `${paths.firstbootState}/*`,
        `${paths.spendState}/*`,
        '/etc/postgresql/*/*',
        '/var/lib/postgresql/*/*',
      ),
    evidence: (subject) => checkOf(subject, 'secrets'),
  },
  'IDN-09': { disk: (disk) => absent(disk, '/var/lib/systemd/timers/*') },
  'LOG-01': {
    disk: ({ tree }) => {
      rooted(tree);
      const files = [...walk(tree, '/var/log')].filter(({ stat }) => stat.isFile());
      const rotated = /\.(gz|xz|\d+)$|-[0-9a-z]{8}$/;
      return finding(
        `${files.length} files`,
        files.filter(({ stat }) => stat.size > 0).map(({ path }) => `${path} is not empty`),
        files.filter(({ path }) => rotated.test(path)).map(({ path }) => `${path} is a rotated log`),
      );
    },
  },
  'TMP-01': {
    disk: (disk) =>
      noFiles(disk, '/tmp', '/var/tmp', '/var/crash', '/var/cache/apt/archives', '/var/lib/apt/lists'),
  },
  'PRV-01': { disk: privacyFaults },
  'HYG-01': {
    disk: ({ tree }, { facts }) => {
      const rules = hygieneRules(facts);
      return finding(`${rules.length} rules`, hygieneFaults(rooted(tree), rules));
    },
  },
  'FIL-01': {
    disk: ({ tree }) => {
      const uids = ids(tree, '/etc/passwd');
      const gids = ids(tree, '/etc/group');
      const faults: string[] = [];
      let things = 0;
      for (const { path, stat } of walk(rooted(tree))) {
        things++;
        const open = (stat.mode & 0o002) !== 0;
        if (stat.isFile() && open) faults.push(`anyone may write ${path}`);
        if (stat.isDirectory() && open && (stat.mode & 0o1000) === 0)
          faults.push(`anyone may replace what is in ${path}`);
        if (!uids.has(stat.uid) || !gids.has(stat.gid))
          faults.push(`${path} is nobody's (${stat.uid}:${stat.gid})`);
      }
      return finding(`${things} files and directories`, faults);
    },
  },
};

function ids(tree: string, path: string): ReadonlySet<number> {
  const found = readFileSync(join(tree, path), 'utf8').matchAll(/^[^:#\n]+:[^:]*:(\d+):/gm);
  return new Set([...found].map(([, id]) => Number(id)));
}
