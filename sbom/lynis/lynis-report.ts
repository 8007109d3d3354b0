import { Failure } from '../../packer/index.ts';

/** What Lynis says of a machine. */
export interface LynisReport {
  readonly version: string;
  /** 0 to 100, by Lynis's own weights. */
  readonly hardeningIndex: number;
  readonly tests: number;
  readonly warnings: readonly LynisNote[];
  readonly suggestions: readonly LynisNote[];
  /** The report as Lynis wrote it. */
  readonly text: string;
}

export interface LynisNote {
  readonly test: string;
  readonly text: string;
}

/** Runs a shell command as root in the machine and gives what it wrote to stdout. */
export type RunInMachine = (command: string) => Promise<string>;

const REPORT = '/run/lynis-report.dat';

/**
 * Runs Lynis in a machine, from `directory` there (what ensureLynis made, bound or copied into it), and leaves nothing
 * behind. `tests` names the only tests to run; without it all run, about a minute natively.
 */
export async function lynisReport(
  run: RunInMachine,
  directory: string,
  tests: readonly string[] = [],
): Promise<LynisReport> {
  const flags = [
    '--quick --quiet --no-colors',
    `--plugindir ${directory}/plugins --profile ${directory}/default.prf`,
    `--logfile /dev/null --report-file ${REPORT}`,
    tests.length === 0 ? '' : `--tests "${tests.join(' ')}"`,
  ];
  const audit = `cd ${directory} && ./lynis audit system ${flags.join(' ')} > /dev/null 2>&1 < /dev/null`;
  return readLynisReport(await run(`(${audit}); cat ${REPORT}; rm -f ${REPORT}`));
}

/** Lynis's report file: `name=value` lines, those of a list as `name[]=test|text|...`. */
export function readLynisReport(text: string): LynisReport {
  const lines = text.split('\n').map((line) => /^([a-z_]+(?:\[\])?)=(.*)$/.exec(line));
  const all = (name: string) => lines.filter((line) => line?.[1] === name).map((line) => line?.[2] ?? '');
  const [version, index, tests] = ['lynis_version', 'hardening_index', 'lynis_tests_done'].map(
    (name) => all(name)[0],
  );
  if (version === undefined || index === undefined || all('finish')[0] !== 'true') {
    throw new Failure('Lynis did not come to its end', 'run it by hand in the machine, without --quiet');
  }
  return {
    version,
    hardeningIndex: Number(index),
    tests: Number(tests),
    warnings: all('warning[]').map(note),
    suggestions: all('suggestion[]').map(note),
    text,
  };
}

function note(line: string): LynisNote {
  const [test = '', text = ''] = line.split('|');
  return { test, text };
}
