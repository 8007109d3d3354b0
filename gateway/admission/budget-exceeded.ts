import { usdFromPico } from '../accounting/money.ts';
import { GatewayError } from '../http/errors.ts';
import { readScope } from '../identity/budget-parts.ts';
import type { Owner } from '../identity/owners.ts';
import { isAfterOwner } from './budget-order.ts';
import type { Refusal } from './ledger/allocate.ts';

/** The error of a call that does not fit into a budget. */
export class BudgetExceeded extends GatewayError {
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal) {
    super('budget_exceeded', message);
    this.refusal = refusal;
  }
}

/** Whether it is no room in a budget that is looked at after what the key's owner allows. */
export function isOwnersBudget(refusal: unknown): boolean {
  return refusal instanceof BudgetExceeded && isAfterOwner(refusal.refusal.scope);
}

/** Whose budget it is, as LiteLLM says it; empty for a key's. */
function whose(owner: Owner | null): string {
  const [first, second] = owner?.ids ?? [];
  switch (owner?.kind) {
    case 'user':
      return `User=${first}`;
    case 'end_user':
      return `End User=${first}`;
    case 'team':
      return `Team=${first}`;
    case 'team_member':
      return `User=${second} in Team=${first}`;
    case 'organization_member':
      return `User=${second} in Organization=${first}`;
    case 'organization':
      return `Organization=${first}`;
    case 'tag':
      return `Tag=${first}`;
    case 'global':
      return 'Proxy';
    default:
      return '';
  }
}

/** LiteLLM's words for a budget that is used up: scripts look for how they begin. */
function sentence(scope: string, cost: number, most: number): string {
  const { owner, part } = readScope(scope);
  const name = whose(owner);
  if (part?.kind === 'window') {
    return `ExceededBudget: ${name || 'Key'} over its ${part.name} budget. Spend=${cost}, Budget=${most}`;
  }
  const model = part === null ? '' : `Model=${part.name}`;
  if (owner?.kind === 'user' || owner?.kind === 'end_user') {
    const what = model === '' ? 'over budget' : `over budget of ${model}`;
    return `ExceededBudget: ${name} ${what}. Spend=${cost}, Budget=${most}`;
  }
  const words = ['Budget has been exceeded!', name, model].filter((word) => word !== '');
  return `${words.join(' ')} Current cost: ${cost}, Max budget: ${most}`;
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
