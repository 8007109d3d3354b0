import { metricNames, metrics } from '../metrics.ts';
import { figure } from './figure.ts';
import type { BenchResult, PeerResult } from './result.ts';

/** Lays cells out in columns: the first to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
}

const ratio = (value: number | null): string => (value === null ? '-' : `${figure(value)}x`);

function comparison(peers: readonly PeerResult[], against: 'againstBare' | 'againstPortkey'): string[][] {
  return metricNames.map((metric) => [
    metrics[metric].title,
    ...peers.map((peer) => ratio(peer[against][metric])),
  ]);
}

function block(
  heading: string,
  peers: readonly PeerResult[],
  rows: readonly (readonly string[])[],
): string[] {
  return ['', heading, ...columns([['', ...peers.map(({ name }) => name)], ...rows])];
}

/** The whole result as text: medians, ratios, what the peers failed to do, and the checks. */
export function renderTable({ peers, checks, rounds }: BenchResult): string {
  const values = metricNames.map((metric) => [
    `${metrics[metric].title}${metrics[metric].unit && `, ${metrics[metric].unit}`}`,
    ...peers.map(({ medians }) => figure(medians[metric])),
  ]);
  const compared = (name: string, against: 'againstBare' | 'againstPortkey'): string[] =>
    peers.some((peer) => peer.name === name)
      ? block(`ratios to ${name}`, peers, comparison(peers, against))
      : [];
  const faults = peers.flatMap(({ title, rounds: samples }) =>
    samples.flatMap((sample, round) =>
      sample.faults.map((fault) => `${title}, round ${round + 1}: ${fault}`),
    ),
  );
  return [
    ...block(`medians of ${rounds} rounds`, peers, values),
    ...compared('bare', 'againstBare'),
    ...compared('portkey', 'againstPortkey'),
    ...(faults.length === 0 ? [] : ['', 'what peers failed to do', ...faults]),
    '',
    ...checks.map(({ claim, holds, seen }) => `${holds ? 'ok  ' : 'FAIL'}  ${claim}: ${seen}`),
    '',
  ].join('\n');
}
