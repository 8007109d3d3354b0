import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Shell } from 'zx';
import { sha256 } from '../hash.ts';
import { ROOT_MAY_BUILD, type SshKey } from '../ssh.ts';

/** What cloud-init is told in a build machine: root may come in with this key, and no user is made that would stay. */
export function userData(publicKey: string): string {
  const settings = {
    disable_root: false,
    ssh_pwauth: false,
    users: [{ name: 'root', ssh_authorized_keys: [publicKey] }],
    // At every boot of the build, before sshd is started.
    bootcmd: [
      ['mkdir', '-p', dirname(ROOT_MAY_BUILD.path)],
      ['sh', '-c', 'printf %s "$1" > "$2"', 'sh', ROOT_MAY_BUILD.content, ROOT_MAY_BUILD.path],
      ['systemctl', 'daemon-reload'],
    ],
    // The build installs what it needs itself, and at a known moment.
    package_update: false,
    package_upgrade: false,
  };
  return `#cloud-config\n${stringify(settings)}`;
}

/** Who the build machine is: with another key another one, since cloud-init lets nobody new into a machine that it knows. */
export function metaData(publicKey: string): string {
  return `instance-id: build-${sha256(publicKey).slice(0, 16)}\n`;
}

/** Makes the seed of a build machine in `directory`; returns the ISO image. */
export async function seedFor(shell: Shell, key: SshKey, directory: string): Promise<string> {
  const files = `${directory}/seed`;
  mkdirSync(files);
  const publicKey = readFileSync(key.publicKeyFile, 'utf8').trim();
  writeFileSync(`${files}/user-data`, userData(publicKey));
  writeFileSync(`${files}/meta-data`, metaData(publicKey));
  const iso = `${directory}/seed.iso`;
  await shell`xorriso -as mkisofs -quiet -V CIDATA -J -r -o ${iso} ${files}`;
  return iso;
}
