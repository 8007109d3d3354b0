import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { $ } from 'zx';
import type { Wire } from './wire.ts';

/** What a launch tells a machine, as a cloud's console would. */
export interface Seed {
  readonly instanceId: string;
  readonly hostName: string;
  readonly userName: string;
  readonly publicKey: string;
  /** A password for the user: a test shows that even the right one does not open SSH. */
  readonly password?: string;
}

/** The name of the user of most clouds' images; ours must work with whatever name the launch chooses. */
export const SEED_USER = 'azureuser';

/** cloud-init reads YAML 1.1, where a MAC address without quotes can be a number. */
const yaml = (value: object): string => stringify(value, { version: '1.1' });

/** Writes the NoCloud disk that cloud-init reads at first boot; returns its path. */
export async function writeSeed(directory: string, seed: Seed, wire: Wire): Promise<string> {
  const source = join(directory, 'seed');
  mkdirSync(source, { recursive: true });
  const documents = {
    'meta-data': yaml({ 'instance-id': seed.instanceId, 'local-hostname': seed.hostName }),
    'user-data': `#cloud-config\n${yaml(userData(seed))}`,
    'network-config': yaml({
      version: 2,
      ethernets: { primary: { match: { macaddress: wire.mac }, ...wire.networkConfig } },
    }),
  };
  for (const [name, text] of Object.entries(documents))
    writeFileSync(join(source, name), text, { mode: 0o600 });
  const disk = join(directory, 'seed.iso');
  const files = Object.keys(documents).map((name) => join(source, name));
  await $({ quiet: true })`xorriso -as mkisofs -quiet -output ${disk} -volid cidata -joliet -rock ${files}`;
  return disk;
}

function userData({ userName, publicKey, password }: Seed): object {
  const login = password === undefined ? {} : { password, chpasswd: { expire: false } };
  return { user: { name: userName }, ssh_authorized_keys: [publicKey], ...login };
}
