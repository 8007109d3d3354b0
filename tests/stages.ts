/** The stages of the test command: what each needs on the machine, and how it is run and counted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { ToolNeed } from '../packer/index.ts';
import { printed } from './docs/printed.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where each stage leaves its report. */
export const results = `${root}build/test`;

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Stage {
  readonly name: string;
  /** What has to be on the machine before the stage can run. */
  readonly needs: readonly ToolNeed[];
  /** Whether it works with Ansible and Packer, which no package brings. */
  readonly builds: boolean;
  /** Stages that must have passed before it can begin; they are run where it is. */
  readonly after: readonly string[];
  run(): Promise<Counts>;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const soak = process.env.SOAK === '1';

/**
 * Two rows that run side by side, since most stages leave a processor idle, and take about as long. In the second the
 * images of the image stage are made, as a person would make them; the others in the first, when it has come so far. What
 * comes after that waits for it in either row.
 */
export const rows = [
  [
    suite('unit', ['unit'], { builds: true }),
    suite('integration', ['firstboot', 'firewall', 'emulators', 'counters']),
    suite('browser', ['edge', 'browser']),
    suite('edge', ['edge']),
    bakeStage('bake-clouds', ['gcp', ...(soak ? ['aws', 'digitalocean'] : [])], ['bake']),
    suite('container', ['image', 'boot', 'audit'], { builds: true, after: ['bake', 'bake-clouds'] }),
  ],
  [
    bakeStage('bake', ['qemu', 'azure']),
    suite('image', ['image', 'boot', 'browser', 'audit', 'emulators'], { after: ['bake'] }),
    suite('driver', ['image', 'boot'], { builds: true }),
    suite('clouds', ['image', 'boot'], { after: ['bake', 'bake-clouds'] }),
  ],
];

function suite(
  name: string,
  needs: readonly ToolNeed[],
  { builds = false, after = [] }: Partial<Pick<Stage, 'builds' | 'after'>> = {},
): Stage {
  return { name, needs, builds, after, run: () => runVitest(name) };
}

/**
 * Makes the images of these targets, which are booted: the first that is made makes the bake from which all of them come. Of
 * AWS and DigitalOcean `make test` goes as far as the tree (tests/image/targets.test.ts). No vulnerability database is looked
 * for outside: the check is then recorded as not run. The audit is of a container; the image stage asks the booted machine
 * what a container cannot tell.
 */
function bakeStage(name: string, targets: readonly string[], after: readonly string[] = []): Stage {
  const env = { ...process.env, TRIVY_CACHE_DIR: `${results}/no-databases` };
  const run = async (): Promise<Counts> => {
    for (const target of targets) {
      // docs: docs/publisher/README.md make image BASE=debian-13
      const [make = '', ...words] = printed('README.md', 'make image BASE=debian-13').split(' ');
      const settings = ['AUDIT=container', `TARGET=${target}`];
      const exitCode = await ended(name, spawn(make, [...words, ...settings], spawnOptions(env)));
      if (exitCode !== 0) return { passed: 0, failed: 1, skipped: 0 };
    }
    return { passed: 0, failed: 0, skipped: 0 };
  };
  return { name, needs: ['image', 'audit'], builds: true, after, run };
}

async function runVitest(project: string): Promise<Counts> {
  const report = `${results}/${project}.json`;
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters];
  return readCounts(report, await ended(project, spawn(process.execPath, args, spawnOptions(process.env))));
}

function spawnOptions(env: NodeJS.ProcessEnv) {
  return { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] } satisfies Parameters<typeof spawn>[2];
}

/**
 * Passes on what the child prints, each line with its stage's name, since two stages may run at once; its exit code. What
 * is to end this program ends the child, which is waited for: it has things to put back.
 */
async function ended(name: string, child: ChildProcess): Promise<number | null> {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface(stream).on('line', (line) => process.stdout.write(`${name} | ${line}\n`));
  }
  const end = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', end).on('SIGTERM', end);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  process.off('SIGINT', end).off('SIGTERM', end);
  processorMinutes.set(name, (processorMinutes.get(name) ?? 0) + newlyEnded());
  return exitCode;
}

/** Clock ticks of Linux as programs see them, whatever the kernel's own are. */
const TICKS_PER_MINUTE = 100 * 60;
/** Of each stage that has ended: how long it kept a processor busy, which does not depend on what ran beside it. */
export const processorMinutes = new Map<string, number>();
let counted = 0;

/** Minutes of processor of the child that has just ended, and of those that it waited for. */
function newlyEnded(): number {
  // proc(5): after the name in brackets, the 14th and 15th field are what ended children took, in user and kernel mode.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const all = (Number(fields[13]) + Number(fields[14])) / TICKS_PER_MINUTE;
  const minutes = all - counted;
  counted = all;
  return minutes;
}

/** Of a stage that has ended: each test that failed, and each file that could not be run, with why, as far as it is worth repeating. */
export function readFailures(stage: string): string[] {
  const report = `${results}/${stage}.json`;
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return message === '' ? [] : [`${file}: ${opening(message)}`];
    return failed.map(({ fullName, failureMessages }) => {
      return `${file} > ${fullName}: ${opening(failureMessages.join('\n'))}`;
    });
  });
}

/** A status of the machine has some fifteen lines, and its problem may be the last. */
const REPEATED_LINES = 30;

const opening = (message: string): string =>
  stripVTControlCharacters(message).split('\n', REPEATED_LINES).join('\n    ');

/** What the reporter wrote; a runner that failed without a failed test, or ran nothing, counts as one failure. */
function readCounts(reportFile: string, exitCode: number | null): Counts {
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests;
  const broken = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: broken ? 1 : failed, skipped: report.numPendingTests + report.numTodoTests };
}
