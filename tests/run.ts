/**
 * The test command: runs the stages, prints the minutes of each, and ends with one line for the whole.
 * Usage: node tests/run.ts [STAGE...]; no stage means all of them. Two rows of stages run side by side, since
 * most of them leave a processor idle; the machines of the image then have both. What fails ends its row.
 */
import { mkdirSync } from 'node:fs';
import { createLog, ensureAnsible, ensurePacker, ensureTools } from '../packer/index.ts';
import { ensureEmulators } from './harness/emulators/ensure-emulators.ts';
import { type Counts, imageStage, results, rows, type Stage } from './stages.ts';

const stages = [...rows.flat(), imageStage];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The stages of these names, and the bake where its image is wanted. */
function chosenStages(names: readonly string[]): ReadonlySet<Stage> {
  const unknown = names.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `Unknown stage '${unknown}'; choose from ${stages.map((stage) => stage.name).join(', ')}`,
    );
  }
  const wanted = names.includes(imageStage.name) ? [...names, 'bake'] : names;
  return new Set(names.length === 0 ? stages : stages.filter((stage) => wanted.includes(stage.name)));
}

/** Makes what is missing before any stage starts, so that two of them do not make it at once. */
async function prepare(chosen: ReadonlySet<Stage>): Promise<void> {
  await ensureTools(...[...chosen].flatMap(({ needs }) => needs));
  if ([...chosen].some(({ needs }) => needs.includes('emulators'))) await ensureEmulators();
  if (![...chosen].some(({ builds }) => builds)) return;
  await ensureAnsible();
  await ensurePacker({ log: createLog(), signal: new AbortController().signal });
}

class Tally {
  readonly minutes: string[] = [];
  total: Counts = { passed: 0, failed: 0, skipped: 0 };

  /** Runs one stage after the other, up to the first that fails. */
  async run(row: readonly Stage[]): Promise<void> {
    for (const stage of row) {
      say(`\n== test stage: ${stage.name}`);
      const started = performance.now();
      const counts = await stage.run();
      this.minutes.push(`${stage.name} ${((performance.now() - started) / 60_000).toFixed(1)} min`);
      this.total = {
        passed: this.total.passed + counts.passed,
        failed: this.total.failed + counts.failed,
        skipped: this.total.skipped + counts.skipped,
      };
      if (counts.failed === 0) continue;
      say(`\nThe stage '${stage.name}' failed; run it alone with: make test-${stage.name}`);
      return;
    }
  }
}

async function main(names: readonly string[]): Promise<number> {
  const chosen = chosenStages(names);
  mkdirSync(results, { recursive: true });
  const tally = new Tally();
  const started = performance.now();
  await prepare(chosen);
  await Promise.all(rows.map((row) => tally.run(row.filter((stage) => chosen.has(stage)))));
  if (tally.total.failed === 0 && chosen.has(imageStage)) await tally.run([imageStage]);
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
