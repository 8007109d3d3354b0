import type { Timers } from '../../accounting/timers.ts';
import type { Logger } from '../logger.ts';
import type { Outbox, TakenAlert } from './outbox.ts';
import { POST_TIMEOUT_MS, type Poster, type Receipt } from './post.ts';
import { askedDelay, retryDelay } from './retry.ts';
import { signatureHeaders } from './signature.ts';

const SECOND = 1000;
const HOUR = 60 * 60 * SECOND;
const DAY = 24 * HOUR;

/** How often it is looked for alerts that are due. */
const LOOK_MS = 5 * SECOND;
/** Alerts that are sent at the same time. */
const AT_ONCE = 10;
/** Longer than an attempt takes and what became of it is written. */
const HELD_MS = POST_TIMEOUT_MS + 50 * SECOND;
/** An alert that nobody has taken by then tells nothing any more. */
const GIVEN_UP_AFTER_MS = 3 * DAY;
/** How long it can be seen what became of an alert. */
const KEPT_MS = 30 * DAY;
const FORGET_EVERY_MS = HOUR;

/** The receiver says that it wants none of these. */
const GONE = 410;

export interface AlertDeliveryOptions {
  readonly outbox: Outbox;
  readonly poster: Poster;
  /** Key of the signature. */
  readonly key: Buffer;
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** An attempt that did not succeed. */
interface Failure {
  readonly error: string;
  /** The receiver wants it never. */
  readonly final: boolean;
  /** Milliseconds that the receiver asks to be left alone. */
  readonly asked: number;
}

/**
 * Sends what is in the outbox to the operator's webhook, at least once, with the same id each time. What the receiver does not
 * take is sent again, less and less often, for three days.
 *
 * Idle: a timer runs. Looking: alerts are taken, sent and settled, none of which holds a transaction open. Closed: no timer, and
 * what is on its way is cut off; it stays taken for a minute, and is then sent again by whoever is there.
 */
export class AlertDelivery {
  readonly #options: AlertDeliveryOptions;
  #cancelTimer: () => void;
  #looking: Promise<void> = Promise.resolve();
  #closed = false;
  #forgotAt = 0;

  constructor(options: AlertDeliveryOptions) {
    this.#options = options;
    this.#cancelTimer = options.timers.after(0, () => this.#look());
  }

  #look(): void {
    this.#looking = this.#sendDue().then((full) => {
      if (this.#closed) return;
      this.#cancelTimer = this.#options.timers.after(full ? 0 : LOOK_MS, () => this.#look());
    });
  }

  /** Sends one lot of alerts; whether there may be more. A database that is away is asked again. */
  async #sendDue(): Promise<boolean> {
    const { outbox, timers, logger } = this.#options;
    const now = timers.now();
    try {
      if (now - this.#forgotAt >= FORGET_EVERY_MS) {
        this.#forgotAt = now;
        await outbox.forget(now - KEPT_MS);
      }
      const taken = await outbox.take({ now, heldUntil: now + HELD_MS, most: AT_ONCE });
      await Promise.all(taken.map((alert) => this.#send(alert)));
      return taken.length === AT_ONCE;
    } catch (error) {
      if (!this.#closed)
        logger.warn({ err: error }, 'alerts wait in the outbox: it cannot be read or written');
      return false;
    }
  }

  async #send(alert: TakenAlert): Promise<void> {
    const { outbox, timers, logger } = this.#options;
    const named = { alert: alert.id, event: alert.event, attempt: alert.attempts };
    const failure = await this.#attempt(alert);
    // What this process has cut off itself says nothing about the receiver.
    if (this.#closed && failure !== null) return;
    const now = timers.now();
    if (failure === null) {
      await outbox.settle(alert.id, { state: 'delivered', at: now });
      logger.info(named, 'an alert was delivered');
      return;
    }
    const { error, final } = failure;
    const wait = this.#waitAfter(alert, failure);
    if (final || now + wait - alert.createdAt > GIVEN_UP_AFTER_MS) {
      await outbox.settle(alert.id, { state: 'given_up', at: now, error });
      logger.error({ ...named, reason: error }, 'an alert was not delivered and is given up');
      return;
    }
    await outbox.settle(alert.id, { state: 'waiting', at: now + wait, error });
    logger.warn({ ...named, reason: error, retry_ms: wait }, 'an alert was not delivered; it is sent again');
  }

  #waitAfter({ attempts }: TakenAlert, { asked }: Failure): number {
    const { random = Math.random } = this.#options;
    return Math.max(asked, retryDelay(attempts, random()));
  }

  /** Null when the receiver has taken it. */
  async #attempt({ id, body, createdAt }: TakenAlert): Promise<Failure | null> {
    const { poster, key, timers } = this.#options;
    const now = timers.now();
    if (now - createdAt > GIVEN_UP_AFTER_MS) return { error: 'too old to be sent', final: true, asked: 0 };
    const headers = signatureHeaders(key, { id: `msg_${id}`, timestamp: Math.floor(now / SECOND), body });
    try {
      return refusalOf(await poster.post({ headers, body }), timers.now());
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      return { error: `no answer: ${code ?? name}`, final: false, asked: 0 };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    await this.#options.poster[Symbol.asyncDispose]();
    await this.#looking;
  }
}

function refusalOf({ status, retryAfter }: Receipt, now: number): Failure | null {
  if (status >= 200 && status < 300) return null;
  return { error: `answered ${status}`, final: status === GONE, asked: askedDelay(retryAfter, now) };
}
