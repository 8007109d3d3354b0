/**
 * `make bench`: installs what is measured, then measures it in a sandbox without network. Results go to build/bench/.
 * BENCH_PEERS=ours,bare,... and BENCH_SECONDS=N make short runs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTools, Failure } from '../../packer/index.ts';
import { readOptions } from './options.ts';
import { allPeers } from './peers/all.ts';
import { runInSandbox } from './sandbox.ts';
import type { Plan } from './session.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const session = fileURLToPath(new URL('session.ts', import.meta.url));

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
  const installed = await install(options.peers);
  const output = join(root, 'build/bench');
  mkdirSync(output, { recursive: true });
  // Short, because a socket's path must be; not in memory, because rows must reach a disk.
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const plan: Plan = { ...options, installed, scratch, output };
    const inside = [process.execPath, session, JSON.stringify(plan)];
    return await runInSandbox(inside, { TMPDIR: scratch }, interrupted());
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
