/** What a caller tells with its call, for the call's row. */
export interface Caller {
  readonly tags: readonly string[];
  readonly userAgent: string | null;
  /** To what the person behind the call has agreed, in the caller's words. */
  readonly consent: string | null;
  /** `metadata` of the request's body. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** What is meant for the row alone. */
  readonly spendLogsMetadata: Readonly<Record<string, unknown>> | null;
}

/** A caller that told nothing. */
export const SILENT: Caller = Object.freeze({
  tags: [],
  userAgent: null,
  consent: null,
  metadata: null,
  spendLogsMetadata: null,
});
