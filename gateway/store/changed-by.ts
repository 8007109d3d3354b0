/** Who changed a row, for the columns that say so. */
export interface ChangedBy {
  readonly userId: string;
  readonly keyHash: string;
  /** The person named by the `litellm-changed-by` header. */
  readonly person: string | null;
}

/** Somebody who is signed in at the admin UI, and uses no key. */
export function byUser(userId: string): ChangedBy {
  return { userId, keyHash: '', person: null };
}

/** Whoever runs the machine: with its commands, and by its settings. */
export const BY_OPERATOR: ChangedBy = { userId: 'operator', keyHash: '', person: null };
