import type { Pool } from 'pg';
import {
  adoptProcesses,
  alikeCalls,
  applySpend,
  type BudgetSetting,
  type BudgetStore,
  type Pico,
  PostgresBudgets,
  setBudgets,
  transaction,
  watchBudgets,
} from '../../gateway/index.ts';
import {
  type Announcement,
  type Bank,
  type BankBudget,
  type Increase,
  nextReset,
  type StoredCall,
} from './budget-bank.ts';
import { spendRecord } from './spend-record.ts';

const silent = { warn: () => undefined, info: () => undefined };

/** The budgets in PostgreSQL, asked and changed as the gateway does it. */
export class PostgresBank implements Bank, AsyncDisposable {
  readonly #db: Pool;
  readonly #watch: AsyncDisposable;
  #listener: Announcement = () => undefined;
  /** Who waits until a sentinel is heard; several may at once. */
  readonly #sentinels = new Map<string, () => void>();
  #sent = 0;

  private constructor(db: Pool, hearing: () => void) {
    this.#db = db;
    this.#watch = watchBudgets(
      db,
      {
        wanted: (scope) => this.#listener('wanted', scope),
        freed: (scope) => {
          const waiting = this.#sentinels.get(scope);
          if (waiting === undefined) this.#listener('freed', scope);
          else waiting();
          this.#sentinels.delete(scope);
        },
        hears: (is) => is && hearing(),
      },
      silent as never,
    );
  }

  static async open(db: Pool): Promise<PostgresBank> {
    const hearing = Promise.withResolvers<void>();
    const bank = new PostgresBank(db, hearing.resolve);
    await hearing.promise;
    return bank;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  listen(listener: Announcement): void {
    this.#listener = listener;
  }

  /** Announcements arrive in the order of their commits: once the last one is heard, all are. */
  async heard(): Promise<void> {
    const sentinel = `sentinel:${this.#sent++}`;
    const heard = Promise.withResolvers<void>();
    this.#sentinels.set(sentinel, heard.resolve);
    await this.#db.query("SELECT pg_notify('litellm_budgets', 'freed ' || $1)", [sentinel]);
    await heard.promise;
  }

  storeFor(processId: string): BudgetStore {
    return new PostgresBudgets({ db: this.#db, processId, nextReset });
  }

  async open(scope: string, limit: Pico, resetsAt: number | null): Promise<void> {
    await this.#db.query('DELETE FROM budget_state WHERE scope = $1', [scope]);
    await this.#db.query('DELETE FROM budget_leases WHERE scope = $1', [scope]);
    await this.#set(scope, limit, resetsAt === null ? null : new Date(resetsAt));
  }

  async setLimit(scope: string, limit: Pico): Promise<void> {
    const { rows } = await this.#db.query('SELECT resets_at FROM budget_state WHERE scope = $1', [scope]);
    await this.#set(scope, limit, rows[0].resets_at);
  }

  async increase(scope: string, { amount, until }: Increase): Promise<void> {
    const { rows } = await this.#db.query('SELECT limit_pico, resets_at FROM budget_state WHERE scope = $1', [
      scope,
    ]);
    const [{ limit_pico, resets_at }] = rows;
    await this.#set(scope, BigInt(limit_pico), resets_at, { amount, until: new Date(until) });
  }

  async #set(
    scope: string,
    limit: Pico,
    resetsAt: Date | null,
    increase: BudgetSetting['increase'] = null,
  ): Promise<void> {
    const duration = resetsAt === null ? null : '1h';
    await transaction(this.#db, (db) =>
      setBudgets(db, [{ scope, token: null, partOf: null, limit, increase, spent: 0n, duration, resetsAt }]),
    );
  }

  async storeCalls(calls: readonly StoredCall[]): Promise<void> {
    const records = calls.map(({ cost, charges, endedAt }) =>
      spendRecord({ spend: cost, charges, endTime: endedAt }),
    );
    await transaction(this.#db, (db) => applySpend(db, alikeCalls(records)));
  }

  adopt(processId: string): Promise<void> {
    return adoptProcesses(this.#db, [processId]);
  }

  async budget(scope: string): Promise<BankBudget> {
    const { rows } = await this.#db.query(
      `SELECT spent_pico + spent_next_pico AS spent, leased_pico,
         (SELECT coalesce(sum(granted_pico - stored_pico), 0) FROM budget_leases l WHERE l.scope = s.scope)
           AS leases, extract(epoch FROM period_start) * 1000 AS period_start
       FROM budget_state s WHERE scope = $1`,
      [scope],
    );
    const [row] = rows;
    return {
      spent: BigInt(row.spent),
      leased: BigInt(row.leased_pico),
      leases: BigInt(row.leases),
      periodStart: Number(row.period_start),
    };
  }

  async held(processId: string, scope: string): Promise<Pico> {
    const { rows } = await this.#db.query(
      'SELECT granted_pico - stored_pico AS held FROM budget_leases WHERE process_id = $1 AND scope = $2',
      [processId, scope],
    );
    return BigInt(rows[0]?.held ?? 0);
  }
}
