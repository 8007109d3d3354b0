/**
 * The test command: runs the stages, prints the minutes of each, and ends with one line for the whole.
 * Usage: node tests/run.ts [STAGE...]; no stage means all of them. What fails ends its row, and what comes after it is not
 * begun.
 */
import { mkdirSync } from 'node:fs';
import { createLog, ensureAnsible, ensurePacker, ensureTools } from '../packer/index.ts';
import { readFeatures } from '../sbom/index.ts';
import { ensureEmulators } from './harness/emulators/ensure-emulators.ts';
import { judgePromises, readOutcomes } from './promises.ts';
import { type Counts, processorMinutes, readFailures, results, rows, type Stage } from './stages.ts';

const stages = rows.flat();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The stages of these names, and those that they come after. */
function chosenStages(names: readonly string[]): ReadonlySet<Stage> {
  const unknown = names.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `Unknown stage '${unknown}'; choose from ${stages.map((stage) => stage.name).join(', ')}`,
    );
  }
  if (names.length === 0) return new Set(stages);
  const chosen = stages.filter((stage) => names.includes(stage.name));
  const wanted = [...names, ...chosen.flatMap(({ after }) => after)];
  return new Set(stages.filter((stage) => wanted.includes(stage.name)));
}

/** Makes what is missing before any stage starts, so that two of them do not make it at once. */
async function prepare(chosen: ReadonlySet<Stage>): Promise<void> {
  await ensureTools(...[...chosen].flatMap(({ needs }) => needs));
  const emulators = [...chosen].some(({ needs }) => needs.includes('emulators'));
  const builds = [...chosen].some((stage) => stage.builds);
  const packer = { log: createLog(), signal: new AbortController().signal };
  await Promise.all([
    ...(emulators ? [ensureEmulators()] : []),
    ...(builds ? [ensureAnsible(), ensurePacker(packer)] : []),
  ]);
}

class Tally {
  readonly minutes: string[] = [];
  /** What failed, said once more at the end, where it is found below the output of several rows. */
  readonly failures: string[] = [];
  total: Counts = { passed: 0, failed: 0, skipped: 0 };
  /** Whether a stage has passed, once it is over; one that was never begun has not. */
  readonly #passed = new Map(stages.map(({ name }) => [name, Promise.withResolvers<boolean>()]));

  /** Runs one stage after the other, up to the first that fails or comes after one that did. */
  async run(row: readonly Stage[]): Promise<void> {
    try {
      for (const stage of row) if (!(await this.#run(stage))) return;
    } finally {
      for (const { name } of row) this.#passed.get(name)?.resolve(false);
    }
  }

  async #run(stage: Stage): Promise<boolean> {
    const before = await Promise.all(stage.after.map((name) => this.#passed.get(name)?.promise));
    if (!before.every(Boolean)) return false;
    say(`\n== test stage: ${stage.name}`);
    const started = performance.now();
    const counts = await stage.run();
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    const busy = processorMinutes.get(stage.name)?.toFixed(1);
    this.minutes.push(`${stage.name} ${minutes} min (processor ${busy})`);
    this.add(counts);
    const passed = counts.failed === 0;
    this.#passed.get(stage.name)?.resolve(passed);
    if (passed) return true;
    this.failures.push(...readFailures(stage.name));
    say(`\nThe stage '${stage.name}' failed; run it alone with: make test-${stage.name}`);
    return false;
  }

  add(counts: Counts): void {
    this.total = {
      passed: this.total.passed + counts.passed,
      failed: this.total.failed + counts.failed,
      skipped: this.total.skipped + counts.skipped,
    };
  }
}

/** After all stages: every promise of the listing has tests, and they have passed; one that has not counts as a failure. */
function checkPromises(tally: Tally): void {
  const features = readFeatures();
  const { tests, faults } = judgePromises(
    features,
    readOutcomes(
      results,
      stages.map(({ name }) => name),
    ),
  );
  for (const fault of faults) say(`\nThe listing: ${fault}`);
  say(
    `\n${features.length} promises of the listing, proven by ${tests} tests, ${faults.length} proofs missing`,
  );
  tally.add({ passed: 0, failed: faults.length, skipped: 0 });
}

const SHORT = 120;
const inShort = (failure: string): string => failure.split('\n', 1)[0]?.slice(0, SHORT) ?? '';

async function main(names: readonly string[]): Promise<number> {
  const chosen = chosenStages(names);
  mkdirSync(results, { recursive: true });
  const tally = new Tally();
  const started = performance.now();
  await prepare(chosen);
  await Promise.all(rows.map((row) => tally.run(row.filter((stage) => chosen.has(stage)))));
  if (tally.total.failed === 0 && chosen.size === stages.length) checkPromises(tally);
  for (const failure of tally.failures) say(`\nFailed: ${failure}`);
  // Where only the last lines are kept, all of them are still named.
  if (tally.failures.length > 1) say(`\nFailed, a line each:\n${tally.failures.map(inShort).join('\n')}`);
  const whole = ((performance.now() - started) / 60_000).toFixed(1);
  say(`\n${tally.minutes.join(', ')}; ${whole} min in all`);
  const { passed, failed, skipped } = tally.total;
  say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
