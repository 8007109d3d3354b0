import { type Pico, usdFromPico } from '../../accounting/money.ts';
import type { OwnerKind } from '../../identity/owners.ts';
import type { DueAlert } from './due-alerts.ts';

/** What LiteLLM's webhook says of whose budget it is; what does not fit an owner is null. */
export interface OwnerFacts {
  /** Hash of a key. */
  readonly token: string | null;
  readonly key_alias: string | null;
  readonly user_id: string | null;
  readonly user_email: string | null;
  readonly team_id: string | null;
  readonly team_alias: string | null;
  readonly organization_id: string | null;
  readonly customer_id: string | null;
  readonly alert_emails: readonly string[] | null;
  /** Name of a tag, of which alone it stands there. */
  readonly tag?: string;
}

export interface BudgetAlert extends DueAlert {
  readonly kind: OwnerKind;
  readonly facts: OwnerFacts;
  /** Pico-dollars. */
  readonly spent: Pico;
  readonly limit: Pico | null;
  readonly soft: Pico | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

const usd = (pico: Pico | null): number | null => (pico === null ? null : usdFromPico(pico));

/** What an owner's kind is called in `event_group`. */
export function eventGroup(kind: OwnerKind): string {
  return kind === 'global' ? 'proxy' : kind;
}

/** How LiteLLM begins messages about budgets of a kind: `Team Member Budget: `. */
function subjectOf(kind: OwnerKind): string {
  const words = eventGroup(kind).split('_');
  return `${words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join(' ')} Budget: `;
}

function messageOf({ event, threshold, kind, spent, limit, soft }: BudgetAlert): string {
  if (event === 'soft_budget_crossed')
    return `Soft Budget Crossed: ${usd(spent)} USD spent, the soft budget is ${usd(soft)} USD`;
  const told = event === 'budget_crossed' ? 'Budget crossed' : `${threshold}% threshold crossed`;
  return `${subjectOf(kind)}${told}: ${usd(spent)} of ${usd(limit)} USD spent`;
}

/** The body that is posted: LiteLLM's members, then two of ours, which percentage was crossed and when. */
export function webhookBody(alert: BudgetAlert): string {
  const { event, threshold, kind, facts, spent, limit, soft, at } = alert;
  return JSON.stringify({
    spend: usd(spent),
    max_budget: usd(limit),
    soft_budget: usd(soft),
    ...facts,
    projected_exceeded_date: null,
    projected_spend: null,
    event,
    event_group: eventGroup(kind),
    event_message: messageOf(alert),
    threshold_percent: threshold,
    occurred_at: new Date(at).toISOString(),
  });
}
