import { usdFromPico } from '../accounting/money.ts';
import { GatewayError } from '../http/errors.ts';
import type { Refusal } from './ledger/allocate.ts';

/** Kinds of budgets whose message begins as LiteLLM's does for them; all others begin as a key's. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['user', 'User'],
  ['end_user', 'End User'],
]);

/** The error of a call that does not fit into a budget. */
export class BudgetExceeded extends GatewayError {
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal) {
    super('budget_exceeded', message);
    this.refusal = refusal;
  }
}

/** The error of a call that does not fit into a budget, in LiteLLM's words, with what the call could have cost. */
export function budgetExceeded(refusal: Refusal): BudgetExceeded {
  const { scope, spent, limit, bound } = refusal;
  const [cost, most, call] = [spent, limit, bound].map(usdFromPico);
  const separator = scope.indexOf(':');
  const kind = NAMED.get(scope.slice(0, separator));
  const text =
    kind === undefined
      ? `Budget has been exceeded! Current cost: ${cost}, Max budget: ${most}`
      : `ExceededBudget: ${kind}=${scope.slice(separator + 1)} over budget. Spend=${cost}, Budget=${most}`;
  return new BudgetExceeded(`${text}. This call could cost up to ${call}`, refusal);
}

/** The error of a call whose budget was deleted after the call was authenticated. */
export function budgetGone(scope: string): GatewayError {
  return new GatewayError('budget_exceeded', `Budget has been exceeded! The budget ${scope} was deleted`);
}
