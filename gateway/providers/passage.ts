import type { Timers } from '../accounting/timers.ts';
import type { TokenCounter } from '../accounting/token-counter.ts';
import type { Call } from '../call.ts';
import type { CallReply, WritableHeaders } from '../http/call-reply.ts';
import type { Logger } from '../observe/logger.ts';
import type { Deployment } from '../routing/deployment.ts';
import type { Dispatcher } from './http/provider-client.ts';
import type { Remainders } from './remainders.ts';

/** What a call needs from its surface. */
export interface Passage {
  readonly call: Call;
  readonly client: CallReply;
  /** The deployment to try when the call's could not be reached; null when there is none left that has room. */
  readonly next: () => Deployment | null | Promise<Deployment | null>;
  /** The request body for one of them. */
  readonly bodyFor: (deployment: Deployment) => Buffer;
  /** The messages, parsed; only for a call whose provider told no usage. */
  readonly messages: () => unknown;
  /** Sets our own headers of the answer, as the call stands. */
  readonly tellHeaders: (call: Call, into: WritableHeaders) => void;
  /** Puts on record what the call costs if nothing more is heard of it, having sent so many tokens at most. */
  readonly draft: (call: Call, sent: number) => void;
  /** Called exactly once, when the call is over in whatever way, before the last byte of its answer is sent. */
  readonly finished: (call: Call) => void;
}

export interface PassThroughDeps {
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  /** For answers whose provider told no usage. */
  readonly counter: Pick<TokenCounter, 'count'>;
  readonly remainders: Remainders;
  readonly timers: Timers;
  /** Most bytes of an answer that is not streamed; null for what is read of one anyway. */
  readonly maxAnswerBytes: number | null;
}
