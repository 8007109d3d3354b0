import type { Pool } from 'pg';
import type { BudgetRow, BudgetStore, Decision } from '../admission/ledger/port.ts';
import type { EndUserDefault } from '../config/config.ts';
import type { AlertRules } from './budget-alerts.ts';
import { beginPeriods, dueBudgets, type NextReset } from './budget-periods.ts';
import { freeDead, heartbeat, leaveBudgets } from './budget-processes.ts';
import { exchangeBudgets } from './budgets.ts';
import { moveEnds } from './linked-budgets.ts';

export interface PostgresBudgetsOptions {
  readonly db: Pool;
  readonly processId: string;
  readonly nextReset: NextReset;
  /** What customers have who have no budget of their own; null for nothing. */
  readonly endUserDefault?: EndUserDefault | null;
  /** How it is told that budgets are spent; null where it is not. */
  readonly alerts?: AlertRules | null;
}

/** The budgets in PostgreSQL, shared by all processes. */
export class PostgresBudgets implements BudgetStore {
  readonly #db: Pool;
  readonly #processId: string;
  readonly #nextReset: NextReset;
  readonly #endUserDefault: EndUserDefault | null;
  readonly #alerts: AlertRules | null;
  #movingEnds: Promise<void> | null = null;

  constructor({ db, processId, nextReset, endUserDefault = null, alerts = null }: PostgresBudgetsOptions) {
    this.#db = db;
    this.#processId = processId;
    this.#nextReset = nextReset;
    this.#endUserDefault = endUserDefault;
    this.#alerts = alerts;
  }

  async exchange(
    scopes: readonly string[],
    now: number,
    decide: (budgets: ReadonlyMap<string, BudgetRow>) => Decision,
  ): Promise<void> {
    const request = { processId: this.#processId, scopes, now };
    let due = await exchangeBudgets(this.#db, request, decide);
    while (due.length > 0) {
      await beginPeriods(this.#db, due, { now, nextReset: this.#nextReset, alerts: this.#alerts });
      due = await exchangeBudgets(this.#db, request, decide);
    }
  }

  heartbeat(expiresAt: number): Promise<void> {
    return heartbeat(this.#db, this.#processId, expiresAt);
  }

  async sweep(now: number, closing?: AbortSignal): Promise<void> {
    const rules = { now, nextReset: this.#nextReset, alerts: this.#alerts };
    await freeDead(this.#db, now);
    // Where there are many customers it takes longer than it is until the next sweep.
    const withDefault = { ...rules, endUserDefault: this.#endUserDefault };
    this.#movingEnds ??= moveEnds(this.#db, withDefault, closing).finally(() => {
      this.#movingEnds = null;
    });
    await this.#movingEnds;
    while (!closing?.aborted) {
      const due = await dueBudgets(this.#db, now);
      if (due.length === 0) return;
      await beginPeriods(this.#db, due, rules);
    }
  }

  leave(): Promise<void> {
    return leaveBudgets(this.#db, this.#processId);
  }
}
