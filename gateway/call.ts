import type { Charge } from './accounting/spend.ts';
import type { Usage } from './accounting/usage.ts';
import type { Reservation } from './admission/ledger/reservation.ts';
import type { Identity } from './identity/identity.ts';
import type { Deployment } from './routing/deployment.ts';

/** How a call failed, as the spend row and the log tell it. */
export interface CallFailure {
  readonly code: string;
  readonly class: string;
  readonly message: string;
}

/** One inference call on its way through the rooms: the only state that travels. Times are epoch milliseconds, money is USD. */
export interface Call {
  readonly id: string;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly requesterIp: string | null;
  /** The name that the client asked for, echoed in every answer. */
  readonly modelGroup: string;
  readonly endUser: string | null;
  readonly streamed: boolean;
  /** Whether the client wants to see the usage chunk of its stream. */
  readonly showUsage: boolean;
  /** Members of the body that the gateway left out, for `x-litellm-ignored-fields`. */
  readonly ignoredFields: readonly string[];
  /** The deployment that serves the call now. */
  deployment: Deployment;
  /** Deployments tried before this one. */
  retries: number;
  /** First byte of the answer's body; 0 until then. */
  firstByteAt: number;
  endedAt: number;
  /** Status that the client got. */
  status: number;
  /** The provider's id of the answer. */
  responseId: string | null;
  usage: Usage | null;
  spend: number;
  /** What is set aside for the call in its budgets; null when it has none. */
  reservation: Reservation | null;
  /** What its end has taken from them. */
  charges: readonly Charge[];
  /** The limit of an answer's length that the gateway has set, since the client named none; null when it has not. */
  maxTokensSet: number | null;
  failure: CallFailure | null;
}

type CallStart = Pick<
  Call,
  | 'id'
  | 'startedAt'
  | 'identity'
  | 'requesterIp'
  | 'modelGroup'
  | 'endUser'
  | 'streamed'
  | 'showUsage'
  | 'ignoredFields'
  | 'deployment'
>;

/** The one maker of calls, so that all of them have the same shape. */
export function newCall(start: CallStart): Call {
  return {
    id: start.id,
    startedAt: start.startedAt,
    identity: start.identity,
    requesterIp: start.requesterIp,
    modelGroup: start.modelGroup,
    endUser: start.endUser,
    streamed: start.streamed,
    showUsage: start.showUsage,
    ignoredFields: start.ignoredFields,
    deployment: start.deployment,
    retries: 0,
    firstByteAt: 0,
    endedAt: 0,
    status: 0,
    responseId: null,
    usage: null,
    spend: 0,
    reservation: null,
    charges: [],
    maxTokensSet: null,
    failure: null,
  };
}
