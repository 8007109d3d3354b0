import { finding, type LooksByRow, NotRun, said } from './look.ts';
import type { Guest, Subject } from './subject.ts';
import { namesIn, requiredText } from './tree.ts';

/** `PermitRootLogin` as each target has it; sshd also calls `prohibit-password` by its older name. */
const KEY_ONLY = ['no', 'prohibit-password', 'without-password'];
const rootLogin: Readonly<Record<string, readonly string[]>> = {
  azure: ['no'],
  aws: ['no'],
  gcp: ['no'],
  oci: ['no'],
  digitalocean: KEY_ONLY,
  qemu: KEY_ONLY,
};

/** sshd's effective settings, by their lower-case names. */
async function sshd(guest: Guest): Promise<ReadonlyMap<string, string>> {
  return parseSshd(await said(guest, 'sshd -T'));
}

function parseSshd(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').map((line) => /^(\S+)\s+(.*)$/.exec(line));
  const found = new Map(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? '', pair[2] ?? '']])));
  if (!found.has('permitrootlogin')) throw new NotRun('sshd -T says nothing about itself');
  return found;
}

/** What sshd would do if cloud-init had been told to allow passwords; the drop-in is put back as it was. */
const WITH_CLOUD_DROP_IN = `f=/etc/ssh/sshd_config.d/50-cloud-init.conf; k=$(mktemp)
[ -e "$f" ] && cp -p "$f" "$k"
echo 'PasswordAuthentication yes' > "$f"; sshd -T; c=$?
if [ -s "$k" ]; then cp -p "$k" "$f"; else rm -f "$f"; fi; rm -f "$k"; exit $c`;

function passwordFaults(settingsOfSshd: ReadonlyMap<string, string>, when: string): string[] {
  return ['passwordauthentication', 'kbdinteractiveauthentication']
    .filter((name) => settingsOfSshd.get(name) !== 'no')
    .map((name) => `${name} is ${settingsOfSshd.get(name)}${when}`);
}

async function hostKeys(guest: Guest): Promise<string[]> {
  return (await said(guest, "cut -d' ' -f1,2 /etc/ssh/ssh_host_*_key.pub")).split('\n');
}

/**
 * Whether a console, from power on to power off, tells that sshd has run. From the login prompt on systemd may write
 * nothing more until it ends; of an sshd that starts then it is told only that it is stopped, as none is that did not run.
 */
export function showsSshd(console: string): boolean {
  return /(Started|Stopped) .*(ssh\.service|Secure Shell server)/.test(console);
}

export const ssh: LooksByRow = {
  'SSH-01': {
    booted: async (guest) => {
      const usual = await sshd(guest);
      const tempted = parseSshd(await said(guest, WITH_CLOUD_DROP_IN));
      return finding(
        'sshd -T, twice',
        passwordFaults(usual, ''),
        passwordFaults(tempted, " while cloud-init's drop-in allows passwords"),
      );
    },
  },
  'SSH-02': {
    booted: async (guest, { target }: Subject) => {
      const allowed = rootLogin[target];
      if (allowed === undefined) throw new NotRun(`nothing says what ${target} wants of root's login`);
      const found = (await sshd(guest)).get('permitrootlogin') ?? '';
      return finding(
        found,
        allowed.includes(found) ? [] : `PermitRootLogin is ${found}; ${target} takes ${allowed.join(' or ')}`,
      );
    },
  },
  'SSH-03': {
    booted: async (guest) => {
      const found = (await sshd(guest)).get('clientaliveinterval');
      const seconds = Number(found);
      return finding(`${found} s`, seconds >= 30 && seconds <= 235 ? [] : `ClientAliveInterval is ${found}`);
    },
  },
  'SSH-04': {
    disk: ({ tree }) => {
      requiredText(tree, '/etc/ssh/sshd_config');
      const keys = namesIn(tree, '/etc/ssh').filter((name) => name.startsWith('ssh_host_'));
      return finding(
        '/etc/ssh',
        keys.map((name) => `/etc/ssh/${name} is in the image`),
      );
    },
    twins: async ([one, other]) => {
      const [first, second] = [await hostKeys(one), await hostKeys(other)];
      const shared = first.filter((key) => second.includes(key)).map((key) => key.split(' ')[0]);
      return finding(
        `${first.length} and ${second.length} host keys`,
        shared.map((kind) => `two machines share the ${kind} key`),
      );
    },
  },
  'SSH-05': {
    console: (consoles) =>
      finding(
        `${consoles.length} consoles`,
        consoles.flatMap((text, boot) => (showsSshd(text) ? [] : `boot ${boot + 1}: sshd did not start`)),
      ),
  },
  'SSH-06': {
    booted: async (guest, { facts: { ports } }) => {
      const rules = (await said(guest, 'ufw status')).split('\n');
      const open = rules.some((line) =>
        new RegExp(`^(${ports.ssh}(/tcp)?|OpenSSH)\\s+(ALLOW|LIMIT)( IN)?\\s+Anywhere`).test(line),
      );
      return finding('ufw status', open ? [] : `ufw does not let anyone to ${ports.ssh}`);
    },
    outside: async (outside, { facts: { ports } }) => {
      const { open } = await outside.scan();
      return finding(
        `port ${ports.ssh}`,
        open.includes(ports.ssh) ? [] : `port ${ports.ssh} does not answer`,
      );
    },
  },
};
