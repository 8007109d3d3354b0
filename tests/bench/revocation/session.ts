/**
 * Measures how soon a key that one gateway has blocked is refused by four, under load; run by run.ts in a sandbox whose only
 * network is loopback. Usage: session.ts PLAN
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../../harness/postgres.ts';
import { fixedRate } from '../load/fixed-rate.ts';
import { percentile } from '../load/percentile.ts';
import { requestBody } from '../load/request.ts';
import { chatDoor } from '../peers/bench-model.ts';
import { ask, generateKey, MASTER_KEY, startGateway, untilReady } from '../peers/our-gateway.ts';
import type { Door, Site } from '../peers/peer.ts';
import { machine, type Plan, runSession, say, siteOf } from '../plan.ts';
import type { Program } from '../program.ts';
import { startProvider } from '../provider/start.ts';

const GATEWAYS = 4;
const BLOCKED = 100;
/** Of all gateways together. */
const LOAD_PER_SECOND = 200;
const MOST_MS = 1000;
const GIVE_UP_MS = 10_000;

async function statusOf({ port, path, model, headers }: Door): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: requestBody(model, false),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Calls until the key is refused: ms since `from`. Infinity where it never is, or is answered otherwise. */
async function untilRefused(door: Door, from: number): Promise<number> {
  for (;;) {
    const status = await statusOf(door);
    const ms = performance.now() - from;
    if (status !== 200 || ms > GIVE_UP_MS) return status === 401 || status === 403 ? ms : Infinity;
  }
}

/** Makes a key that every gateway knows, has one of them block it, and waits until each refuses it: ms from the request to block. */
async function blockOnce(ports: readonly number[], blockedBy: number): Promise<number[]> {
  const key = await generateKey(blockedBy, { models: ['bench'] });
  const doors = ports.map((port) => chatDoor(port, key));
  const known = await Promise.all(doors.map(statusOf));
  if (known.some((status) => status !== 200)) throw new Error(`a new key was answered ${known.join(', ')}`);
  const from = performance.now();
  const [, ...delays] = await Promise.all([
    ask(blockedBy, '/key/block', MASTER_KEY, { key }),
    ...doors.map((door) => untilRefused(door, from)),
  ]);
  return delays;
}

async function startGateways(
  plan: Plan,
  databaseUrl: string,
): Promise<{ sites: Site[]; programs: Program[] }> {
  const sites = Array.from({ length: GATEWAYS }, (_, index) => ({
    ...siteOf(plan, `gateway-${index + 1}`, index + 1),
    installed: siteOf(plan, 'ours', 0).installed,
  }));
  const programs = sites.map((site) => startGateway(site, databaseUrl));
  await Promise.all(sites.map(({ port }, index) => untilReady(port, programs[index] as Program)));
  return { sites, programs };
}

async function main(plan: Plan): Promise<boolean> {
  await startProvider(plan);
  const directory = join(plan.scratch, 'database');
  const server = await startPostgres({ major: 17, durable: true, directory });
  const { runtimeUrl } = await server.createDatabase();
  const { sites, programs } = await startGateways(plan, runtimeUrl);
  const ports = sites.map(({ port }) => port);
  const loaded = await generateKey(ports[0] as number, { models: ['bench'] });
  say(`blocking ${BLOCKED} keys, ${GATEWAYS} gateways at ${LOAD_PER_SECOND} calls a second together`);
  let over = false;
  const load = ports.map(async (port) => {
    let failures = 0;
    while (!over) {
      const round = { perSecond: LOAD_PER_SECOND / GATEWAYS, seconds: 1 };
      failures += (await fixedRate(chatDoor(port, loaded), round)).failures.length;
    }
    return failures;
  });
  const delays: number[] = [];
  for (let count = 0; count < BLOCKED; count++)
    delays.push(...(await blockOnce(ports, ports[count % GATEWAYS] as number)));
  over = true;
  const failures = (await Promise.all(load)).reduce((all, some) => all + some, 0);
  await Promise.all(programs.map((program) => program.stop()));
  await server.stop();
  const [p50, p99, worst] = [50, 99, 100].map((share) => percentile(delays, share)) as [
    number,
    number,
    number,
  ];
  const result = {
    gateways: GATEWAYS,
    blocked: BLOCKED,
    loadPerSecond: LOAD_PER_SECOND,
    machine: machine(),
    ...{ p50, p99, worst, failures },
  };
  writeFileSync(join(plan.output, 'revocation.json'), `${JSON.stringify(result, null, 2)}\n`);
  const holds = p99 <= MOST_MS && failures === 0;
  const seen = `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, worst ${worst.toFixed(1)} ms, ${failures} calls of other keys failed`;
  say(
    `${holds ? 'ok  ' : 'FAIL'}  a blocked key is refused by every gateway within ${MOST_MS} ms (p99) of the request: ${seen}`,
  );
  say(`written: ${join(plan.output, 'revocation.json')}`);
  return holds;
}

await runSession(main);
