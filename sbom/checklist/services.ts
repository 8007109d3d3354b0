import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProductFacts } from '../../appliance/index.ts';
import { documents } from '../evidence/pieces.ts';
import { evidenceNames } from '../evidence/signed-evidence.ts';
import { checkOf } from './evidence.ts';
import { LOOPBACK, listeners } from './listeners.ts';
import { finding, type LooksByRow, lines, NotRun, said } from './look.ts';
import type { Subject } from './subject.ts';

/** DHCP, NTP and their IPv6 fellows: what answers there asked first. */
const CLIENT_UDP_PORTS = [68, 123, 323, 546];

/** The network settings that Google's test asks for; with `secure_redirects` CIS wins, which wants none at all. */
const SYSCTL: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '0',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.conf.all.accept_source_route': '0',
  'net.ipv4.conf.default.accept_source_route': '0',
  'net.ipv4.conf.all.accept_redirects': '0',
  'net.ipv4.conf.default.accept_redirects': '0',
  'net.ipv4.conf.all.secure_redirects': '0',
  'net.ipv4.conf.default.secure_redirects': '0',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
  'net.ipv4.conf.all.rp_filter': '1',
  'net.ipv4.conf.default.rp_filter': '1',
  'net.ipv4.conf.all.log_martians': '1',
  'net.ipv4.conf.default.log_martians': '1',
  'net.ipv4.icmp_echo_ignore_broadcasts': '1',
  'net.ipv4.icmp_ignore_bogus_error_responses': '1',
  'kernel.randomize_va_space': '2',
};

/** A scan in the booted machine, which alone counts for a release. */
const WHOLE_MACHINE = 'vm';

function scannedIn({ directory }: Subject): string {
  const file = join(directory, evidenceNames.directory, documents.cisScore.file);
  const { scannedIn: where } = JSON.parse(readFileSync(file, 'utf8')) as { scannedIn?: unknown };
  if (typeof where === 'string') return where;
  throw new NotRun('the CIS score does not say where it was scanned');
}

function publicPorts({ ports }: ProductFacts): number[] {
  return [ports.ssh, ports.http, ports.https];
}

export const services: LooksByRow = {
  'SVC-01': {
    booted: async (guest, { facts }) => {
      const all = await listeners(guest);
      const open = all.filter(({ address }) => !LOOPBACK.test(address));
      const strays = open.filter(({ protocol, port }) =>
        protocol === 'tcp' ? !publicPorts(facts).includes(port) : !CLIENT_UDP_PORTS.includes(port),
      );
      return finding(
        `${all.length} listeners`,
        strays.map(({ protocol, address, port }) => `${protocol} ${address}:${port} is open to others`),
      );
    },
    outside: async (outside, { facts }) => {
      const wanted = publicPorts(facts);
      const { open, refused } = await outside.scan();
      return finding(
        `${open.join(', ')} from outside`,
        open.filter((port) => !wanted.includes(port)).map((port) => `port ${port} answers outside`),
        wanted.filter((port) => !open.includes(port)).map((port) => `port ${port} does not answer outside`),
        refused.map((port) => `port ${port} says no instead of nothing`),
      );
    },
  },
  'SVC-02': {
    booted: async (guest, { facts: { ports } }) => {
      const all = await listeners(guest);
      const wanted = [ports.gateway, ports.postgresql];
      const found = all.filter(({ port }) => wanted.includes(port));
      return finding(
        found.map(({ address, port }) => `${address}:${port}`).join(', '),
        wanted
          .filter((port) => !found.some((one) => one.port === port))
          .map((port) => `nothing listens on ${port}`),
        found
          .filter(({ address }) => !LOOPBACK.test(address))
          .map(({ address, port }) => `${address}:${port} is not loopback`),
      );
    },
    outside: async (outside, { facts: { ports } }) => {
      const { open } = await outside.scan();
      const wanted = [ports.gateway, ports.postgresql];
      return finding(
        `${wanted.join(', ')} from outside`,
        wanted.filter((port) => open.includes(port)).map((port) => `port ${port} answers outside`),
      );
    },
  },
  'SVC-03': {
    booted: async (guest, { facts }) => {
      const status = await said(guest, 'ufw status verbose');
      const rules = await said(guest, 'nft list ruleset');
      const allowed = [...status.matchAll(/^(\d+)(?:\/tcp)?( \(v6\))?\s+(?:ALLOW|LIMIT)/gm)];
      const has = (port: number, v6: boolean) =>
        allowed.some(([, found, suffix]) => Number(found) === port && (suffix !== undefined) === v6);
      return finding(
        'ufw status verbose, nft list ruleset',
        status.startsWith('Status: active') ? [] : 'ufw is not active',
        /\bhook input\b/.test(rules) ? [] : 'the kernel holds no input rules',
        publicPorts(facts)
          .flatMap((port) => [
            has(port, false) ? [] : `ufw does not allow ${port}`,
            has(port, true) ? [] : `ufw does not allow ${port} over IPv6`,
          ])
          .flat(),
      );
    },
  },
  'SVC-05': {
    booted: async (guest) => {
      const state = (await guest.run('systemctl is-system-running --wait')).stdout.trim();
      const failed = (await lines(guest, 'systemctl list-units --failed --plain --no-legend --full')).map(
        (line) => line.split(' ')[0],
      );
      return finding(
        state,
        state === 'running' ? [] : `the system is ${state}`,
        failed.map((unit) => `${unit} has failed`),
      );
    },
  },
  'SVC-06': {
    console: (consoles) =>
      finding(
        `${consoles.length} boots`,
        consoles.length >= 2 ? [] : `it was booted ${consoles.length} times`,
        consoles.flatMap((text, boot) =>
          /\blogin:/.test(text) ? [] : `boot ${boot + 1} did not come to a login`,
        ),
        consoles.flatMap((text, boot) =>
          /Kernel panic|emergency mode/.test(text) ? `boot ${boot + 1} broke off` : [],
        ),
      ),
  },
  'SVC-07': {
    booted: async (guest) => {
      const shown = await said(guest, 'timedatectl show --property=Timezone --property=NTP');
      return finding(
        shown.replaceAll('\n', ', '),
        /^Timezone=(Etc\/)?UTC$/m.test(shown) ? [] : 'the time zone is not UTC',
        /^NTP=yes$/m.test(shown) ? [] : 'the clock is not set by NTP',
      );
    },
  },
  'SYS-01': {
    booted: async (guest) => {
      const names = Object.keys(SYSCTL);
      const found = await lines(guest, `sysctl -n ${names.join(' ')}`);
      if (found.length !== names.length)
        throw new NotRun(`sysctl knows ${found.length} of ${names.length} settings`);
      return finding(
        `${names.length} settings`,
        names.flatMap((name, index) =>
          found[index] === SYSCTL[name] ? [] : `${name} is ${found[index]} instead of ${SYSCTL[name]}`,
        ),
      );
    },
  },
  'SYS-02': {
    evidence: (subject) => {
      const found = checkOf(subject, 'cis');
      const scanned = scannedIn(subject);
      return finding(
        `${found.seen}; scanned in ${scanned}`,
        found.faults,
        subject.release && scanned !== WHOLE_MACHINE
          ? `the report is of a scan in ${scanned}; a release takes one of the whole machine`
          : [],
      );
    },
  },
};
