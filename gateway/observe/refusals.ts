import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Timers } from '../accounting/timers.ts';
import type { ErrorCode, GatewayError } from '../http/errors.ts';
import type { Identity } from '../identity/identity.ts';
import { abbreviated, presentedKey } from '../identity/presented-key.ts';
import type { Logger } from './logger.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const FLUSH_MS = SECOND;

/** Rows for one address, reason and key within a minute; what comes after them is counted in one row at its end. */
export const ROWS_PER_GROUP = 12;
/** Rows of this process within a minute, and within a day: about 20 MB at the most. */
export const ROWS_PER_MINUTE = 60;
export const ROWS_PER_DAY = 20_000;

const LONGEST_MESSAGE = 500;

/** What is refused before any provider is asked: for who calls, what it may do, what it may spend, how much at a time. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'sign_in_refused',
  'no_api_key',
  'malformed_key',
  'unknown_key',
  'expired_key',
  'blocked_key',
  'blocked_team',
  'blocked_end_user',
  'admin_only',
  'member_permission',
  'forbidden',
  'address_refused',
  'model_access_denied',
  'team_model_access_denied',
  'user_model_access_denied',
  'organization_model_access_denied',
  'budget_exceeded',
  'rate_limited',
]);

/** A request that was refused. */
export interface Refused {
  /** The call id. */
  readonly id: string;
  /** Path of the route. */
  readonly route: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's address; null when it is gone already. */
  readonly ip: string | null;
  /** Who calls, if that was known. */
  readonly identity: Identity | null;
}

/** A refusal as it becomes a row of "LiteLLM_SpendLogs". */
export interface RefusalRow {
  readonly callId: string;
  /** Epoch milliseconds. */
  readonly time: number;
  /** Hash of the key that was presented; empty for none. */
  readonly apiKey: string;
  /** Its first and last four characters; null for none. */
  readonly maskedKey: string | null;
  readonly address: string | null;
  readonly route: string;
  readonly reason: string;
  readonly status: number;
  readonly message: string;
  readonly userId: string | null;
  readonly teamId: string | null;
  /** How many refusals the row stands for. */
  readonly count: number;
}

export interface RefusalsOptions {
  /** Whether refusals leave rows at all. */
  readonly enabled: boolean;
  readonly write: (rows: readonly RefusalRow[]) => Promise<void>;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
  /** The only header that holds keys; null for those that LiteLLM knows. */
  readonly keyHeader?: string | null;
}

interface Group {
  readonly row: RefusalRow;
  written: number;
  /** Refusals without a row of their own. */
  more: number;
}

function keyOf(headers: IncomingHttpHeaders, keyHeader: string | null): string | null {
  try {
    return presentedKey(headers, keyHeader);
  } catch {
    return null;
  }
}

/**
 * The trace of refused requests: a row for each, within bounds that no flood gets over. What is beyond them is counted, in
 * the last row of its group or in the log.
 */
export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #groups = new Map<string, Group>();
  #waiting: RefusalRow[] = [];
  #minute = 0;
  #day = 0;
  #rowsThisMinute = 0;
  #rowsToday = 0;
  #dropped = 0;
  #flushLater: (() => void) | null = null;
  #turnLater: (() => void) | null = null;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** Notes what a request was answered with, if that is a refusal. */
  note(request: Refused, error: GatewayError): void {
    const { enabled, timers } = this.#options;
    if (!enabled || !refusals.has(error.code)) return;
    const now = timers.now();
    this.#turn(now);
    this.#turnLater ??= timers.after(MINUTE - (now % MINUTE), () => {
      this.#turnLater = null;
      this.#turn(timers.now());
    });
    const key = keyOf(request.headers, this.#options.keyHeader ?? null);
    const apiKey = request.identity?.keyHash ?? (key === null ? '' : hash('sha256', key));
    const name = JSON.stringify([request.ip, error.code, apiKey]);
    const group = this.#groups.get(name);
    if (group !== undefined && group.written >= ROWS_PER_GROUP) {
      group.more++;
      return;
    }
    const row: RefusalRow = {
      callId: request.id,
      time: now,
      apiKey,
      maskedKey: key === null ? null : abbreviated(key),
      address: request.ip,
      route: request.route,
      reason: error.code,
      status: error.status,
      message: error.ownWords.slice(0, LONGEST_MESSAGE),
      userId: request.identity?.userId ?? null,
      teamId: request.identity?.teamId ?? null,
      count: 1,
    };
    if (!this.#send(row)) {
      if (group === undefined) this.#dropped++;
      else group.more++;
    } else if (group === undefined) this.#groups.set(name, { row, written: 1, more: 0 });
    else group.written++;
  }

  /** Takes a row where there is room for it. */
  #send(row: RefusalRow): boolean {
    if (this.#rowsThisMinute >= ROWS_PER_MINUTE || this.#rowsToday >= ROWS_PER_DAY) return false;
    this.#rowsThisMinute++;
    this.#rowsToday++;
    this.#waiting.push(row);
    this.#flushLater ??= this.#options.timers.after(FLUSH_MS, () => {
      this.#flushLater = null;
      void this.flush();
    });
    return true;
  }

  /** Begins a new minute where one is over: what the last one has only counted becomes rows of this one. */
  #turn(now: number): void {
    const [minute, day] = [Math.floor(now / MINUTE), Math.floor(now / DAY)];
    if (day !== this.#day) this.#rowsToday = 0;
    this.#day = day;
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#rowsThisMinute = 0;
    const counted = [...this.#groups.values()].filter(({ more }) => more > 0);
    this.#groups.clear();
    for (const { row, more } of counted) if (!this.#send({ ...row, count: more })) this.#dropped += more;
    if (this.#dropped === 0) return;
    this.#options.logger.warn(
      { refusals: this.#dropped },
      'more requests were refused than rows are kept for',
    );
    this.#dropped = 0;
  }

  /** Writes what waits. A database that is away loses these rows, not the refusals. */
  async flush(): Promise<void> {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    this.#waiting = [];
    try {
      await this.#options.write(rows);
    } catch (error) {
      this.#options.logger.warn(
        { err: error, rows: rows.length },
        'rows of refused requests could not be stored',
      );
    }
  }

  /** Writes everything, also what was only counted so far. */
  async close(): Promise<void> {
    this.#turnLater?.();
    this.#turn(this.#options.timers.now() + MINUTE);
    this.#flushLater?.();
    await this.flush();
  }
}
