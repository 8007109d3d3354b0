import type { Call } from '../call.ts';
import type { Deployment } from '../routing/deployment.ts';
import { type Bound, boundOf, isFree, requirePrices } from './bound.ts';
import { BudgetExceeded } from './budget-exceeded.ts';
import { type CallSize, type Counter, countedSize } from './call-size.ts';
import type { Enforcement } from './ledger/allocate.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Reservation } from './ledger/reservation.ts';

export interface BudgetDeps {
  readonly ledger: Pick<Ledger, 'reserve'>;
  readonly enforcement: Enforcement;
  readonly counter: Counter;
}

/** A call that wants to be admitted to its budgets. */
export interface Candidate {
  readonly call: Call;
  readonly size: CallSize;
  /** The budgets that it comes out of, in the order in which they are looked at. */
  readonly scopes: readonly string[];
  /** What may serve it. */
  readonly deployments: readonly Deployment[];
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/**
 * Sets aside what a call may cost in all budgets of its caller, and notes that on the call; a promise when it must wait.
 * Where budgets are strict and nobody has limited the answer, the gateway does: to what the reservation pays for. Far from a
 * limit the prompt is bounded by its bytes; a call that would be refused or have to wait for that has its tokens counted.
 * Throws GatewayError unpriced_model; budget_exceeded and database_unavailable by the promise.
 */
export function reserveCall(candidate: Candidate, deps: BudgetDeps): Promise<void> | undefined {
  const { call, size, deployments } = candidate;
  if (isFree(deployments, call.startedAt)) return undefined;
  const strict = deps.enforcement === 'strict';
  if (strict) requirePrices(deployments);
  const bound = boundOf(size, deployments, call.startedAt);
  const reserved = reserve(candidate, bound, deps, !strict);
  if (!(reserved instanceof Promise)) {
    admit(candidate, reserved, bound, strict);
    return undefined;
  }
  return reserved.then(
    (reservation) => admit(candidate, reservation, bound, strict),
    (refusal) => {
      if (!strict || !(refusal instanceof BudgetExceeded)) throw refusal;
      return reserveCounted(candidate, refusal, deps);
    },
  );
}

function reserve(
  { scopes, signal }: Candidate,
  { amount, minimum }: Bound,
  { ledger, enforcement }: BudgetDeps,
  patient: boolean,
): Reservation | Promise<Reservation> {
  return ledger.reserve({ scopes, enforcement, bound: amount, minimum, signal, patient });
}

/** A second attempt, with a prompt whose tokens are counted: unless no count could help. */
async function reserveCounted(
  candidate: Candidate,
  refused: BudgetExceeded,
  deps: BudgetDeps,
): Promise<void> {
  const { call, size, deployments } = candidate;
  const { limit, spent } = refused.refusal;
  const least = boundOf({ ...size, inputTokens: () => 0 }, deployments, call.startedAt).minimum;
  if (limit - spent < least) throw refused;
  const models = deployments.map(({ upstreamModel }) => upstreamModel);
  const counted = await countedSize(size, models, deps.counter);
  const bound = boundOf(counted, deployments, call.startedAt);
  admit(candidate, await reserve(candidate, bound, deps, true), bound, true);
}

function admit(
  { call, size, signal }: Candidate,
  reservation: Reservation,
  bound: Bound,
  strict: boolean,
): void {
  // The call was over before its money came.
  if (signal.aborted) {
    reservation.release();
    return;
  }
  call.reservation = reservation;
  if (strict && size.maxTokens === null) call.maxTokensSet = bound.tokensWithin(reservation.amount);
}
