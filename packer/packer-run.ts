import { createWriteStream, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Work } from './command.ts';
import { Failure } from './failure.ts';
import type { Packer } from './packer.ts';
import { shellFor } from './shell.ts';

/** The builds of the template. */
export type Stage = 'bake' | 'target' | 'generalise';

/** What Packer is asked to do. */
export interface PackerBuild {
  readonly stage: Stage;
  readonly source: 'null.container' | 'qemu.vm';
  /** Values of the template's variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** Directory for the variables and for what Packer says. */
  readonly work: string;
  /** Leave the machine as it is when a step fails. */
  readonly keep: boolean;
}

const PLAY_LINE = /(?:TASK|RUNNING HANDLER) \[([^\]]+)\]/;
const LAST_LINES = 25;

/** The file with everything that Packer said in a build. */
export function transcriptOf({ work, stage }: Pick<PackerBuild, 'work' | 'stage'>): string {
  return `${work}/${stage}.packer.log`;
}

/** Runs one build; says which role it is in. Throws Failure with the last lines that Packer said. */
export async function runPacker(packer: Packer, build: PackerBuild, { log, signal }: Work): Promise<void> {
  const variables = `${build.work}/${build.stage}.pkrvars.json`;
  const transcript = transcriptOf(build);
  writeFileSync(variables, JSON.stringify(build.variables, null, 2));
  const options = ['-color=false', `-only=${build.stage}.${build.source}`, `-var-file=${variables}`];
  if (build.keep) options.push('-on-error=abort');

  const shell = shellFor(signal, { env: { ...process.env, ...packer.environment } });
  const running = shell({ nothrow: true })`${packer.path} build ${options} ${packer.template}`;
  const file = createWriteStream(transcript);
  const lines: string[] = [];
  let role = '';
  for await (const line of running) {
    file.write(`${line}\n`);
    lines.push(line);
    const task = PLAY_LINE.exec(line)?.[1];
    const now = task?.split(' : ')[0] ?? role;
    if (now !== role && task?.includes(' : ') === true) log.note(`role ${now}`);
    role = now;
  }
  file.end();
  await finished(file);
  signal.throwIfAborted();
  if ((await running).exitCode !== 0) throw buildFailure(lines, transcript);
}

function buildFailure(lines: readonly string[], transcript: string): Failure {
  const telling = lines.filter((line) => line.trim() !== '' && !/==> Some builds|Builds finished/.test(line));
  const failed = telling.findIndex((line) => /fatal:|FAILED!|failed:|second run/.test(line));
  const from = failed === -1 ? Math.max(0, telling.length - LAST_LINES) : failed;
  return new Failure(
    ['the build in the machine failed:', ...telling.slice(from, from + LAST_LINES)].join('\n'),
    `read ${transcript}; KEEP=1 leaves the machine so that you can look into it`,
  );
}
