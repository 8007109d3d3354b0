import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';
import { NotRun } from './not-run.ts';
import type { Trivy } from './trivy.ts';

/** What one run of Trivy looks at, and for what. */
export interface TrivyRun {
  /** Trivy's own words: the command, its flags and the target. */
  readonly args: readonly string[];
  /** Trivy's cache directory with the databases; only they are used of it. */
  readonly databases?: string;
  readonly timeoutMs: number;
}

/**
 * Runs Trivy to its JSON report. It runs in an empty directory with an environment of its own, so that no `trivy.yaml`,
 * `.trivyignore` or `TRIVY_*` variable of whoever builds takes findings away, and it never asks the network. Throws
 * NotRun when it ends otherwise than with a report.
 */
export async function runTrivy(trivy: Trivy, run: TrivyRun, signal?: AbortSignal): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'trivy-'));
  try {
    const cache = `${directory}/cache`;
    mkdirSync(cache);
    for (const name of ['db', 'java-db']) {
      const database = `${run.databases}/${name}`;
      if (run.databases !== undefined && existsSync(database)) symlinkSync(database, `${cache}/${name}`);
    }
    const report = `${directory}/report.json`;
    const flags = ['--format', 'json', '--output', report, '--cache-dir', cache, '--offline-scan', '--quiet'];
    const shell = $({
      quiet: true,
      nothrow: true,
      cwd: directory,
      env: scannerEnvironment(directory),
      timeout: run.timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    const [command, ...rest] = run.args;
    const ended = await shell`${trivy.path} ${command} ${flags} --timeout ${run.timeoutMs}ms ${rest}`;
    signal?.throwIfAborted();
    if (ended.exitCode !== 0) throw new NotRun(`Trivy ${endOf(ended)}`);
    return parseReport(existsSync(report) ? readFileSync(report, 'utf8') : '');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The environment of a scanner: nothing that steers it, and nothing that lets it speak to its makers. */
export function scannerEnvironment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: home,
    TRIVY_SKIP_VERSION_CHECK: 'true',
    TRIVY_DISABLE_TELEMETRY: 'true',
  };
}

/** How a program ended that should have ended well, with the last line that it said. */
export function endOf(ended: {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}): string {
  const said = `${ended.stdout}\n${ended.stderr}`.trim().split('\n').at(-1);
  const how =
    ended.exitCode === null
      ? `was ended by ${ended.signal ?? 'its time limit'}`
      : `ended with ${ended.exitCode}`;
  return said === '' ? how : `${how}: ${said}`;
}

function parseReport(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotRun(text.trim() === '' ? 'Trivy wrote an empty report' : "Trivy's report is not JSON");
  }
}
