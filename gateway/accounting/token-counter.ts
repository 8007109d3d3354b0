import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../observe/logger.ts';
import type { Timers } from './timers.ts';

const SECOND = 1000;
/** How long a call waits for its count. */
const PATIENCE_MS = 2 * SECOND;
/** And of a thread that has counted nothing yet: loading a tokenizer takes half a second, on a busy machine several. */
const FIRST_PATIENCE_MS = 10 * SECOND;
/** A thread that has not counted a text within this time hangs. */
const HUNG_MS = 30 * SECOND;
/** A thread that nobody has needed for so long ends, and gives its 75 MB back. */
const IDLE_MS = 60 * SECOND;
/** After a failure nobody asks for so long. */
const RECOVERY_MS = 30 * SECOND;
/** Longer prompts are not counted: this takes up to 0.8 s of CPU. */
const MOST_BYTES = 128 * 1024;
/** What waits together at most; more than that would not come in time. */
const MOST_WAITING_BYTES = 1024 * 1024;
const HEAP_MB = 256;

/** Texts for the thread, which answers with their tokens before it is asked again. */
export interface CountRequest {
  readonly model: string;
  readonly texts: readonly string[];
}

/** What is needed of a thread. */
export type TokenizerThread = Pick<Worker, 'postMessage' | 'on' | 'unref' | 'terminate'>;

export interface TokenCounterOptions {
  readonly timers: Timers;
  readonly logger: Pick<Logger, 'warn'>;
  readonly startThread?: () => TokenizerThread;
}

/** The thread's program lies beside this one: as a source, or bundled like it. It needs nothing of the environment. */
function startWorker(): Worker {
  const program = new URL(`./tokenizer-worker${extname(import.meta.url)}`, import.meta.url);
  return new Worker(program, { env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
}

/** Somebody who waits for a count. */
interface Wish {
  readonly request: CountRequest;
  /** Ends the waiting; nothing happens when it has ended already. */
  readonly tell: (tokens: number | undefined) => void;
}

/**
 * Counts tokens in a thread of its own, which is there while it is needed: a tokenizer blocks whoever loads it for half a
 * second. No thread -> counting -> idle -> no thread; or failed, which is no thread for a while. What cannot be counted, or
 * not in time, is told as undefined: there is a bound without it. The thread is handed one request at a time: what nobody
 * waits for any more is not counted.
 */
export class TokenCounter implements AsyncDisposable {
  readonly #options: TokenCounterOptions;
  #thread: TokenizerThread | undefined;
  /** In the order in which they came. */
  readonly #waiting = new Set<Wish>();
  #waitingBytes = 0;
  /** What the thread counts now, whether somebody still waits for that or not. */
  #counting: Wish | undefined;
  #usableFrom = Number.NEGATIVE_INFINITY;
  /** The thread has counted something: it is loaded. */
  #loaded = false;
  #failing = false;
  #closed = false;
  /** Of the thread: it hangs, or it idles. */
  #cancelTimer: () => void = () => undefined;

  constructor(options: TokenCounterOptions) {
    this.#options = options;
  }

  /**
   * The tokens of all these texts for a model, by its tokenizer or the nearest that there is; undefined also when that takes
   * longer than `hasteMs`, where the caller has less patience than this. Never rejects.
   */
  count(model: string, texts: readonly string[], hasteMs?: number): Promise<number | undefined> {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (bytes === 0) return Promise.resolve(0);
    const tooMuch = bytes > MOST_BYTES || this.#waitingBytes + bytes > MOST_WAITING_BYTES;
    const failed = this.#options.timers.now() < this.#usableFrom;
    if (tooMuch || failed || this.#closed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const wish = this.#join({ model, texts }, bytes, resolve);
    const patienceMs = hasteMs ?? (this.#loaded ? PATIENCE_MS : FIRST_PATIENCE_MS);
    const cancelPatience = this.#options.timers.after(patienceMs, () => {
      if (hasteMs === undefined) this.#tellFailure(new Error(`no count within ${patienceMs} ms`));
      wish.tell(undefined);
    });
    this.#next();
    return promise.finally(cancelPatience);
  }

  #join(request: CountRequest, bytes: number, told: Wish['tell']): Wish {
    const wish: Wish = {
      request,
      tell: (tokens) => {
        if (!this.#waiting.delete(wish)) return;
        this.#waitingBytes -= bytes;
        told(tokens);
      },
    };
    this.#waiting.add(wish);
    this.#waitingBytes += bytes;
    return wish;
  }

  /** Hands the thread what has waited for longest; without anything to do it rests. */
  #next(): void {
    if (this.#counting !== undefined) return;
    this.#cancelTimer();
    const { timers } = this.#options;
    const [wish] = this.#waiting;
    if (wish === undefined) {
      this.#cancelTimer = timers.after(IDLE_MS, () => this.#end());
      return;
    }
    this.#counting = wish;
    this.#cancelTimer = timers.after(HUNG_MS, () => this.#fail(new Error(`no count in ${HUNG_MS} ms`)));
    try {
      this.#thread ??= this.#start();
      this.#thread.postMessage(wish.request);
    } catch (error) {
      this.#fail(error);
    }
  }

  #start(): TokenizerThread {
    const thread = (this.#options.startThread ?? startWorker)();
    thread.unref();
    thread.on('message', (tokens: number) => {
      if (this.#thread !== thread) return;
      this.#failing = false;
      this.#loaded = true;
      this.#counting?.tell(tokens);
      this.#counting = undefined;
      this.#next();
    });
    const failed = (error: unknown): void => {
      if (this.#thread === thread) this.#fail(error);
    };
    thread.on('error', failed);
    thread.on('exit', (code) => failed(new Error(`the thread ended with ${code}`)));
    return thread;
  }

  /** Whoever waits goes on without a count. */
  #fail(error: unknown): void {
    this.#tellFailure(error);
    this.#usableFrom = this.#options.timers.now() + RECOVERY_MS;
    this.#counting = undefined;
    void this.#end();
    for (const { tell } of [...this.#waiting]) tell(undefined);
  }

  /** Told once, until counts come again. */
  #tellFailure(error: unknown): void {
    if (!this.#failing)
      this.#options.logger.warn(
        { err: error },
        'tokens cannot be counted: prompts are bounded by their bytes',
      );
    this.#failing = true;
  }

  async #end(): Promise<void> {
    this.#cancelTimer();
    const thread = this.#thread;
    this.#thread = undefined;
    this.#loaded = false;
    await thread?.terminate();
  }

  /** Who waits goes on without a count, and so does whoever comes. */
  close(): void {
    this.#closed = true;
    for (const { tell } of [...this.#waiting]) tell(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#end();
  }
}
