/** What the listing promises of a machine and no other claim shows; docs/listing/features.yaml names these by their titles. */
import { expect, test } from 'vitest';
import { edgeJails } from '../../operator/index.ts';
import { facts } from './appliance.ts';
import type { Name, World } from './world.ts';

const { paths, ports, users } = facts;

const kernelSettings = [
  { what: 'SYN cookies', setting: 'net.ipv4.tcp_syncookies', value: '1' },
  { what: 'address randomisation', setting: 'kernel.randomize_va_space', value: '2' },
  { what: 'the reverse path filter', setting: 'net.ipv4.conf.all.rp_filter', value: '1' },
  { what: 'BBR', setting: 'net.ipv4.tcp_congestion_control', value: 'bbr' },
];

/** What every machine carries, and who may read it. */
const carried = {
  [`/etc/${facts.vendor.directory}/sbom.json`]: '644 root:root',
  [`/etc/${facts.vendor.directory}/cis-report.html`]: '644 root:root',
  [`/usr/share/doc/${facts.vendor.directory}/CIS_TAILORED_PROFILE.md`]: '644 root:root',
  [paths.credentials]: '600 root:root',
};

export function promiseClaims(world: () => World, name: Name): void {
  test('the gateway listens on 127.0.0.1 alone', async () => {
    const listening = await world()[name].machine.succeed(`ss -Hltn 'sport = :${ports.gateway}'`);
    const sockets = listening.trim().split('\n');
    expect(sockets.map((line) => line.split(/\s+/)[3])).toEqual([`127.0.0.1:${ports.gateway}`]);
  });

  test('from outside, plain HTTP leads to HTTPS, and HTTPS carries the security headers', async () => {
    const { client, addresses, url } = world()[name];
    const plain = await client.fetch(`http://${addresses.ipv4}/ui`, { redirect: 'manual' });
    expect(plain.status).toBe(301);
    expect(plain.headers.get('location')).toBe(`${url}/ui`);
    const { headers } = await client.fetch(`${url}/ui`, { redirect: 'manual' });
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    });
  });

  test('the gateway runs as its own user, without a right of root, in its sandbox', async () => {
    const { machine } = world()[name];
    const shown = await machine.succeed('systemctl show --value --property=MainPID litellm.service');
    const status = await machine.succeed(`cat /proc/${Number(shown)}/status`);
    const id = (await machine.succeed(`id -u ${users.service}`)).trim();
    const field = (key: string): string | undefined =>
      new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status)?.[1];
    expect(id).not.toBe('0');
    const nothing = '0'.repeat(16);
    expect(['Uid', 'CapEff', 'NoNewPrivs', 'Seccomp'].map(field)).toEqual([id, nothing, '1', '2']);
    await machine.fail(`nsenter --target ${Number(shown)} --mount -- touch /usr/planted`);
  });

  test('fail2ban watches SSH and the edge', async () => {
    const said = await world()[name].machine.succeed('fail2ban-client status');
    const jails = /Jail list:\s*(.+)/.exec(said)?.[1]?.split(/,\s*/) ?? [];
    expect(jails.sort()).toEqual([...Object.values(edgeJails), 'sshd'].sort());
  });

  test('auditd records, and it watches secrets, settings and accounts', async () => {
    const { machine } = world()[name];
    await machine.succeed('systemctl is-active auditd.service');
    expect(await machine.succeed('auditctl -s')).toMatch(/^enabled [12]$/m);
    const rules = await machine.succeed('auditctl -l');
    for (const path of [paths.credentials, paths.serviceEnv, paths.providersEnv, '/etc/shadow', '/etc/ssh'])
      expect(rules).toContain(`=${path} `);
    await machine.succeed(`cat ${paths.credentials} > /dev/null; sleep 1`);
    const records = await machine.succeed('ausearch --input-logs -i -ts recent -k secrets');
    expect(records).toContain(paths.credentials);
  });

  test.each(kernelSettings)('the running kernel has $what', async ({ setting, value }) => {
    expect((await world()[name].machine.succeed(`sysctl -n ${setting}`)).trim()).toBe(value);
  });

  test('/tmp lies in memory, and nothing in it can be run', async () => {
    const { machine } = world()[name];
    const mounted = await machine.succeed('findmnt -n -o FSTYPE,OPTIONS --mountpoint /tmp');
    expect(mounted).toMatch(/^tmpfs /);
    expect(mounted.trim().split(/[\s,]+/)).toEqual(expect.arrayContaining(['noexec', 'nosuid', 'nodev']));
    const said = await machine.fail('cp /usr/bin/true /tmp/planted; /tmp/planted');
    expect(said).toContain('Permission denied');
    await machine.succeed('rm /tmp/planted');
  });

  test('SBOM, CIS report, tailored profile and credentials lie where the listing says', async () => {
    const { machine } = world()[name];
    const said = await machine.succeed(`stat -c '%n %a %U:%G' ${Object.keys(carried).join(' ')}`);
    const found = said
      .trim()
      .split('\n')
      .map((line) => /^(\S+) (.+)$/.exec(line)?.slice(1));
    expect(Object.fromEntries(found as [string, string][])).toEqual(carried);
  });
}
