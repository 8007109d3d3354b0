/** What each machine makes or keeps for itself, so that no list of shipped files can hold it. `*` stands for any name. */
export const machineState: readonly { readonly paths: readonly string[]; readonly why: string }[] = [
  {
    paths: [
      ...['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'].flatMap((name) => [
        `/etc/${name}`,
        `/etc/${name}-`,
      ]),
      '/etc/.pwd.lock',
      '/etc/security/opasswd',
    ],
    why: 'accounts',
  },
  {
    paths: [
      '/etc/machine-id',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/ssh/ssh_host_*',
      '/etc/motd',
      '/etc/iscsi/initiatorname.iscsi',
    ],
    why: 'identity',
  },
  {
    paths: [
      '/etc/netplan/*',
      '/etc/network/*',
      '/etc/resolv.conf',
      '/etc/fstab',
      '/etc/mtab',
      '/etc/apt/sources.list*',
    ],
    why: 'cloud-init writes them for the place where the machine runs',
  },
  {
    paths: [
      '/etc/localtime',
      '/etc/timezone',
      '/etc/adjtime',
      '/etc/locale.conf',
      '/etc/locale.gen',
      '/etc/vconsole.conf',
      '/etc/default/locale',
      '/etc/default/keyboard',
    ],
    why: "the operator's time zone and language",
  },
  {
    paths: ['/etc/letsencrypt/*', '/etc/litellm/litellm.env', '/etc/litellm/tls/*'],
    why: 'keys and certificates',
  },
  {
    paths: ['/etc/ssl/certs/*', '/etc/ssl/private/*', '/etc/ca-certificates.conf'],
    why: 'made from ca-certificates',
  },
  {
    paths: ['/etc/audit/audit.rules', '/etc/audit/audit.rules.prev'],
    why: 'made at each start of auditd from /etc/audit/rules.d, which is listed',
  },
  {
    paths: ['/etc/alternatives/*', '/etc/rc*.d/*', '/etc/ld.so.cache', '/etc/.updated'],
    why: 'made by package scripts',
  },
  {
    paths: [
      '/usr/*/__pycache__/*',
      '/usr/lib/modules/*/modules.*',
      '/usr/lib/udev/hwdb.bin',
      '/usr/share/info/dir',
      '/usr/share/mime/*',
      '/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache',
      '/usr/lib/locale/locale-archive',
    ],
    why: 'indexes and caches that package scripts make anew',
  },
  { paths: ['/boot/initrd.img-*', '/boot/grub/*', '/boot/efi/*'], why: 'made anew with each kernel' },
];

const patterns = machineState
  .flatMap(({ paths }) => paths)
  .map((path) => new RegExp(`^${path.replaceAll(/[.+]/g, '\\$&').replaceAll('*', '.*')}$`));

/** Whether a path is one of a machine's own. */
export function isMachineState(path: string): boolean {
  return patterns.some((pattern) => pattern.test(path));
}
