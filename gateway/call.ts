import type { Pico } from './accounting/money.ts';
import type { Usage } from './accounting/usage.ts';
import type { Admission } from './admission/limits/admission.ts';
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
  /** What the call holds of the limits on it, until it is over. */
  readonly admission: Admission;
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
  /** The most tokens that the call can cost. */
  readonly bound: TokenBound;
  /** The provider's id of the answer. */
  responseId: string | null;
  usage: Usage | null;
  /** Whether the usage was estimated, since the provider told none. */
  estimated: boolean;
  spend: Pico;
  failure: CallFailure | null;
}

type CallStart = Pick<
  Call,
  | 'id'
  | 'rowId'
  | 'startedAt'
  | 'identity'
  | 'admission'
  | 'requesterIp'
  | 'modelGroup'
  | 'endUser'
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
    admission: start.admission,
    requesterIp: start.requesterIp,
    modelGroup: start.modelGroup,
    endUser: start.endUser,
    streamed: start.streamed,
    showUsage: start.showUsage,
    ignoredFields: start.ignoredFields,
    deployment: start.deployment,
    bound: start.bound,
    retries: 0,
    firstByteAt: 0,
    endedAt: 0,
    status: 0,
    responseId: null,
    usage: null,
    estimated: false,
    spend: 0n,
    failure: null,
  };
}
