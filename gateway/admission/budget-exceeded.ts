import { usdFromPico } from '../accounting/money.ts';
import { GatewayError } from '../http/errors.ts';
import { ownerOf } from '../identity/owners.ts';
import type { Refusal } from './ledger/allocate.ts';

/** The error of a call that does not fit into a budget. */
export class BudgetExceeded extends GatewayError {
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal) {
    super('budget_exceeded', message);
    this.refusal = refusal;
  }
}

/** Whether it is no room in a budget that is not the key's own. */
export function isOwnersBudget(refusal: unknown): boolean {
  return refusal instanceof BudgetExceeded && ownerOf(refusal.refusal.scope) !== null;
}

/** LiteLLM's words for a budget that is used up: scripts look for how they begin. */
function sentence(scope: string, cost: number, most: number): string {
  const owner = ownerOf(scope);
  const [first, second] = owner?.ids ?? [];
  const amounts = `Current cost: ${cost}, Max budget: ${most}`;
  switch (owner?.kind) {
    case 'user':
      return `ExceededBudget: User=${first} over budget. Spend=${cost}, Budget=${most}`;
    case 'end_user':
      return `ExceededBudget: End User=${first} over budget. Spend=${cost}, Budget=${most}`;
    case 'team':
      return `Budget has been exceeded! Team=${first} ${amounts}`;
    case 'team_member':
      return `Budget has been exceeded! User=${second} in Team=${first} ${amounts}`;
    case 'organization':
      return `Budget has been exceeded! Organization=${first} ${amounts}`;
    case 'tag':
      return `Budget has been exceeded! Tag=${first} ${amounts}`;
    case 'global':
      return `Budget has been exceeded! Proxy ${amounts}`;
    default:
      return `Budget has been exceeded! ${amounts}`;
  }
}

/** The error of a call that does not fit into a budget, in LiteLLM's words, with what the call could have cost. */
export function budgetExceeded(refusal: Refusal): BudgetExceeded {
  const { scope, spent, limit, bound } = refusal;
  const text = sentence(scope, usdFromPico(spent), usdFromPico(limit));
  return new BudgetExceeded(`${text}. This call could cost up to ${usdFromPico(bound)}`, refusal);
}

/** The error of a call whose budget was deleted after the call was authenticated. */
export function budgetGone(scope: string): GatewayError {
  return new GatewayError('budget_exceeded', `Budget has been exceeded! The budget ${scope} was deleted`);
}
