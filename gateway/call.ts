import type { Keeping } from './accounting/content/content.ts';
import type { Pico } from './accounting/money.ts';
import type { Charge } from './accounting/spend.ts';
import type { Usage } from './accounting/usage.ts';
import type { Reservation } from './admission/ledger/reservation.ts';
import type { Admission } from './admission/limits/admission.ts';
import type { Route } from './admission/limits/route.ts';
import type { Caller } from './caller.ts';
import type { Identity } from './identity/identity.ts';
import type { Deployment } from './routing/deployment.ts';

/** Tokens of a call, counted or at most. */
export interface TokenBound {
  readonly prompt: number;
  readonly completion: number;
}

/** How a call failed, as the spend row and the log tell it. */
export interface CallFailure {
  readonly code: string;
  readonly class: string;
  readonly message: string;
}

/** One inference call on its way through the rooms: the only state that travels. Times are epoch milliseconds. */
export interface Call {
  readonly id: string;
  /** UUID of the call's spend row, which only the gateway knows. */
  readonly rowId: string;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly requesterIp: string | null;
  readonly caller: Caller;
  /** The name that the client asked for, echoed in every answer. */
  readonly modelGroup: string;
  /** All that the model is called, each once: a budget of its own that stands under one of these counts the call. */
  readonly modelNames: readonly string[];
  readonly endUser: string | null;
  /** Whether the call leaves a spend row. */
  readonly logged: boolean;
  /** What of its words may outlive it. */
  readonly keeping: Keeping;
  /** The request's body where it is to be kept. */
  readonly asked: Buffer | null;
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
  /** The most tokens that the call can cost. */
  readonly bound: TokenBound;
  /** What is kept of the answer, as JSON; null until it is whole. */
  answered: string | null;
  /** The provider's id of the answer. */
  responseId: string | null;
  usage: Usage | null;
  /** Whether the usage was estimated, since the provider told none. */
  estimated: boolean;
  spend: Pico;
  /** What the call holds of the limits on it, until it is over; null before it is admitted. */
  admission: Admission | null;
  /** Its way through the deployments; null before it is admitted. */
  route: Route | null;
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
  | 'rowId'
  | 'startedAt'
  | 'identity'
  | 'requesterIp'
  | 'caller'
  | 'modelGroup'
  | 'modelNames'
  | 'endUser'
  | 'logged'
  | 'keeping'
  | 'asked'
  | 'streamed'
  | 'showUsage'
  | 'ignoredFields'
  | 'deployment'
  | 'bound'
>;

/** The one maker of calls, so that all of them have the same shape. */
export function newCall(start: CallStart): Call {
  return {
    id: start.id,
    rowId: start.rowId,
    startedAt: start.startedAt,
    identity: start.identity,
    requesterIp: start.requesterIp,
    caller: start.caller,
    modelGroup: start.modelGroup,
    modelNames: start.modelNames,
    endUser: start.endUser,
    logged: start.logged,
    keeping: start.keeping,
    asked: start.asked,
    streamed: start.streamed,
    showUsage: start.showUsage,
    ignoredFields: start.ignoredFields,
    deployment: start.deployment,
    bound: start.bound,
    retries: 0,
    firstByteAt: 0,
    endedAt: 0,
    status: 0,
    answered: null,
    responseId: null,
    usage: null,
    estimated: false,
    spend: 0n,
    admission: null,
    route: null,
    reservation: null,
    charges: [],
    maxTokensSet: null,
    failure: null,
  };
}
