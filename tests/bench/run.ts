/**
 * `make bench`: installs what is measured, then measures it in a sandbox without network. Results go to build/bench/.
 * BENCH_PARTS=calls, =revocation or =reports runs one part; BENCH_PEERS=ours,bare,..., BENCH_SECONDS=N, BENCH_ROUNDS=N
 * and BENCH_ROWS=N make short runs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTools, Failure } from '../../packer/index.ts';
import { type BenchOptions, type BenchPart, readOptions } from './options.ts';
import { allPeers } from './peers/all.ts';
import type { Plan } from './plan.ts';
import { runInSandbox } from './sandbox.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const programOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** What measures each part, in a sandbox of its own. */
const sessions: Readonly<Record<BenchPart, string>> = {
  calls: programOf('session.ts'),
  revocation: programOf('revocation/session.ts'),
  reports: programOf('reports/session.ts'),
};

/** Only calls are compared with what others do. */
const neededPeers = ({ parts, peers }: BenchOptions): readonly string[] => [
  ...(parts.includes('calls') ? peers : []),
  ...(parts.some((part) => part !== 'calls') ? ['ours'] : []),
];

async function install(names: readonly string[]): Promise<string> {
  const cache = join(root, '.cache/bench');
  for (const peer of allPeers.filter(({ name }) => names.includes(name))) {
    if (peer.install === undefined) continue;
    process.stdout.write(`preparing ${peer.title}\n`);
    mkdirSync(cache, { recursive: true });
    await peer.install(join(cache, peer.name)).catch((cause: Error) => {
      throw new Failure(
        `${peer.title} could not be installed: ${cause.message.trim().split('\n').at(-1)}`,
        `see that npm and pip reach their registries, or leave it out with BENCH_PEERS`,
        { cause },
      );
    });
  }
  return cache;
}

/** Aborts when a person or a supervisor wants this process to end. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () =>
      controller.abort(new Failure(`interrupted by ${signal}`, 'everything was stopped')),
    );
  }
  return controller.signal;
}

async function main(): Promise<number> {
  const options = readOptions(
    process.env,
    allPeers.map(({ name }) => name),
  );
  await ensureTools('bench');
  const installed = await install(neededPeers(options));
  const output = join(root, 'build/bench');
  mkdirSync(output, { recursive: true });
  const signal = interrupted();
  let worst = 0;
  for (const part of options.parts)
    worst = Math.max(worst, await measure(part, { ...options, installed, output }, signal));
  return worst;
}

/** Returns the session's exit code. */
async function measure(part: BenchPart, plan: Omit<Plan, 'scratch'>, signal: AbortSignal): Promise<number> {
  // Short, because a socket's path must be; not in memory, because rows must reach a disk.
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const inside = [process.execPath, sessions[part], JSON.stringify({ ...plan, scratch } satisfies Plan)];
    return await runInSandbox(inside, { TMPDIR: scratch }, signal);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const remedy = error instanceof Failure ? `\n${error.remedy}` : '';
  process.stderr.write(`bench: ${(error as Error).message}${remedy}\n`);
  process.exitCode = 2;
}
