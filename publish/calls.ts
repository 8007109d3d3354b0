import { Failure, type Log } from '../packer/index.ts';
import type { Clock } from './clock.ts';
import type { Piece } from './extents.ts';
import { type Dialect, failureOf, said, troubleOf } from './trouble.ts';

/** One call to a cloud. */
export interface Call<T> {
  /** As the cloud's reference names it, `ec2 RegisterImage`. */
  readonly name: string;
  /** What goes along; printed, so never a secret. */
  readonly input?: object;
  readonly make: () => Promise<T>;
  /** What stands for the answer where no call is made. */
  readonly dry: T;
}

/** Many calls of one kind, one for each piece of a file. */
export interface UploadCalls<P extends Piece> {
  readonly name: string;
  /** What a person should know of them besides how many they are. */
  readonly input?: object;
  readonly all: readonly P[];
  /** Those that are not there yet. */
  readonly missing: readonly P[];
  readonly atOnce: number;
  readonly make: (piece: P) => Promise<void>;
}

/** What calls are made with. */
export interface CallsOptions {
  readonly dialect: Dialect;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Print each call, make none. */
  readonly dry: boolean;
}

const ATTEMPTS = 7;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** A cloud that asks for more is left alone: a person should know. */
const LONGEST_ASKED_MS = 15 * 60_000;
const POLL_MS = 10_000;
const POLLS = 1080;
const MiB = 2 ** 20;

/**
 * The one way to a cloud: each call is printed where none is made, tried again where the cloud is busy or the connection
 * breaks, and ends in one line that says what to do where that does not help.
 */
export class Calls {
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get dry(): boolean {
    return this.#options.dry;
  }

  async call<T>(call: Call<T>): Promise<T> {
    if (this.dry) {
      this.#print(call.name, call.input);
      return call.dry;
    }
    return this.#patiently(call.name, call.make);
  }

  /**
   * Makes what there may be only one of. Before each attempt `look` sees whether it is there: it may be that only the answer
   * to an earlier attempt was lost.
   */
  async ensure<T>(look: () => Promise<T | undefined>, call: Call<T>): Promise<T> {
    const attempt = async (): Promise<T> => (await look()) ?? (await call.make());
    if (!this.dry) return this.#patiently(call.name, attempt);
    await look();
    return this.call(call);
  }

  /** Asks again until `isDone` says so; what cannot become done any more is `isDone`'s to throw. */
  async until<T>(call: Call<T>, isDone: (answer: T) => boolean): Promise<T> {
    if (this.dry) return this.call(call);
    const { clock, signal, log } = this.#options;
    for (let polls = 0; polls < POLLS; polls += 1) {
      const answer = await this.#patiently(call.name, call.make);
      if (isDone(answer)) return answer;
      if (polls === 0) log.note(`waiting: ${call.name}`);
      await clock.sleep(POLL_MS, signal);
    }
    throw new Failure(
      `${call.name}: not done after ${(POLLS * POLL_MS) / 3_600_000} hours`,
      "look at it in the cloud's console; the same command goes on waiting",
    );
  }

  /** Sends what is missing, several pieces at once, and says how far it is. */
  async upload<P extends Piece>({ name, input, all, missing, atOnce, make }: UploadCalls<P>): Promise<void> {
    const total = bytesOf(all);
    const progress = new Progress(this.#options.log, total, total - bytesOf(missing));
    if (this.dry) {
      this.#print(`${name}, ${missing.length} times, ${inMiB(bytesOf(missing))} MiB in all`, input);
      return;
    }
    progress.begin();
    const queue = missing[Symbol.iterator]();
    const stop = new AbortController();
    const worker = async (): Promise<void> => {
      for (const piece of queue) {
        if (stop.signal.aborted) return;
        await this.#patiently(name, () => make(piece), stop.signal);
        progress.add(piece.length);
      }
    };
    const workers = Array.from({ length: atOnce }, () =>
      worker().catch((error: unknown) => {
        stop.abort(error);
        throw error;
      }),
    );
    const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw stop.signal.reason;
  }

  async #patiently<T>(name: string, make: () => Promise<T>, stop?: AbortSignal): Promise<T> {
    const { dialect, clock, signal, log } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await make();
      } catch (error) {
        if (error instanceof Failure || signal.aborted) throw error;
        const fault = said(error, dialect);
        const trouble = troubleOf(fault, dialect, clock.nowMs());
        if (trouble.kind !== 'again') throw failureOf(name, fault, trouble.kind, dialect);
        const waitMs = trouble.waitMs ?? Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
        if (attempt === ATTEMPTS || waitMs > LONGEST_ASKED_MS)
          throw failureOf(name, fault, trouble.kind, dialect);
        if (stop?.aborted) throw stop.reason;
        log.note(`${name}: ${fault.status ?? 'the connection broke'}; again in ${waitMs / 1000} s`);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  #print(name: string, input: object = {}): void {
    const words = Object.keys(input).length === 0 ? '' : ` ${JSON.stringify(input)}`;
    this.#options.log.note(`would call ${name}${words}`);
  }
}

/** Says each tenth of the way once. */
class Progress {
  readonly #log: Log;
  readonly #total: number;
  #done: number;
  #said: number;

  constructor(log: Log, total: number, done: number) {
    this.#log = log;
    this.#total = total;
    this.#done = done;
    this.#said = this.#tenths();
  }

  begin(): void {
    if (this.#done > 0) this.#log.note(`${this.#words()} is there already`);
  }

  add(bytes: number): void {
    this.#done += bytes;
    if (this.#tenths() === this.#said) return;
    this.#said = this.#tenths();
    this.#log.note(this.#words());
  }

  #tenths(): number {
    return this.#total === 0 ? 10 : Math.floor((10 * this.#done) / this.#total);
  }

  #words(): string {
    const percent = this.#total === 0 ? 100 : Math.floor((100 * this.#done) / this.#total);
    return `${percent} %, ${inMiB(this.#done)} of ${inMiB(this.#total)} MiB`;
  }
}

const inMiB = (bytes: number): string => (bytes / MiB).toFixed(bytes < 10 * MiB ? 1 : 0);
const bytesOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
