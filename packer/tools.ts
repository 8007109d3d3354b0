import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { $ } from 'zx';
import { Failure } from './failure.ts';

/** Debian and Ubuntu packages that each kind of work needs on the machine it runs on. */
export const packagesFor = {
  image: [
    'mmdebstrap',
    'systemd-container',
    'qemu-utils',
    'qemu-system-x86',
    'dosfstools',
    'mtools',
    'fdisk',
    'e2fsprogs',
    'grub-common',
    'nftables',
    'iproute2',
    'openssh-client',
    'python3-venv',
    'rsync',
    'xorriso',
    'zstd',
    'git',
    'curl',
    'gpgv',
    'ca-certificates',
  ],
  ansible: ['python3-venv', 'openssh-client', 'ca-certificates'],
  boot: [
    'qemu-system-x86',
    'qemu-utils',
    'ovmf',
    'cloud-image-utils',
    'xorriso',
    'iproute2',
    'nftables',
    'openssh-client',
    'openssl',
    'tcpdump',
  ],
  edge: [
    'nginx-light',
    'certbot',
    'python3-certbot-nginx',
    'pebble',
    'fail2ban',
    'iptables',
    'bsdextrautils',
    'bind9-dnsutils',
    'openssl',
    'iproute2',
    'ca-certificates',
    'sudo',
  ],
  browser: ['chromium', 'curl'],
  firstboot: ['postgresql', 'postgresql-common', 'openssl', 'util-linux', 'iproute2'],
  emulators: ['python3-venv', 'ca-certificates'],
  counters: ['redis-server'],
  firewall: ['iptables', 'ufw', 'iproute2', 'util-linux'],
  unit: [
    'qemu-system-x86',
    'qemu-utils',
    'dosfstools',
    'openssh-client',
    'python3-venv',
    'fdisk',
    'mtools',
    'e2fsprogs',
    'grub-common',
    'systemd',
    'openssl',
    'man-db',
    'openscap-scanner',
    'openscap-common',
    'apparmor',
    'openssh-server',
    'sudo',
    'iproute2',
    'tcpdump',
  ],
  audit: ['openscap-scanner', 'openscap-common', 'systemd-container'],
  malware: ['clamav'],
  bench: ['wrk', 'nginx-light', 'iproute2', 'util-linux', 'python3-venv', 'ca-certificates'],
} as const satisfies Record<string, readonly string[]>;

/** A kind of work that wants packages. */
export type ToolNeed = keyof typeof packagesFor;

/** What holds services back while packages are installed: a build host must not start serving because a test needs a program. */
const HELD_BACK = [
  { path: '/usr/sbin/policy-rc.d', mode: 0o755, text: '#!/bin/sh\nexit 101\n' },
  {
    path: '/etc/postgresql-common/createcluster.d/no-main-cluster.conf',
    mode: 0o644,
    text: 'create_main_cluster = false\n',
  },
];

/**
 * Installs the packages of `needs` that are missing, in one run of apt-get.
 * Services they bring are not started, and no PostgreSQL cluster is made. Throws Failure when this is impossible.
 */
export async function ensureTools(...needs: ToolNeed[]): Promise<void> {
  const wanted: string[] = needs.flatMap((need) => [...packagesFor[need]]);
  await ensurePackages([...new Set(wanted)]);
}

/** Installs the named packages where they are missing; see ensureTools. */
export async function ensurePackages(wanted: readonly string[]): Promise<void> {
  const missing = missingFrom(wanted, await installedPackages());
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new Failure(`missing packages: ${missing.join(' ')}`, 'run as root, or install them with apt-get');
  }
  process.stdout.write(`installing ${missing.join(' ')}\n`);
  const written = holdServicesBack();
  try {
    const apt = $({ quiet: true, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    const wait = ['-o', 'DPkg::Lock::Timeout=600'];
    await apt`apt-get ${wait} -q update`;
    await apt`apt-get ${wait} -q install -y --no-install-recommends ${missing}`;
  } catch (cause) {
    throw new Failure(
      `apt-get could not install ${missing.join(' ')}: ${(cause as Error).message.trim().split('\n').at(-1)}`,
      "see that apt-get works on this machine ('apt-get update'), then run again",
      { cause },
    );
  } finally {
    for (const path of written) rmSync(path, { force: true });
  }
}

/** Those of `wanted` that are not installed. */
export function missingFrom(wanted: readonly string[], installed: ReadonlySet<string>): string[] {
  return wanted.filter((name) => !installed.has(name));
}

async function installedPackages(): Promise<Set<string>> {
  const listed = await $({ quiet: true })`dpkg-query -W -f '\${db:Status-Status} \${Package}\\n'`;
  return new Set(
    listed.stdout
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length)),
  );
}

function holdServicesBack(): string[] {
  const absent = HELD_BACK.filter(({ path }) => !existsSync(path));
  for (const { path, mode, text } of absent) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }
  return absent.map(({ path }) => path);
}
