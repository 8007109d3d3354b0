import type { Finding } from '../peers/peer.ts';
import type { PeerResult } from './result.ts';

interface Limit {
  readonly peer: string;
  readonly against: 'bare' | 'portkey';
  readonly atLeast: number;
  readonly claim: string;
}

/** Requests a second at 50 connections, as multiples of what was measured beside them. */
const limits: readonly Limit[] = [
  { peer: 'ours', against: 'portkey', atLeast: 8, claim: 'ours answers at least 8 times as much as Portkey' },
  {
    peer: 'ours',
    against: 'bare',
    atLeast: 0.5,
    claim: 'ours answers at least half of what a bare forwarder does',
  },
  {
    peer: 'direct',
    against: 'bare',
    atLeast: 3,
    claim: 'provider and load generator are at least 3 times as fast as the fastest Node forwarder',
  },
];

function measured(peers: readonly PeerResult[], limit: Limit): boolean {
  const names = peers.map(({ name }) => name);
  return names.includes(limit.peer) && names.includes(limit.against);
}

function judge(peers: readonly PeerResult[], { peer, against, atLeast, claim }: Limit): Finding {
  const result = peers.find(({ name }) => name === peer);
  const ratio =
    (against === 'bare' ? result?.againstBare : result?.againstPortkey)?.requestsPerSecond ?? null;
  return {
    claim,
    holds: ratio !== null && ratio >= atLeast,
    seen: ratio === null ? 'one of the two could not be measured' : `${ratio.toFixed(2)} times`,
  };
}

/** Ours must not fail a single call; the peers' failures are only told. */
function noFaults(peers: readonly PeerResult[]): Finding[] {
  const ours = peers.find(({ name }) => name === 'ours');
  if (ours === undefined) return [];
  const faults = ours.rounds.flatMap((round) => round.faults);
  return [
    {
      claim: 'ours answers every call well',
      holds: faults.length === 0,
      seen: faults.length === 0 ? 'no call failed' : faults.join('; '),
    },
  ];
}

/** Judges the limits of which both sides were measured. */
export function judgeLimits(peers: readonly PeerResult[]): Finding[] {
  return [
    ...limits.filter((limit) => measured(peers, limit)).map((limit) => judge(peers, limit)),
    ...noFaults(peers),
  ];
}
