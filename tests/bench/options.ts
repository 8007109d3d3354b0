const DEFAULT_SECONDS = 5;
const MAX_SECONDS = 60;
const ROUNDS = 3;

export interface BenchOptions {
  /** In the order in which they take their turns. */
  readonly peers: readonly string[];
  /** Length of each measurement. */
  readonly seconds: number;
  readonly rounds: number;
}

function readPeers(text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined || text === '') return known;
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`BENCH_PEERS names '${unknown}'; choose from ${known.join(', ')}`);
  }
  return known.filter((name) => wanted.includes(name));
}

function readSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_SECONDS;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS) {
    throw new Error(`BENCH_SECONDS is '${text}'; give whole seconds from 1 to ${MAX_SECONDS}`);
  }
  return seconds;
}

/** Reads what a person may set; throws with the name of the variable and what would be right. */
export function readOptions(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): BenchOptions {
  return {
    peers: readPeers(env.BENCH_PEERS, known),
    seconds: readSeconds(env.BENCH_SECONDS),
    rounds: ROUNDS,
  };
}
