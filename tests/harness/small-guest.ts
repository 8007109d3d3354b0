import { routes } from '../../gateway/index.ts';
import type { Guest, GuestOutcome, Outside } from '../../sbom/index.ts';
import { facts } from './small-image.ts';

/** What a machine says to a command that holds these words. */
export type Answers = Readonly<Record<string, string | GuestOutcome>>;

const secret = (seed: string): string => seed.repeat(32).slice(0, 32);

/** The same answer of every route of the gateway. */
export function everyRoute(status: string): string {
  return Object.keys(routes)
    .map(() => status)
    .join('\n');
}

/** The answers of a machine on which all is well; `name` makes its secrets its own. */
export function goodAnswers(name: string): Answers {
  const { ports, paths } = facts;
  const listener = (protocol: string, address: string, port: number) =>
    `${protocol} LISTEN 0 128 ${address}:${port} 0.0.0.0:*`;
  const sshd =
    'permitrootlogin no\npasswordauthentication no\nkbdinteractiveauthentication no\nclientaliveinterval 180';
  const open = [ports.ssh, ports.http, ports.https];
  return {
    'test -d /sys/firmware/efi': { code: name === 'one' ? 1 : 0, stdout: '' },
    'lsblk -bdno SIZE': String(12 * 2 ** 30),
    'df -B1': String(11.6 * 2 ** 30),
    'cat /proc/cmdline': 'BOOT_IMAGE=/boot/vmlinuz console=ttyS0,115200',
    lsinitramfs: 'usr/lib/modules/6/kernel/drivers/block/virtio_blk.ko.xz\nusr/lib/modules/6/virtio_scsi.ko',
    'modules.builtin': 'kernel/drivers/virtio/virtio.ko',
    'modinfo -n virtio_net': 'virtio_net.ko',
    'cat /proc/swaps': 'Filename Type Size Used Priority',
    'visudo -c': '/etc/sudoers: parsed OK',
    'id -u': '0\nazureuser',
    'sshd -T': sshd,
    'ssh_host_*_key.pub': `ssh-ed25519 ${name}`,
    'ufw status verbose': `Status: active\n${open.map((port) => `${port}/tcp ALLOW IN Anywhere\n${port}/tcp (v6) ALLOW IN Anywhere (v6)`).join('\n')}`,
    'ufw status': `Status: active\n${open.map((port) => `${port}/tcp ALLOW Anywhere`).join('\n')}`,
    'nft list ruleset': 'table ip filter { chain INPUT { type filter hook input priority 0; } }',
    'systemctl is-active nginx.service': 'active',
    'systemctl is-active postgresql.service': 'active',
    'apt-config dump':
      'APT::Periodic::Unattended-Upgrade "1";\nUnattended-Upgrade::Origins-Pattern:: "origin=Debian,label=Debian-Security";',
    'systemctl is-enabled apt-daily-upgrade.timer': 'enabled',
    'apt-get -q update': '',
    'litellm-ctl status --wait': 'ready',
    'grep -c " upgrade "': '0',
    'ss -Hlntu': [
      ...open.map((port) => listener('tcp', '0.0.0.0', port)),
      listener('tcp', '127.0.0.1', ports.gateway),
      listener('tcp', '127.0.0.1', ports.postgresql),
      'udp UNCONN 0 0 192.0.2.10%ens3:68 0.0.0.0:*',
    ].join('\n'),
    'is-system-running': 'running',
    'list-units --failed': '',
    'timedatectl show': 'Timezone=Etc/UTC\nNTP=yes',
    'sysctl -n': ['0', '1', ...Array(8).fill('0'), '1', '1', '1', '1', '1', '1', '2'].join('\n'),
    [`cat ${paths.credentials}`]: [
      `Initial password:     ${secret(`a${name}p`)}`,
      `Master key:           sk-${secret(`m${name}k`)}`,
      `Salt key:             ${secret(`s${name}k`)}`,
      `PostgreSQL password:  ${secret(`d${name}p`)}`,
    ].join('\n'),
    '-fingerprint': `sha256 Fingerprint=${name}`,
    '-pubkey': `-----BEGIN PUBLIC KEY-----\n${name}`,
    'cat /etc/machine-id': `id of ${name}`,
    pg_control_system: `system ${name}`,
    product_uuid: '4c4c4544-0000-2010-8020-80c04f202020\ni-0123456789abcdef0',
    "stat -c '%a %U:%G'": '600 root:root',
    'grep -aqF': { code: 1, stdout: '' },
    [`http://127.0.0.1:${ports.http}/v1/models`]: '308 https://127.0.0.1/v1/models',
    'setpriv --reuid=litellm': { code: 28, stdout: '' },
    'http://169.254.169.254/': '404',
    'curl -sS --config -': everyRoute('401'),
  };
}

/** A machine that answers from a table: the first entry whose words the command holds. */
export function smallGuest(name: string, changes: Answers = {}): Required<Guest> {
  const answers = Object.entries({ ...changes, ...without(goodAnswers(name), changes) });
  return {
    run: async (command) => {
      const found = answers.find(([words]) => command.includes(words))?.[1];
      if (found === undefined) return { code: 127, stdout: '' };
      return typeof found === 'string' ? { code: 0, stdout: `${found}\n` } : found;
    },
    reboot: async () => undefined,
  };
}

function without(answers: Answers, changes: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([words]) => !(words in changes)));
}

export function smallOutside(
  open: readonly number[] = [22, 80, 443],
  refused: readonly number[] = [],
): Outside {
  return { scan: async () => ({ open, refused }) };
}

/** What a boot shows that comes to its login. */
export const goodConsole =
  '[  OK  ] Started ssh.service - OpenBSD Secure Shell server.\nDebian GNU/Linux 13 ttyS0\n\nlogin: ';
