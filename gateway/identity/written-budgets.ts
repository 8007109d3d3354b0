import type { BudgetPart } from './budget-parts.ts';

/** More of a budget for a while. */
export interface Increase {
  /** USD. */
  readonly amount: number;
  readonly until: Date;
}

/** A budget as LiteLLM's columns say it. */
export interface WrittenBudget {
  /** Null where it is the whole of what its owner may spend. */
  readonly part: BudgetPart | null;
  /** USD; null where nothing is limited. */
  readonly maxBudget: number | null;
  readonly increase: Increase | null;
  /** USD from which on it is told that so much was spent. */
  readonly softBudget: number | null;
  readonly duration: string | null;
  /** End of the period that runs now, where somebody has written it. */
  readonly resetAt: Date | null;
}

const blank = { increase: null, softBudget: null, duration: null, resetAt: null } as const;

/** The whole of what somebody may spend, in USD, where that is limited. */
export function wholeBudget(
  maxBudget: number | null,
  increase: Increase | null = null,
): readonly WrittenBudget[] {
  return maxBudget === null ? [] : [{ ...blank, part: null, maxBudget, increase }];
}

/** What a budget that others are linked to says of the whole. */
export interface LinkedColumns {
  readonly max_budget: number | null;
  readonly soft_budget: number | null;
  readonly budget_duration: string | null;
}

/** The whole of what somebody may spend, when that is reset, and when it is told of; nothing where none of that is said. */
export function linkedBudget(columns: LinkedColumns): readonly WrittenBudget[] {
  const { max_budget: maxBudget, soft_budget: softBudget, budget_duration: duration } = columns;
  const said = [maxBudget, softBudget, duration].some((value) => value !== null);
  return said ? [{ ...blank, part: null, maxBudget, softBudget, duration }] : [];
}

/** A budget in a database that was taken over may be anything: what cannot be read as a number allows nothing. */
function amountOf(value: unknown): number | null {
  if (value === undefined || value === null || value === '') return null;
  const amount = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  return Number.isFinite(amount) ? amount : 0;
}

/** LiteLLM writes times without a zone where they are UTC. */
function timeOf(value: unknown): Date | null {
  if (typeof value !== 'string') return null;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`;
  const time = new Date(zoned);
  return Number.isNaN(time.getTime()) ? null : time;
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** The windows of a `budget_limits` column; of two of one length the smaller one counts. */
export function readWindows(column: unknown): readonly WrittenBudget[] {
  const windows = new Map<string, WrittenBudget>();
  for (const entry of Array.isArray(column) ? column : []) {
    const { max_budget, budget_duration, reset_at } = membersOf(entry);
    const maxBudget = amountOf(max_budget);
    const duration = String(budget_duration ?? '');
    const known = windows.get(duration)?.maxBudget ?? Number.POSITIVE_INFINITY;
    if (maxBudget === null || maxBudget >= known) continue;
    const part = { kind: 'window', name: duration } as const;
    windows.set(duration, { ...blank, part, maxBudget, duration, resetAt: timeOf(reset_at) });
  }
  return [...windows.values()];
}

/** What is said of a model's budget: in members, or, as the first guides to LiteLLM wrote it, by an amount alone. */
function saidOfModel(entry: unknown): Readonly<Record<string, unknown>> {
  const hasMembers = typeof entry === 'object' && !Array.isArray(entry);
  return hasMembers ? membersOf(entry) : { max_budget: entry };
}

/** The budgets of a `model_max_budget` column, in any of LiteLLM's spellings; models that are not limited are left out. */
export function readModelBudgets(column: unknown): readonly WrittenBudget[] {
  return Object.entries(membersOf(column)).flatMap(([name, entry]) => {
    const { max_budget, budget_limit, budget_duration, time_period } = saidOfModel(entry);
    const maxBudget = amountOf(max_budget ?? budget_limit);
    if (maxBudget === null) return [];
    const duration = textOf(budget_duration) ?? textOf(time_period);
    return [{ ...blank, part: { kind: 'model', name }, maxBudget, duration }];
  });
}

/** What the metadata of a key add to its budget; null where they add nothing. */
export function readIncrease(metadata: unknown): Increase | null {
  const { temp_budget_increase, temp_budget_expiry } = membersOf(metadata);
  const amount = amountOf(temp_budget_increase);
  const until = timeOf(temp_budget_expiry);
  return amount === null || amount <= 0 || until === null ? null : { amount, until };
}
