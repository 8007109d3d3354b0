import { fixedRate } from './load/fixed-rate.ts';
import { percentile } from './load/percentile.ts';
import { streams } from './load/streams.ts';
import { CONNECTIONS, saturate } from './load/wrk.ts';
import type { Meter, Reading } from './measure/meter.ts';
import type { Values } from './metrics.ts';
import type { CallCounts, Running } from './peers/peer.ts';

const MEGABYTE = 1e6;
const STREAMS_AT_ONCE = 250;
const PER_SECOND = 300;
/** The same for every peer: until then a good part of what V8 does is to compile what a call runs. */
const WARM_UP_SECONDS = 6;
/** A peer that leaves more than this share of its calls unanswered cannot do what was asked of it. */
const TOLERATED_SHARE = 0.01;

/** What one kind of load found. */
export interface Part {
  readonly values: Partial<Values>;
  readonly faults: readonly string[];
  readonly calls: Partial<CallCounts>;
}

/** What a load works on. */
export interface Bench {
  readonly seconds: number;
  readonly scratch: string;
  readonly running: Running;
  readonly meter: Meter;
}

const microsEach = (from: number, to: number, count: number): number | null =>
  to > from && count > 0 ? ((to - from) * 1000) / count : null;

const ownMicros = (before: Reading, after: Reading, count: number): number | null =>
  microsEach(before.own.cpuMs, after.own.cpuMs, count);

const helperMicros = (before: Reading, after: Reading, count: number): number | null =>
  microsEach(before.helpers.cpuMs, after.helpers.cpuMs, count);

/** Memory of the peer's own processes. */
export const megabytes = ({ own }: Reading): number | null =>
  own.residentBytes === 0 ? null : own.residentBytes / MEGABYTE;

function faultOf(what: string, failed: number, all: number, example = ''): string[] {
  return failed === 0 ? [] : [`${what}: ${failed} of ${all} failed${example && ` (${example})`}`];
}

/** Warm-up, then as many plain calls as the peer answers. */
export async function measureSaturated({ running, meter, seconds, scratch }: Bench): Promise<Part> {
  const warm = await saturate(running.cutDoor, WARM_UP_SECONDS, scratch);
  const before = meter.read();
  const { requests, seconds: took, failures } = await saturate(running.cutDoor, seconds, scratch);
  const after = meter.read();
  const good = failures <= requests * TOLERATED_SHARE;
  return {
    values: {
      requestsPerSecond: good ? requests / took : null,
      saturatedCpuMicros: good ? ownMicros(before, after, requests) : null,
      saturatedHelperMicros: good ? helperMicros(before, after, requests) : null,
    },
    faults: faultOf(`${CONNECTIONS} connections`, failures + warm.failures, requests + warm.requests),
    calls: { cut: requests + warm.requests, cutAtMost: 2 * CONNECTIONS },
  };
}

/** Many paced streams at once. */
export async function measureStreams({ running, meter, seconds }: Bench): Promise<Part> {
  const seen = await streams(running.door, {
    atOnce: STREAMS_AT_ONCE,
    seconds,
    sample: () => meter.read(),
  });
  return {
    values: {
      firstEventP50Ms: percentile(seen.firstEventMs, 50),
      firstEventP99Ms: percentile(seen.firstEventMs, 99),
      worstGapMs: seen.worstGapMs,
      eventCpuMicros: ownMicros(seen.before, seen.after, seen.events),
      streamingMegabytes: megabytes(seen.after),
    },
    faults: faultOf(`${STREAMS_AT_ONCE} streams`, seen.started - seen.whole, seen.started, seen.failures[0]),
    calls: { whole: seen.whole },
  };
}

/** Plain calls at a rate that a gateway should hold with ease. */
export async function measureFixedRate({ running, meter, seconds }: Bench): Promise<Part> {
  const before = meter.read();
  const { latenciesMs, due, failures } = await fixedRate(running.door, { perSecond: PER_SECOND, seconds });
  const after = meter.read();
  const answered = latenciesMs.length;
  const held = due - answered <= due * TOLERATED_SHARE;
  return {
    values: {
      fixedP50Ms: held ? percentile(latenciesMs, 50) : null,
      fixedP99Ms: held ? percentile(latenciesMs, 99) : null,
      fixedCpuMicros: held ? ownMicros(before, after, answered) : null,
    },
    faults: faultOf(`${PER_SECOND} requests a second`, due - answered, due, failures[0] ?? 'unanswered'),
    calls: { whole: answered },
  };
}
