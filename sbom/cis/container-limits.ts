import type { TestResult } from './xccdf.ts';

/** Rules on which a container's word does not count, and why. */
export interface ContainerLimit {
  readonly rules: RegExp;
  readonly why: string;
}

/**
 * Where a machine in a container is not the machine that ships: its kernel, mounts and boot are the build host's, and
 * neither cloud-init nor the boot loader has had its turn. These rules are always asked again in the virtual machine.
 * Measured on an image before its hardening (2026-11-27): of 247 rules six came out differently, three with other backups of
 * the accounts, one of the user's files, two of the time service; none of logs or sudo, which are therefore not here.
 */
export const CONTAINER_LIMITS: readonly ContainerLimit[] = [
  { rules: /^sysctl_/, why: "the kernel is the build host's; kernel.* cannot even be set" },
  { rules: /^kernel_module_/, why: "modules are those of the build host's kernel" },
  { rules: /apparmor/, why: "the build host's kernel loads no profile" },
  { rules: /grub2/, why: 'the boot loader is configured when the disk is made and at first boot' },
  { rules: /^(mount_option|partition_for)_/, why: 'systemd-nspawn mounts /dev/shm and the root itself' },
  { rules: /timesync|chrony|^ntp_/, why: 'a container keeps no time: systemd-timesyncd does not start' },
  {
    rules: /^(check_)?ufw_|service_ufw|wireless/,
    why: "it has no network card and not the machine's netfilter",
  },
  { rules: /_backup_etc_/, why: 'cloud-init makes a user at first boot, and the backups with it' },
  {
    rules: /home_director|_user_(init_files|dot|bash|interactive)|user_dot_|netrc|forward_files|rsh_trust/,
    why: "the buyer's user is made by cloud-init at first boot",
  },
  {
    rules: /^sshd_|_sshd_|disable_host_auth/,
    why: 'host keys are made, and cloud-init writes a drop-in, at first boot',
  },
];

/**
 * The rules to ask again in the virtual machine: those above, and whatever the container did not pass, because it may
 * be at fault there. Rules that are left out stay as they are.
 */
export function rulesToRecheck(
  { outcomes }: TestResult,
  selected: ReadonlySet<string>,
  leftOut: ReadonlySet<string>,
): string[] {
  return [...selected]
    .filter((rule) => !leftOut.has(rule))
    .filter(
      (rule) =>
        outcomes.get(rule)?.result !== 'pass' || CONTAINER_LIMITS.some(({ rules }) => rules.test(rule)),
    )
    .sort();
}
