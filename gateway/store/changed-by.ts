/** Who changed a row, for the columns that say so. */
export interface ChangedBy {
  readonly userId: string;
  readonly keyHash: string;
  /** The person named by the `litellm-changed-by` header. */
  readonly person: string | null;
}
