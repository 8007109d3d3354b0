import { firstAnswer } from './first-answer.ts';
import { measureFixedRate, measureSaturated, measureStreams, megabytes, type Part } from './loads.ts';
import { Meter } from './measure/meter.ts';
import { eachMetric, type Sample, type Values } from './metrics.ts';
import type { CallCounts, Lane } from './peers/peer.ts';

export interface TurnOptions {
  readonly title: string;
  readonly lane: Lane;
  readonly seconds: number;
  readonly scratch: string;
}

export interface Turn {
  readonly sample: Sample;
  readonly calls: CallCounts;
}

/**
 * Measures one peer once: start, memory at rest, saturation, streams, fixed rate. The fixed rate comes last,
 * because a peer that cannot hold it is left with a backlog that would be charged to what follows.
 */
export async function takeTurn(options: TurnOptions): Promise<Turn> {
  const before = await options.lane.written?.();
  const turn = await measureRunning(options);
  // Whatever was still to be written has been when the peer has ended.
  const after = await options.lane.written?.();
  if (before === undefined || after === undefined) return turn;
  const walBytes = (after - before) / (turn.calls.whole + turn.calls.cut);
  return { ...turn, sample: { ...turn.sample, values: { ...turn.sample.values, walBytes } } };
}

async function measureRunning(options: TurnOptions): Promise<Turn> {
  const started = performance.now();
  const running = options.lane.start();
  try {
    await firstAnswer(options.title, running);
    const startSeconds = running.program === undefined ? null : (performance.now() - started) / 1000;
    const own = running.program === undefined ? [] : [running.program.pid];
    const bench = { ...options, running, meter: new Meter(own, options.lane.helpers) };
    await bench.meter.quiet();
    const idle: Part = {
      calls: {},
      faults: [],
      values: { startSeconds, idleMegabytes: megabytes(bench.meter.read()) },
    };
    const parts = [idle];
    for (const measure of [measureSaturated, measureStreams, measureFixedRate]) {
      parts.push(await measure(bench));
      await bench.meter.quiet();
    }
    return together(parts);
  } finally {
    await running.program?.stop();
  }
}

function together(parts: readonly Part[]): Turn {
  const sum = (count: keyof CallCounts, first: number): number =>
    parts.reduce((total, { calls }) => total + (calls[count] ?? 0), first);
  return {
    sample: {
      values: Object.assign(
        {},
        eachMetric(() => null),
        ...parts.map(({ values }) => values),
      ) as Values,
      faults: parts.flatMap(({ faults }) => faults),
    },
    // The first answer, which showed that the peer is up, was a whole call too.
    calls: { whole: sum('whole', 1), cut: sum('cut', 0), cutAtMost: sum('cutAtMost', 0) },
  };
}
