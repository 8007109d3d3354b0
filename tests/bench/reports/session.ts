/** Measures lists and reports over many stored calls; run by run.ts in a sandbox whose only network is loopback. Usage: session.ts PLAN */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '../../harness/postgres.ts';
import { percentile } from '../load/percentile.ts';
import { ask, generateKey, MASTER_KEY, startGateway, untilReady } from '../peers/our-gateway.ts';
import { machine, type Plan, runSession, say, siteOf } from '../plan.ts';
import { columns } from '../report/table.ts';
import { type Asker, type Question, questions } from './questions.ts';
import { daysUntil, storeCalls } from './stored-calls.ts';

const ASKED = 40;
const MOST_MS = 500;

interface Measured {
  readonly title: string;
  readonly p50: number;
  readonly p95: number;
  readonly kilobytes: number;
}

/** The same numbers in every run. */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

async function measure(
  { title, asker, path }: Question,
  { port, keys, days }: { port: number; keys: Readonly<Record<Asker, string>>; days: readonly string[] },
): Promise<Measured> {
  const random = seeded();
  const times: number[] = [];
  let bytes = 0;
  for (let count = 0; count < ASKED; count++) {
    const from = performance.now();
    const text = await ask(port, path(days, random), keys[asker]).catch((error: Error) => {
      say(error.message);
      return null;
    });
    // What is refused for taking too long is never answered.
    times.push(text === null ? Number.POSITIVE_INFINITY : performance.now() - from);
    bytes = Math.max(bytes, text?.length ?? 0);
  }
  return { title, p50: percentile(times, 50), p95: percentile(times, 95), kilobytes: bytes / 1024 };
}

const rounded = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

async function main(plan: Plan): Promise<boolean> {
  const site = siteOf(plan, 'ours', 0);
  const server = await startPostgres({
    major: 17,
    durable: true,
    directory: join(site.scratch, 'database'),
    configuration: 'max_wal_size = 4GB',
  });
  const database = await server.createDatabase();
  const days = daysUntil(Date.now());
  await storeCalls(database, days, { rows: plan.rows, directory: site.scratch });
  const gateway = startGateway(site, database.runtimeUrl);
  await untilReady(site.port, gateway);
  const keys = { master: MASTER_KEY, user: await generateKey(site.port, { user_id: 'user-7' }) };
  const measured: Measured[] = [];
  for (const question of questions) {
    say(`asking ${question.title}`);
    measured.push(await measure(question, { port: site.port, keys, days }));
  }
  await gateway.stop();
  await server.stop();
  const lines = measured.map(({ title, p50, p95, kilobytes }) => [
    title,
    ...[p50, p95, kilobytes].map(rounded),
  ]);
  say(`\nlists and reports over ${plan.rows} calls of ${days.length} days, each asked ${ASKED} times, ms`);
  for (const line of columns([['', 'p50', 'p95', 'KB'], ...lines])) say(line);
  const slow = measured.filter(({ p95 }) => p95 > MOST_MS);
  const result = {
    rows: plan.rows,
    days: days.length,
    asked: ASKED,
    machine: machine(),
    measured,
  };
  writeFileSync(join(plan.output, 'reports.json'), `${JSON.stringify(result, null, 2)}\n`);
  const seen = slow.length === 0 ? 'all of them' : `not ${slow.map(({ title }) => title).join('; ')}`;
  say(`\n${slow.length === 0 ? 'ok  ' : 'FAIL'}  lists and reports answer in ${MOST_MS} ms (p95): ${seen}`);
  say(`written: ${join(plan.output, 'reports.json')}`);
  return slow.length === 0;
}

await runSession(main);
