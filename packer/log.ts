import { AsyncLocalStorage } from 'node:async_hooks';

/** One step that came to its end, for the manifest. */
export interface Timing {
  readonly step: string;
  readonly seconds: number;
}

export interface Log {
  /** Runs `action` as a step: prints its title, a line now and then while it lasts, and its seconds. Steps may be nested. */
  step<T>(title: string, action: () => Promise<T>): Promise<T>;
  /** Prints one line inside the running step. */
  note(text: string): void;
  /** The steps that were completed so far, outer ones named before inner ones: `bake > power off`. */
  timings(): Timing[];
}

interface Sink {
  write(text: string): unknown;
}

export interface LogOptions {
  readonly out?: Sink;
  readonly nowMs?: () => number;
  /** How long a step stays silent before it says that it is still running. */
  readonly heartbeatMs?: number;
}

const HEARTBEAT_MS = 30_000;

/** A log of nested steps with the time since its start at the beginning of each line; plain text. */
export function createLog(options: LogOptions = {}): Log {
  const { out = process.stdout, nowMs = () => performance.now(), heartbeatMs = HEARTBEAT_MS } = options;
  const startedMs = nowMs();
  const open = new AsyncLocalStorage<readonly string[]>();
  const done: Timing[] = [];
  /** Only the last of these speaks up: that an outer step lasts too goes without saying. */
  const running: (readonly string[])[] = [];

  function print(text: string, depth = open.getStore()?.length ?? 0): void {
    for (const line of text.split('\n')) {
      out.write(`${clock(nowMs() - startedMs)} ${'  '.repeat(depth)}${line}\n`);
    }
  }

  async function step<T>(title: string, action: () => Promise<T>): Promise<T> {
    print(title);
    const trail = [...(open.getStore() ?? []), title];
    const begunMs = nowMs();
    const elapsed = () => (nowMs() - begunMs) / 1000;
    running.push(trail);
    return open.run(trail, async () => {
      const heartbeat = setInterval(() => {
        if (running.at(-1) === trail) print(`... ${title}: ${elapsed().toFixed(0)} s so far`, trail.length);
      }, heartbeatMs);
      heartbeat.unref();
      try {
        const result = await action();
        done.push({ step: trail.join(' > '), seconds: Number(elapsed().toFixed(1)) });
        print(`${title}: ${elapsed().toFixed(1)} s`);
        return result;
      } catch (error) {
        throw failedAt(error, trail);
      } finally {
        clearInterval(heartbeat);
        running.splice(running.indexOf(trail), 1);
      }
    });
  }

  return { step, note: (text) => print(text), timings: () => [...done] };
}

const trails = new WeakMap<Error, readonly string[]>();

function failedAt(error: unknown, trail: readonly string[]): Error {
  const wrapped = error instanceof Error ? error : new Error(String(error));
  if (!trails.has(wrapped)) trails.set(wrapped, trail);
  return wrapped;
}

/** The innermost step in which `error` came up, `bake > playbook`; undefined when it was outside of any step. */
export function stepOf(error: Error): string | undefined {
  return trails.get(error)?.join(' > ');
}

function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const minutes = String(Math.floor(seconds / 60)).padStart(2, ' ');
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}
