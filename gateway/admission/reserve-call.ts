import type { Call } from '../call.ts';
import type { Deployment } from '../routing/deployment.ts';
import { type Bound, boundOf, isFree, requirePrices } from './bound.ts';
import type { CallSize } from './call-size.ts';
import type { Enforcement } from './ledger/allocate.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Reservation } from './ledger/reservation.ts';

export interface BudgetDeps {
  readonly ledger: Pick<Ledger, 'reserve'>;
  readonly enforcement: Enforcement;
}

/** A call that wants to be admitted to its budgets. */
export interface Candidate {
  readonly call: Call;
  readonly size: CallSize;
  /** What may serve it. */
  readonly deployments: readonly Deployment[];
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/**
 * Sets aside what a call may cost in all budgets of its caller, and notes that on the call; a promise when it must wait.
 * Where budgets are strict and nobody has limited the answer, the gateway does: to what the reservation pays for.
 * Throws GatewayError unpriced_model; budget_exceeded and database_unavailable by the promise.
 */
export function reserveCall(
  candidate: Candidate,
  { ledger, enforcement }: BudgetDeps,
): Promise<void> | undefined {
  const { call, size, deployments, signal } = candidate;
  if (isFree(deployments, call.startedAt)) return undefined;
  const strict = enforcement === 'strict';
  if (strict) requirePrices(deployments);
  const bound = boundOf(size, deployments, call.startedAt);
  const reserved = ledger.reserve({
    scopes: call.identity.budgets,
    enforcement,
    bound: bound.amount,
    minimum: bound.minimum,
    signal,
  });
  const limits = strict && size.maxTokens === null ? bound : null;
  if (!(reserved instanceof Promise)) {
    admit(candidate, reserved, limits);
    return undefined;
  }
  return reserved.then((reservation) => admit(candidate, reservation, limits));
}

function admit({ call, signal }: Candidate, reservation: Reservation, limits: Bound | null): void {
  // The call was over before its money came.
  if (signal.aborted) {
    reservation.release();
    return;
  }
  call.reservation = reservation;
  if (limits !== null) call.maxTokensSet = limits.tokensWithin(reservation.amount);
}
