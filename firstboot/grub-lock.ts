import { pbkdf2Sync } from 'node:crypto';

/** Who may change how the machine boots. A name of GRUB alone: the machine's own root has no password. */
export const GRUB_USER = 'root';

/** Name of our part of the menu, and of the program that writes it. */
export const GRUB_LOCK = '01_litellm_lock';

/** GRUB's own default. The password has 100 random bits, so more rounds would protect nothing. */
const ITERATIONS = 10_000;
const HASH_BYTES = 64;

/** What GRUB stores in place of the password, as grub-mkpasswd-pbkdf2 writes it. */
export function grubHash(password: string, saltHex: string): string {
  const hash = pbkdf2Sync(password, Buffer.from(saltHex, 'hex'), ITERATIONS, HASH_BYTES, 'sha512');
  return `grub.pbkdf2.sha512.${ITERATIONS}.${saltHex}.${hash.toString('hex').toUpperCase()}`;
}

/**
 * What makes GRUB ask: to edit an entry and to use its console. Starting an entry stays free, since a machine in a cloud
 * boots with nobody at its keyboard; every entry that update-grub writes, also for kernels to come, takes that from the
 * variable.
 */
export function grubLock(hash: string): string {
  return `set superusers="${GRUB_USER}"
export superusers
password_pbkdf2 ${GRUB_USER} ${hash}
menuentry_id_option="--unrestricted --id"
export menuentry_id_option
`;
}

/** The program for /etc/grub.d that writes the lock into each menu that update-grub makes. */
export function grubLockScript(lock: string): string {
  return `#!/bin/sh\n# Written at first boot.\ncat <<'END'\n${lock}END\n`;
}

const BEGIN = `### BEGIN /etc/grub.d/${GRUB_LOCK} ###\n`;
const END = `### END /etc/grub.d/${GRUB_LOCK} ###\n`;
const OURS = new RegExp(`${BEGIN}[\\s\\S]*?${END}\\n?`);
const FIRST_ENTRY = /^(menuentry|submenu) /m;

/**
 * The menu with the lock before its first entry, once however often it is asked for. update-grub would write the same,
 * but it has to open disks, which first boot may not. Undefined when the text has no entry.
 */
export function withGrubLock(menu: string, lock: string): string | undefined {
  const plain = menu.replace(OURS, '');
  const at = plain.search(FIRST_ENTRY);
  return at < 0 ? undefined : `${plain.slice(0, at)}${BEGIN}${lock}${END}\n${plain.slice(at)}`;
}
