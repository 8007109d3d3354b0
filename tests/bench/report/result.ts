import { median } from '../load/percentile.ts';
import { eachMetric, type Metric, type Sample, type Values } from '../metrics.ts';
import type { Finding } from '../peers/peer.ts';

/** One peer over all rounds. */
export interface PeerResult {
  readonly name: string;
  readonly title: string;
  readonly rounds: readonly Sample[];
  readonly medians: Values;
  /** Medians of the ratios measured side by side in each round; null where there is nothing to compare. */
  readonly againstBare: Values;
  readonly againstPortkey: Values;
}

/** Everything a run has found. */
export interface BenchResult {
  readonly startedAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly secondsPerMeasurement: number;
  readonly rounds: number;
  readonly peers: readonly PeerResult[];
  readonly checks: readonly Finding[];
}

/** A peer's samples, one for each round. */
export interface Measured {
  readonly name: string;
  readonly title: string;
  readonly rounds: readonly Sample[];
}

function medianOrNull(samples: readonly (number | null)[]): number | null {
  const known = samples.filter((sample) => sample !== null);
  return known.length === 0 ? null : median(known);
}

/** How what was measured of one peer compares with what was of another beside it. */
export const comparisons = {
  ratio: (value: number, reference: number): number => value / reference,
  difference: (value: number, reference: number): number => value - reference,
} as const;

/** The median of what each round compares; null when no round has measured both. */
export function compare(
  own: readonly Sample[],
  other: readonly Sample[] | undefined,
  metric: Metric,
  how: keyof typeof comparisons,
): number | null {
  const each = own.map(({ values }, round) => {
    const [value, reference] = [values[metric], other?.[round]?.values[metric] ?? null];
    return value === null || reference === null ? null : comparisons[how](value, reference);
  });
  return medianOrNull(each);
}

/** Condenses the rounds into medians, and into ratios against what was measured beside them. */
export function condense(measured: readonly Measured[]): PeerResult[] {
  const roundsOf = (name: string) => measured.find((peer) => peer.name === name)?.rounds;
  const against = (own: Measured, name: string): Values =>
    eachMetric((metric) => compare(own.rounds, roundsOf(name), metric, 'ratio'));
  return measured.map((peer) => ({
    ...peer,
    medians: eachMetric((metric) => medianOrNull(peer.rounds.map(({ values }) => values[metric]))),
    againstBare: against(peer, 'bare'),
    againstPortkey: against(peer, 'portkey'),
  }));
}
