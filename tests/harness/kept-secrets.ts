import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What first boot makes on a machine and `make gateway` here. */
export interface KeptSecrets {
  readonly masterKey: string;
  readonly saltKey: string;
  readonly initialPassword: string;
}

const random = (): string => randomBytes(24).toString('base64url');

/** Reads the secrets from `path`, made once and kept beside the data that they belong to. */
export function keptSecrets(path: string): KeptSecrets {
  if (!existsSync(path)) {
    const made: KeptSecrets = {
      masterKey: `sk-${random()}`,
      saltKey: `sk-${random()}`,
      initialPassword: random(),
    };
    writeFileSync(path, JSON.stringify(made), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(path, 'utf8')) as KeptSecrets;
}
