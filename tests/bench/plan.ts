import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import type { BenchOptions } from './options.ts';
import type { Site } from './peers/peer.ts';

/** What run.ts hands over to a session. */
export interface Plan extends BenchOptions {
  readonly installed: string;
  readonly scratch: string;
  readonly output: string;
}

/** Free for certain: the sandbox's loopback has no other users. */
export const PROVIDER_PORT = 9000;

/** Where the number-th program of a session finds what it needs. */
export function siteOf(plan: Plan, name: string, number: number): Site {
  const scratch = join(plan.scratch, name);
  mkdirSync(scratch, { recursive: true });
  return {
    installed: join(plan.installed, name),
    scratch,
    log: join(scratch, 'output.log'),
    providerPort: PROVIDER_PORT,
    port: PROVIDER_PORT + 1 + number,
  };
}

/** Loopback is down in a new namespace; and shared memory of a killed database must not stay behind on the machine. */
export async function prepareSandbox(): Promise<void> {
  const run = $({ quiet: true });
  await run`ip link set lo up`;
  await run`mount -t tmpfs tmpfs /dev/shm`;
}

/** What it is measured on, for whoever reads the result. */
export function machine(): { processor: string; cores: number; node: string } {
  return { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs a session with the plan of its command line; its exit code tells whether all checks hold. */
export async function runSession(main: (plan: Plan) => Promise<boolean>): Promise<never> {
  try {
    const plan = JSON.parse(process.argv[2] ?? '') as Plan;
    await prepareSandbox();
    // Nothing started here outlives this process: it is the first of its process namespace.
    process.exit((await main(plan)) ? 0 : 1);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exit(2);
  }
}
