/** The measuring half of the bench, run by run.ts in a sandbox whose only network is loopback. Usage: session.ts PLAN */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allPeers } from './peers/all.ts';
import type { CallCounts, Finding, Lane, Peer } from './peers/peer.ts';
import { machine, type Plan, runSession, say, siteOf } from './plan.ts';
import { startProvider } from './provider/start.ts';
import { judgeLimits } from './report/limits.ts';
import { type BenchResult, condense, type Measured } from './report/result.ts';
import { renderSvg } from './report/svg.ts';
import { renderTable } from './report/table.ts';
import { type Turn, takeTurn } from './turn.ts';

interface Entrant {
  readonly peer: Peer;
  readonly lane: Lane;
  readonly turns: Turn[];
}

async function openLanes(plan: Plan): Promise<Entrant[]> {
  const entrants: Entrant[] = [];
  for (const [number, peer] of allPeers.entries()) {
    if (!plan.peers.includes(peer.name)) continue;
    entrants.push({ peer, lane: await peer.open(siteOf(plan, peer.name, number)), turns: [] });
  }
  return entrants;
}

async function runRounds(plan: Plan, entrants: readonly Entrant[]): Promise<void> {
  const started = performance.now();
  for (let round = 1; round <= plan.rounds; round++) {
    for (const { peer, lane, turns } of entrants) {
      const seconds = Math.round((performance.now() - started) / 1000);
      say(`${String(seconds).padStart(4)} s  round ${round} of ${plan.rounds}: ${peer.title}`);
      turns.push(await takeTurn({ title: peer.title, lane, seconds: plan.seconds, scratch: plan.scratch }));
    }
  }
}

function callsOf(turns: readonly Turn[]): CallCounts {
  const sum = (count: keyof CallCounts): number =>
    turns.reduce((total, { calls }) => total + calls[count], 0);
  return { whole: sum('whole'), cut: sum('cut'), cutAtMost: sum('cutAtMost') };
}

function measuredOf({ peer, turns }: Entrant): Measured {
  return { name: peer.name, title: peer.title, rounds: turns.map(({ sample }) => sample) };
}

async function main(plan: Plan): Promise<boolean> {
  const startedAt = new Date().toISOString();
  await startProvider(plan);
  const entrants = await openLanes(plan);
  await runRounds(plan, entrants);
  const findings: Finding[] = [];
  for (const { lane, turns } of entrants) findings.push(...(await lane.finish(callsOf(turns))));
  const peers = condense(entrants.map(measuredOf));
  const result: BenchResult = {
    startedAt,
    machine: machine(),
    secondsPerMeasurement: plan.seconds,
    rounds: plan.rounds,
    peers,
    checks: [...judgeLimits(peers), ...findings],
  };
  writeFileSync(join(plan.output, 'bench.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(plan.output, 'bench.svg'), renderSvg(result));
  say(renderTable(result));
  say(`written: ${join(plan.output, 'bench.json')}, bench.svg`);
  return result.checks.every(({ holds }) => holds);
}

await runSession(main);
