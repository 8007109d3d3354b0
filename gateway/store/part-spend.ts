import { usdFromPico } from '../accounting/money.ts';
import { type BudgetPart, readScope } from '../identity/budget-parts.ts';
import type { Owner } from '../identity/owners.ts';
import { namesOf } from './accounts.ts';
import { type Connection, rows } from './connection.ts';

/** What a part of somebody's budget has spent in the period that runs. */
export interface PartSpend {
  readonly part: BudgetPart;
  /** USD. */
  readonly spend: number;
  readonly resetAt: Date | null;
}

export async function readPartSpend(db: Connection, owner: Owner): Promise<readonly PartSpend[]> {
  const { scopes, tokens } = namesOf([owner]);
  const found = await rows<{ scope: string; spent: string; resets_at: Date | null }>(db, {
    text: `
      SELECT p.scope, (p.spent_pico + p.spent_next_pico)::text AS spent, p.resets_at
      FROM budget_state b JOIN budget_state p ON p.part_of = b.scope
      WHERE b.scope = ANY ($1) OR b.token = ANY ($2)
      ORDER BY p.scope`,
    values: [scopes, tokens],
  });
  return found.flatMap(({ scope, spent, resets_at }) => {
    const { part } = readScope(scope);
    return part === null ? [] : [{ part, spend: usdFromPico(BigInt(spent)), resetAt: resets_at }];
  });
}
