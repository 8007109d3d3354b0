/** What the kernel is told on every machine: both consoles, the serial one last because it becomes /dev/console. */
const KERNEL_ARGUMENTS = 'ro console=tty0 console=ttyS0,115200 apparmor=1 security=apparmor';

/**
 * The grub.cfg that the machine boots with until its first `update-grub`. Each closing brace has a line of its own:
 * GRUB hangs without a word on an entry written in one line.
 */
export function grubConfig(options: {
  title: string;
  rootUuid: string;
  release: string;
  /** What the target wants besides. */
  kernelArguments: readonly string[];
}): string {
  const { title, rootUuid, release } = options;
  const kernelArguments = [KERNEL_ARGUMENTS, ...options.kernelArguments].join(' ');
  return [
    '# Written by the image build; replaced by update-grub.',
    'set timeout=1',
    'if serial --unit=0 --speed=115200; then',
    '  terminal_input console serial',
    '  terminal_output console serial',
    'fi',
    `search --no-floppy --fs-uuid --set=root ${rootUuid}`,
    // The variable that update-grub's own entries carry: first boot says by it that they start without a password.
    `menuentry '${title}' $menuentry_id_option 'appliance' {`,
    `  linux /boot/vmlinuz-${release} root=UUID=${rootUuid} ${kernelArguments}`,
    `  initrd /boot/initrd.img-${release}`,
    '}',
    '',
  ].join('\n');
}

/** How a boot loader outside the root file system finds grub.cfg. `configfile` only where GRUB does not go on by itself. */
export function grubStub(rootUuid: string, firmware: 'bios' | 'uefi'): string {
  const lines = [`search.fs_uuid ${rootUuid} root`, 'set prefix=($root)/boot/grub'];
  if (firmware === 'uefi') lines.push('configfile $prefix/grub.cfg');
  return `${lines.join('\n')}\n`;
}
