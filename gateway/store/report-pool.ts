import { DatabaseError, type Pool } from 'pg';
import { GatewayError } from '../http/errors.ts';
import { type Connection, rows, transaction } from './connection.ts';

/** Longest that one statement of a report may take. */
const LONGEST_S = 10;
/** Reports that wait for others at most; who comes then is told to come again. */
const MOST_WAITING = 64;
/** Part of the pool that reports may hold. */
const SHARE = 4;

const STATEMENT_CANCELED = '57014';

/**
 * One snapshot for all statements of a report. Compiling a plan takes longer than any of them. A row that an index finds
 * costs about what the next one does, in memory as on a cloud's disk: PostgreSQL's own figure, 4, is that of a disk with a head.
 */
const BEGUN = `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = '${LONGEST_S}s';
  SET LOCAL jit = off;
  SET LOCAL random_page_cost = 1.1`;

function tookTooLong(error: unknown): boolean {
  const { cause } = error as Error;
  return cause instanceof DatabaseError && cause.code === STATEMENT_CANCELED;
}

/**
 * Reads of many rows, which must not keep calls from their connections: a quarter of the pool does them, the others wait for
 * their turn, and none may take for ever.
 */
export class ReportPool {
  readonly #pool: Pool;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#free = Math.max(1, Math.floor(pool.options.max / SHARE));
  }

  /**
   * Runs a report, all of whose statements see the same moment and may change nothing. Throws GatewayError reports_busy, and
   * bad_request for one that takes too long.
   */
  async run<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await transaction(this.#pool, async (db) => {
        await rows(db, { text: BEGUN });
        return await work(db);
      });
    } catch (error) {
      if (!tookTooLong(error)) throw error;
      throw new GatewayError(
        'bad_request',
        `This takes longer than ${LONGEST_S} s: narrow it by start_date and end_date, or by api_key, user_id or team_id`,
        { param: 'start_date', cause: error },
      );
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    if (this.#waiting.length >= MOST_WAITING) {
      throw new GatewayError(
        'reports_busy',
        'Too many reports are asked for at once; ask again in a moment',
        {
          headers: { 'retry-after': '5' },
        },
      );
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
