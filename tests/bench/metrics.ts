/** What is measured of a peer in every round. */
export const metrics = {
  requestsPerSecond: { title: 'req/s, 50 connections', unit: '', better: 'more' },
  saturatedCpuMicros: { title: 'CPU a request', unit: 'µs', better: 'less' },
  saturatedHelperMicros: { title: 'database CPU a request', unit: 'µs', better: 'less' },
  walBytes: { title: 'log of the database a request', unit: 'bytes', better: 'less' },
  fixedP50Ms: { title: 'p50 at 300/s', unit: 'ms', better: 'less' },
  fixedP99Ms: { title: 'p99 at 300/s', unit: 'ms', better: 'less' },
  fixedCpuMicros: { title: 'CPU a request at 300/s', unit: 'µs', better: 'less' },
  firstEventP50Ms: { title: 'first event p50', unit: 'ms', better: 'less' },
  firstEventP99Ms: { title: 'first event p99', unit: 'ms', better: 'less' },
  worstGapMs: { title: 'worst gap', unit: 'ms', better: 'less' },
  eventCpuMicros: { title: 'CPU a streamed event', unit: 'µs', better: 'less' },
  idleMegabytes: { title: 'memory idle', unit: 'MB', better: 'less' },
  streamingMegabytes: { title: 'memory, 250 streams', unit: 'MB', better: 'less' },
  startSeconds: { title: 'start', unit: 's', better: 'less' },
} as const satisfies Record<string, { title: string; unit: string; better: 'more' | 'less' }>;

export type Metric = keyof typeof metrics;

/** Null where a peer has nothing to measure, or could not do what was to be measured. */
export type Values = Readonly<Record<Metric, number | null>>;

/** One peer's turn in one round. */
export interface Sample {
  readonly values: Values;
  /** What the peer failed to do, in a person's words. */
  readonly faults: readonly string[];
}

/** All names, in the order in which people read them. */
export const metricNames = Object.keys(metrics) as Metric[];

/** A value for each metric. */
export function eachMetric(value: (metric: Metric) => number | null): Values {
  return Object.fromEntries(metricNames.map((metric) => [metric, value(metric)])) as unknown as Values;
}
