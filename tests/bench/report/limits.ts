import type { Metric } from '../metrics.ts';
import type { Finding } from '../peers/peer.ts';
import { figure } from './figure.ts';
import { compare, type comparisons, type PeerResult } from './result.ts';

interface Limit {
  readonly claim: string;
  readonly peer: string;
  readonly metric: Metric;
  /** Whom the peer is compared with, round by round; without it the median itself is judged. */
  readonly against?: { readonly peer: string; readonly how: keyof typeof comparisons };
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit: string;
}

const ratioTo = (peer: string) => ({ against: { peer, how: 'ratio' }, unit: 'times' }) as const;

/** What the gateway has to reach with every check on. Multiples and differences are those of each round, at the median. */
const limits: readonly Limit[] = [
  {
    claim: 'ours answers at least 0.9 times as much as crabllm, which keeps what it counts in memory alone',
    ...{ peer: 'ours', metric: 'requestsPerSecond', atLeast: 0.9, ...ratioTo('crabllm') },
  },
  {
    claim: 'ours answers at least 8 times as much as Portkey, which governs nothing',
    ...{ peer: 'ours', metric: 'requestsPerSecond', atLeast: 8, ...ratioTo('portkey') },
  },
  {
    claim: 'at 300 requests a second p99 is at most 0.3 ms above the bare forwarder',
    ...{ peer: 'ours', metric: 'fixedP99Ms', atMost: 0.3, unit: 'ms' },
    against: { peer: 'bare', how: 'difference' },
  },
  {
    claim: 'a call takes at most 150 µs of processor when saturated, apart from the database',
    ...{ peer: 'ours', metric: 'saturatedCpuMicros', atMost: 150, unit: 'µs' },
  },
  {
    claim: 'a streamed event takes at most 1.3 times the processor that it takes the bare forwarder',
    ...{ peer: 'ours', metric: 'eventCpuMicros', atMost: 1.3, ...ratioTo('bare') },
  },
  {
    claim: 'of 250 streams none waits more than 100 ms for its next event',
    ...{ peer: 'ours', metric: 'worstGapMs', atMost: 100, unit: 'ms' },
  },
  {
    claim: 'at rest it has at most 130 MB',
    ...{ peer: 'ours', metric: 'idleMegabytes', atMost: 130, unit: 'MB' },
  },
  {
    claim: 'with 250 streams it has at most 220 MB',
    ...{ peer: 'ours', metric: 'streamingMegabytes', atMost: 220, unit: 'MB' },
  },
  {
    claim: 'the first call with a key is answered at most 0.8 s after the start',
    ...{ peer: 'ours', metric: 'startSeconds', atMost: 0.8, unit: 's' },
  },
  {
    claim: 'a call writes at most 2.5 KB to the log of the database, between checkpoints',
    ...{ peer: 'ours', metric: 'walBytes', atMost: 2500, unit: 'bytes' },
  },
  {
    claim: 'provider and load generator are at least 3 times as fast as the fastest Node forwarder',
    ...{ peer: 'direct', metric: 'requestsPerSecond', atLeast: 3, ...ratioTo('bare') },
  },
];

function judge(peers: readonly PeerResult[], limit: Limit): Finding | undefined {
  const { claim, peer, metric, against, atLeast = -Infinity, atMost = Infinity, unit } = limit;
  const result = peers.find(({ name }) => name === peer);
  const other = peers.find(({ name }) => name === against?.peer);
  if (result === undefined || (against !== undefined && other === undefined)) return undefined;
  const value =
    against === undefined
      ? result.medians[metric]
      : compare(result.rounds, other?.rounds, metric, against.how);
  if (value === null) return { claim, holds: false, seen: 'it could not be measured' };
  return { claim, holds: value >= atLeast && value <= atMost, seen: `${signed(value)} ${unit}` };
}

/** A difference may be less than nothing. */
const signed = (value: number): string => (value < 0 ? `-${figure(-value)}` : figure(value));

/** Ours must not fail a single call; the peers' failures are only told. */
function noFaults(peers: readonly PeerResult[]): Finding[] {
  return peers
    .filter(({ name }) => ['ours', 'key', 'free'].includes(name))
    .map(({ title, rounds }) => {
      const faults = rounds.flatMap((round) => round.faults);
      return {
        claim: `${title}: every call is answered well`,
        holds: faults.length === 0,
        seen: faults.length === 0 ? 'no call failed' : faults.join('; '),
      };
    });
}

/** Judges the limits of which both sides were measured. */
export function judgeLimits(peers: readonly PeerResult[]): Finding[] {
  const judged = limits.map((limit) => judge(peers, limit)).filter((finding) => finding !== undefined);
  return [...judged, ...noFaults(peers)];
}
