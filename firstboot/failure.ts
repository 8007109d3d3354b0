/** First boot cannot go on. The message says what is wrong, the remedy what to do; neither holds a secret. */
export class FirstBootError extends Error {
  override readonly name = 'FirstBootError';
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** What an operator reads about a failed run. */
export interface FailureReport {
  readonly step: string;
  readonly reason: string;
  readonly remedy: string;
  readonly at: string;
}

const DEFAULT_REMEDY =
  "read 'journalctl -u litellm-firstboot', correct the cause, then: systemctl restart litellm-firstboot";

/** Turns whatever was thrown in `step` into a report. */
export function reportOf(error: unknown, step: string, at: Date): FailureReport {
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof FirstBootError ? error.remedy : DEFAULT_REMEDY;
  return { step, reason, remedy, at: at.toISOString() };
}
