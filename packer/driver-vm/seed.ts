import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Shell } from 'zx';
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

/** Makes the seed of a build machine in `directory`; returns the ISO image. */
export async function seedFor(shell: Shell, key: SshKey, directory: string): Promise<string> {
  const files = `${directory}/seed`;
  mkdirSync(files);
  writeFileSync(`${files}/user-data`, userData(readFileSync(key.publicKeyFile, 'utf8').trim()));
  writeFileSync(`${files}/meta-data`, 'instance-id: build\n');
  const iso = `${directory}/seed.iso`;
  await shell`xorriso -as mkisofs -quiet -V CIDATA -J -r -o ${iso} ${files}`;
  return iso;
}
