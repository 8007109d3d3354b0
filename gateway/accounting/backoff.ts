const SECOND = 1000;
const FIRST_MS = SECOND;
const LAST_MS = 30 * SECOND;

/** How long to wait between attempts: 1 s after the first failure, then twice as long each time, up to 30 s. */
export class Backoff {
  /** The wait that is due now; 0 when the last attempt succeeded. */
  ms = 0;

  failed(): void {
    this.ms = Math.min(LAST_MS, this.ms * 2 || FIRST_MS);
  }

  succeeded(): void {
    this.ms = 0;
  }
}
