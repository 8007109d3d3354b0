import { ADMIN_USER_ID } from '../../identity/identity.ts';
import type { Connection } from '../../store/connection.ts';
import { setPassword } from '../../store/users.ts';
import type { ManagementDeps } from './change.ts';
import { type Changes, userAt } from './changes.ts';
import { badRequest } from './faults.ts';

/** The hash of the password that a request gives; null where it gives none. Computed before a transaction holds anything. */
export async function hashedPassword(
  { hasher }: Pick<ManagementDeps, 'hasher'>,
  { password }: { readonly password?: string | null },
): Promise<string | null> {
  return password ? hasher.hash(password) : null;
}

/** Gives a user a password, as a part of a change. The built-in admin has a form of its own, which asks for the old one. */
export async function givePassword(
  db: Connection,
  changed: Changes,
  { userId, password }: { readonly userId: string; readonly password: string },
): Promise<void> {
  if (userId === ADMIN_USER_ID) {
    throw badRequest(
      'password',
      'The built-in admin changes its password at /ui/password, or by `litellm-ctl credentials`',
    );
  }
  await setPassword(db, userId, password);
  changed.updated(userAt(userId), {}, { signs_in_with: 'a password of its own' });
}
