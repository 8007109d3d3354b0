/**
 * The test command: runs the stages in order, prints the minutes of each, and ends with one line for the whole.
 * Usage: node tests/run.ts [STAGE...]; no stage means all of them. It stops after the first stage that fails.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { ensureTools, type ToolNeed } from '../packer/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = `${root}build/test`;

interface Stage {
  readonly name: string;
  /** What has to be on the machine before the stage can run. */
  readonly needs: readonly ToolNeed[];
}

const stages: readonly Stage[] = [
  { name: 'unit', needs: ['unit'] },
  { name: 'integration', needs: ['firstboot', 'firewall'] },
  { name: 'edge', needs: ['edge'] },
  { name: 'browser', needs: ['edge', 'browser'] },
  { name: 'image', needs: ['image', 'boot', 'browser'] },
];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What the reporter wrote; a runner that failed without a failed test, or ran nothing, counts as one failure. */
function readCounts(reportFile: string, exitCode: number | null): Counts {
  if (!existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests;
  const broken = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: broken ? 1 : failed, skipped: report.numPendingTests + report.numTodoTests };
}

async function runStage(stage: Stage): Promise<Counts> {
  await ensureTools(...stage.needs);
  const report = `${results}/${stage.name}.json`;
  rmSync(report, { force: true });
  const args = [
    'run',
    '--project',
    stage.name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const child = await $({
    cwd: root,
    stdio: 'inherit',
    nothrow: true,
  })`${process.execPath} node_modules/vitest/vitest.mjs ${args}`;
  return readCounts(report, child.exitCode);
}

function chosenStages(names: readonly string[]): readonly Stage[] {
  const unknown = names.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `Unknown stage '${unknown}'; choose from ${stages.map((stage) => stage.name).join(', ')}`,
    );
  }
  return names.length === 0 ? stages : stages.filter((stage) => names.includes(stage.name));
}

async function main(names: readonly string[]): Promise<number> {
  const chosen = chosenStages(names);
  mkdirSync(results, { recursive: true });
  let total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const minutes: string[] = [];
  for (const stage of chosen) {
    say(`\n== test stage: ${stage.name}`);
    const started = performance.now();
    const counts = await runStage(stage);
    minutes.push(`${stage.name} ${((performance.now() - started) / 60_000).toFixed(1)} min`);
    total = {
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
    };
    if (counts.failed > 0) {
      say(`\nThe stage '${stage.name}' failed; run it alone with: make test-${stage.name}`);
      break;
    }
  }
  say(`\n${minutes.join(', ')}`);
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
