import type { MachineFacts } from '../appliance/index.ts';
import type { Identity } from './identity.ts';

/** Every random value of one machine, made once. */
export interface Secrets {
  readonly masterKey: string;
  /** Key material for stored provider credentials: whoever loses it loses them. */
  readonly saltKey: string;
  readonly databasePassword: string;
  /** Salt of the password's verifier, base64: stored so that the verifier comes out the same on every run. */
  readonly databaseSalt: string;
  readonly adminPassword: string;
  /** Typed at a console, so it is one that people can read off. */
  readonly grubPassword: string;
  /** Salt of its hash, hexadecimal as GRUB writes it: stored so that the hash comes out the same on every run. */
  readonly grubSalt: string;
}

/** What of the image decides about the first admin password. */
export type PasswordRule = Pick<MachineFacts, 'adminPassword' | 'target'>;

type RandomBytes = (size: number) => Buffer;

const KEY_BYTES = 32;
const SCRAM_SALT_BYTES = 16;
const GRUB_SALT_BYTES = 64;

/**
 * Makes all secrets. Only letters, digits, - and _, since they travel through URLs, shells, environment files and YAML.
 * The first admin password is the instance id only where the image's target asks for it, the machine runs in the cloud
 * of that target, and its firmware names the instance: an image that was brought elsewhere makes a random one.
 */
export function makeSecrets(randomBytes: RandomBytes, rule: PasswordRule, identity: Identity): Secrets {
  const key = (): string => randomBytes(KEY_BYTES).toString('base64url');
  return {
    masterKey: `sk-${key()}`,
    saltKey: key(),
    databasePassword: key(),
    databaseSalt: randomBytes(SCRAM_SALT_BYTES).toString('base64'),
    adminPassword: promisedPassword(rule, identity) ?? makePassword(randomBytes),
    grubPassword: makePassword(randomBytes),
    grubSalt: randomBytes(GRUB_SALT_BYTES).toString('hex').toUpperCase(),
  };
}

function promisedPassword({ adminPassword, target }: PasswordRule, identity: Identity): string | undefined {
  return adminPassword === 'instance-id' && identity.cloud === target ? identity.instanceId : undefined;
}

// 32 characters without l, o, 0 and 1, which people mistake for one another: five bits each.
const READABLE = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUP = 5;
const GROUPS = 4;

/** A password that a person can read off a screen and type: four groups of five, 100 random bits. */
export function makePassword(randomBytes: RandomBytes): string {
  const characters = [...randomBytes(GROUP * GROUPS)].map((byte) => READABLE[byte % READABLE.length]);
  return Array.from({ length: GROUPS }, (_, group) =>
    characters.slice(group * GROUP, (group + 1) * GROUP).join(''),
  ).join('-');
}
