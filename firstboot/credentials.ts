import { type MachineFacts, placeOf } from '../appliance/index.ts';
import { type DatabaseChoice, hasOwnRuntimeRole } from './database-choice.ts';
import { GRUB_USER } from './grub-lock.ts';
import type { Secrets } from './secrets.ts';
import type { Whereabouts } from './whereabouts.ts';

/** The labelled lines of the credentials file; everything else in it is prose. */
export const credentialLabels = {
  publicIp: 'Public IP',
  publicIpv6: 'Public IPv6',
  privateIp: 'Private IP',
  cloud: 'Cloud',
  adminUrl: 'Admin UI',
  adminUser: 'Admin user',
  adminPassword: 'Initial password',
  masterKey: 'Master key',
  saltKey: 'Salt key',
  databasePassword: 'PostgreSQL password',
  grubPassword: 'GRUB password',
} as const;

export type CredentialField = keyof typeof credentialLabels;

const COLUMN = 22;

function line(field: CredentialField, value: string): string {
  return `${`${credentialLabels[field]}:`.padEnd(COLUMN)}${value}`;
}

export interface CredentialsContent {
  readonly facts: MachineFacts;
  readonly secrets: Secrets;
  readonly database: DatabaseChoice;
  readonly place: Whereabouts;
  readonly now: Date;
}

/** What the file says about the database: the password of the machine's own, or where the operator's is. */
function aboutDatabase({ facts, database }: CredentialsContent): string {
  const { users, ports, paths } = facts;
  if (database.kind === 'local') {
    return `The PostgreSQL password is that of the role '${users.service}' on 127.0.0.1:${ports.postgresql}, database '${facts.database}'.`;
  }
  const where = `The database is on ${placeOf(database.runtime.target)}, as ${paths.databaseEnv} says; there is none on this machine.`;
  if (hasOwnRuntimeRole(database)) return where;
  return `${where}
Note: without DATABASE_OWNER_URL in that file, the gateway signs in with a role that may change the schema.`;
}

/** The text of the credentials file, for a person to read. */
export function renderCredentials(content: CredentialsContent): string {
  const { facts, secrets, database, place, now } = content;
  const { paths, users } = facts;
  return `${facts.name} ${facts.version}: the credentials of this machine
Made by the machine itself at its first boot on ${now.toISOString().slice(0, 10)}; nobody else knows them.

${line('publicIp', place.publicIp)}
${line('publicIpv6', place.publicIpv6)}
${line('privateIp', place.privateIp)}
${line('cloud', place.cloud)}
${line('adminUrl', place.adminUrl)}
${line('adminUser', users.admin)}
${line('adminPassword', secrets.adminPassword)}
${line('masterKey', secrets.masterKey)}
${line('saltKey', secrets.saltKey)}${database.kind === 'local' ? `\n${line('databasePassword', secrets.databasePassword)}` : ''}
${line('grubPassword', secrets.grubPassword)}

The initial password opens the form that replaces it. The browser warns about the certificate until you have one (3).
The salt key encrypts the provider keys that are stored in the database: without it they are lost, also in a backup.
${aboutDatabase(content)}
The GRUB password is asked of the user '${GRUB_USER}' who wants to change at the console how this machine boots.

What to do next
  1. Note all this in a safe place, sign in at the admin UI and choose a password of your own.
  2. Add the keys of your providers, one NAME=value a line, then apply them:
         sudo nano ${paths.providersEnv}
         sudo systemctl restart litellm
  3. Point a DNS name at this machine and get a certificate for it:
         sudo certbot --nginx -d NAME
  4. See that everything is well:
         sudo litellm-ctl status
  5. Delete this file. Nothing needs it, and no boot brings it back:
         sudo rm ${paths.credentials}
Forgot the password of the admin UI?  sudo litellm-ctl credentials --reset-admin-password
`;
}

function pattern(field: CredentialField): RegExp {
  return new RegExp(`^${credentialLabels[field]}:[ \\t]*(.*)$`, 'm');
}

/** What a labelled line says; undefined when the text has no such line. */
export function credentialField(text: string, field: CredentialField): string | undefined {
  return pattern(field).exec(text)?.[1]?.trim();
}

/** The text with labelled lines changed and all else as it was; a line that somebody removed stays away. */
export function withCredentialFields(text: string, values: Partial<Record<CredentialField, string>>): string {
  return Object.entries(values).reduce(
    (changed, [field, value]) =>
      changed.replace(pattern(field as CredentialField), () => line(field as CredentialField, value)),
    text,
  );
}

const CLONE_NOTE = `
Note: this machine is a copy of the one that made these credentials, and has the same keys and data. That is right for
a restored machine. For a second one of its own, launch the original image instead.
`;

/** The text with a warning that machine and credentials were copied; once, however often it is asked for. */
export function withCloneNote(text: string): string {
  return text.includes(CLONE_NOTE) ? text : `${text}${CLONE_NOTE}`;
}
