import type { Pico } from '../accounting/money.ts';
import type { SpendRecord } from '../accounting/spend.ts';
import { readUsage } from '../accounting/usage.ts';
import { quoted } from '../quoted.ts';
import { dayOf } from './partitions.ts';

const SECOND = 1000;

/** What calls add up to. */
export interface Figures {
  promptTokens: number;
  completionTokens: number;
  cacheRead: number;
  cacheCreation: number;
  spend: Pico;
  requests: number;
  succeeded: number;
}

/** Calls that differ in nothing that is counted apart, by one of them. */
export interface AlikeCalls extends Figures {
  readonly call: SpendRecord;
  /** The UTC day on which they began. */
  readonly date: string;
  /** Seconds since 1970 in which they ended; periods of budgets begin and end at whole ones. */
  readonly endedAt: number;
  /** What the leases of `call.charges` hold of their cost, in the same order. */
  readonly leased: Pico[];
}

export function add(sum: Figures, more: Figures): void {
  sum.promptTokens += more.promptTokens;
  sum.completionTokens += more.completionTokens;
  sum.cacheRead += more.cacheRead;
  sum.cacheCreation += more.cacheCreation;
  sum.spend += more.spend;
  sum.requests += more.requests;
  sum.succeeded += more.succeeded;
}

function figuresOf(call: SpendRecord): Figures {
  const usage = readUsage(call.usage);
  return {
    promptTokens: call.promptTokens,
    completionTokens: call.completionTokens,
    cacheRead: usage?.cacheRead ?? 0,
    cacheCreation: (usage?.cacheWrite ?? 0) + (usage?.cacheWrite1h ?? 0),
    spend: call.spend,
    requests: 1,
    succeeded: call.status === 'success' ? 1 : 0,
  };
}

/** A text that two calls share when they are alike. */
function likenessOf(call: SpendRecord, date: string, endedAt: number): string {
  const { apiKey, model, provider, callType, userId, teamId, organizationId, agentId, endUser } = call;
  const names = [apiKey, model, provider, callType, userId, teamId, organizationId, agentId, endUser];
  let likeness = `${date} ${endedAt} ${names.map(quoted)}`;
  for (const tag of call.caller.tags) likeness += ` tag ${quoted(tag)}`;
  for (const name of call.modelNames) likeness += ` model ${quoted(name)}`;
  for (const { scope, processId } of call.charges) likeness += ` charge ${quoted(scope)} ${processId}`;
  return likeness;
}

/** Calls in few groups, as most of a batch are alike: what is counted is counted for each group. */
export function alikeCalls(calls: readonly SpendRecord[]): readonly AlikeCalls[] {
  const groups = new Map<string, AlikeCalls>();
  for (const call of calls) {
    const date = dayOf(call.startTime);
    const endedAt = Math.floor(call.endTime / SECOND);
    const likeness = likenessOf(call, date, endedAt);
    const group = groups.get(likeness);
    if (group === undefined) {
      const leased = call.charges.map((charge) => charge.leased);
      groups.set(likeness, { call, date, endedAt, leased, ...figuresOf(call) });
      continue;
    }
    add(group, figuresOf(call));
    for (const [at, { leased }] of call.charges.entries())
      group.leased[at] = (group.leased[at] ?? 0n) + leased;
  }
  return [...groups.values()];
}
