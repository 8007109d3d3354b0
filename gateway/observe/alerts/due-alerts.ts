import type { Pico } from '../../accounting/money.ts';

const HOUR = 60 * 60 * 1000;

/** Parts of a budget, in percent, that are told when they are spent; LiteLLM's. */
export const thresholds = [85n, 95n, 100n] as const;

/** What was told of a budget already. Times are epoch milliseconds. */
export interface AlertMemory {
  /** The highest threshold, counted from 1; 0 for none. */
  readonly level: number;
  /** Until when the same or a lower threshold is not told again; null where none was told. */
  readonly quietUntil: number | null;
  /** The same for the soft budget. */
  readonly softQuietUntil: number | null;
}

/** What is to be known of a budget to tell that much of it is spent. Money is pico-dollars, times are epoch milliseconds. */
export interface WatchedBudget {
  readonly spent: Pico;
  readonly limit: Pico | null;
  readonly soft: Pico | null;
  /** -Infinity in the first period. */
  readonly periodStart: number;
  /** End of the period; null for a budget that is never reset. */
  readonly resetsAt: number | null;
  readonly memory: AlertMemory;
}

/** LiteLLM's names of what happens to a budget. */
export type BudgetEvent = 'threshold_crossed' | 'budget_crossed' | 'soft_budget_crossed';

export interface DueAlert {
  readonly event: BudgetEvent;
  /** Percent; null where it is the soft budget that was crossed. */
  readonly threshold: number | null;
}

export interface DueAlerts {
  readonly alerts: readonly DueAlert[];
  readonly memory: AlertMemory;
}

/** How many of the thresholds are reached. */
export function levelOf(spent: Pico, limit: Pico | null): number {
  if (limit === null) return 0;
  return thresholds.findLastIndex((percent) => spent * 100n >= limit * percent) + 1;
}

/**
 * Until when nothing is repeated: once in a period is enough, and once in `ttlMs` where there is no period or it is shorter.
 * The day of 23 hours is a day.
 */
function quietUntil({ periodStart, resetsAt }: WatchedBudget, now: number, ttlMs: number): number {
  const oncePerPeriod = resetsAt !== null && resetsAt - periodStart + HOUR >= ttlMs;
  return oncePerPeriod ? resetsAt : now + ttlMs;
}

/** Whether what was told may be told again. What was told of a period is not, however late its last calls are stored. */
function mayRepeat(until: number | null, { resetsAt }: WatchedBudget, now: number): boolean {
  return until === null || (now >= until && until !== resetsAt);
}

function thresholdAlert(level: number): DueAlert {
  const percent = Number(thresholds[level - 1]);
  return { event: percent === 100 ? 'budget_crossed' : 'threshold_crossed', threshold: percent };
}

/**
 * What is to be told of a budget now, and what is remembered of that; null when there is nothing. Of several thresholds that
 * are crossed at once only the highest is told, as in LiteLLM. `now`: epoch milliseconds.
 */
export function dueAlerts(
  budget: WatchedBudget,
  { now, ttlMs }: { readonly now: number; readonly ttlMs: number },
): DueAlerts | null {
  const { spent, limit, soft, memory } = budget;
  const level = levelOf(spent, limit);
  const crossed = level > 0 && (level > memory.level || mayRepeat(memory.quietUntil, budget, now));
  const softCrossed = soft !== null && spent >= soft && mayRepeat(memory.softQuietUntil, budget, now);
  if (!crossed && !softCrossed) return null;
  const until = quietUntil(budget, now, ttlMs);
  return {
    alerts: [
      ...(crossed ? [thresholdAlert(level)] : []),
      ...(softCrossed ? [{ event: 'soft_budget_crossed', threshold: null } as const] : []),
    ],
    memory: {
      ...memory,
      ...(crossed && { level, quietUntil: until }),
      ...(softCrossed && { softQuietUntil: until }),
    },
  };
}
