import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { AuditEntry } from '../observe/audit-entry.ts';
import { type Audit, auditedTransaction } from '../store/audit-log.ts';
import { BY_OPERATOR, byUser } from '../store/changed-by.ts';
import { deletePendingSessions, deleteSessionsOfUser } from '../store/ui-sessions.ts';
import { ensureAdmin, forgetPassword, readPassword, replacePassword } from '../store/users.ts';
import { ADMIN_USER_ID } from './identity.ts';
import type { PasswordHasher } from './password.ts';

const SHORTEST = 12;
const LONGEST = 1024;

export interface AdminAccountOptions {
  readonly db: Pool;
  readonly audit: Audit;
  readonly hasher: PasswordHasher;
  readonly userName: string;
  /** Opens the account until it is replaced; a new value (after a reset) opens it again and ends what replaced the old one. */
  readonly initialPassword: string | undefined;
}

/** What a sign-in gives: nothing, the account, or only the right to replace the initial password. */
export type SignInOutcome = 'refused' | 'accepted' | 'must_change_password';

const INITIAL = 'the initial password';
const OWN = 'a password of its own';

/** What the audit log says of a password: which kind it is, and nothing of itself. */
function signInChanged(before: string, after: string): AuditEntry {
  return {
    action: 'updated',
    table: 'LiteLLM_UserTable',
    objectId: ADMIN_USER_ID,
    before: { signs_in_with: before },
    after: { signs_in_with: after },
  };
}

/**
 * The built-in admin's password. Two states: *initial* (the row has no password; the initial one is valid and only opens
 * the form that replaces it) and *own* (the row has a hash, and beside it a hash of the initial password that it replaced).
 * Own goes back to initial when the configured initial password is another one than that which was replaced.
 */
export class AdminAccount {
  readonly #options: AdminAccountOptions;
  #initialHash: Promise<string> | undefined;
  #reconciled: Promise<void> | undefined;

  constructor(options: AdminAccountOptions) {
    this.#options = options;
  }

  /** Hash of the initial password; of a random one where none is configured, so that nothing matches. */
  #hashOfInitial(): Promise<string> {
    const { hasher, initialPassword } = this.#options;
    this.#initialHash ??= hasher.hash(initialPassword ?? randomBytes(32).toString('hex')).catch((error) => {
      this.#initialHash = undefined;
      throw error;
    });
    return this.#initialHash;
  }

  /** Brings the stored state in line with the configured initial password; the configuration changes only with a restart. */
  ready(): Promise<void> {
    this.#reconciled ??= this.#reconcile().catch((error) => {
      this.#reconciled = undefined;
      throw error;
    });
    return this.#reconciled;
  }

  async #reconcile(): Promise<void> {
    const { db, hasher, initialPassword } = this.#options;
    await ensureAdmin(db, ADMIN_USER_ID);
    // They may have been opened with an initial password that is valid no longer.
    await deletePendingSessions(db, ADMIN_USER_ID);
    const { password, replacedInitial } = await readPassword(db, ADMIN_USER_ID);
    if (password === null || initialPassword === undefined) return;
    if (await hasher.matches(initialPassword, replacedInitial)) return;
    await auditedTransaction(this.#options, BY_OPERATOR, async (connection, record) => {
      await forgetPassword(connection, ADMIN_USER_ID);
      await deleteSessionsOfUser(connection, ADMIN_USER_ID);
      record(signInChanged(OWN, INITIAL));
    });
  }

  /** Checks a name and a password with the same work, whether the name is known or not. */
  async signIn(userName: string, password: string): Promise<SignInOutcome> {
    await this.ready();
    const { db, hasher } = this.#options;
    const own = (await readPassword(db, ADMIN_USER_ID)).password;
    const matches = await hasher.matches(password, own ?? (await this.#hashOfInitial()));
    if (!matches || userName !== this.#options.userName) return 'refused';
    return own === null ? 'must_change_password' : 'accepted';
  }

  /** What is wrong with a new password, for the person who chose it; null when it may be used. */
  fault(password: string, repeated: string): string | null {
    const length = [...password].length;
    if (length < SHORTEST) return `The new password needs at least ${SHORTEST} characters.`;
    if (length > LONGEST) return `The new password can have at most ${LONGEST} characters.`;
    if (password !== repeated) return 'The two entries of the new password differ.';
    if (password === this.#options.initialPassword) {
      return 'The new password must not be the initial one.';
    }
    return null;
  }

  /**
   * Replaces the initial password, or the own one, and ends every session; false when that is not the one in force, or
   * somebody else has replaced it in the meantime.
   */
  async changePassword(password: string, initial: boolean): Promise<boolean> {
    const { db, hasher } = this.#options;
    const previous = (await readPassword(db, ADMIN_USER_ID)).password;
    if (initial !== (previous === null)) return false;
    const next = { password: await hasher.hash(password), replacedInitial: await this.#hashOfInitial() };
    return auditedTransaction(this.#options, byUser(ADMIN_USER_ID), async (connection, record) => {
      const replaced = await replacePassword(connection, ADMIN_USER_ID, previous, next);
      if (!replaced) return false;
      await deleteSessionsOfUser(connection, ADMIN_USER_ID);
      record(signInChanged(initial ? INITIAL : OWN, OWN));
      return true;
    });
  }
}
