const DEFAULT_SECONDS = 5;
const MAX_SECONDS = 60;
const DEFAULT_ROUNDS = 5;
const MAX_ROUNDS = 100;
const DEFAULT_ROWS = 10_000_000;
const MAX_ROWS = 100_000_000;

export const benchParts = ['calls', 'revocation', 'reports'] as const;

export type BenchPart = (typeof benchParts)[number];

export interface BenchOptions {
  /** What is measured: calls beside the peers, how soon a blocked key is refused, or reports over many stored calls. */
  readonly parts: readonly BenchPart[];
  /** In the order in which they take their turns. */
  readonly peers: readonly string[];
  /** Length of each measurement. */
  readonly seconds: number;
  /** How often each peer has its turn. */
  readonly rounds: number;
  /** Calls that reports are measured over. */
  readonly rows: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Some of a list's members, in the list's order; all of them when nothing is set. */
function readSome<T extends string>(env: Environment, variable: string, known: readonly T[]): readonly T[] {
  const text = env[variable];
  if (text === undefined || text === '') return known;
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !known.some((each) => each === name));
  if (unknown !== undefined) {
    throw new Error(`${variable} names '${unknown}'; choose from ${known.join(', ')}`);
  }
  return known.filter((name) => wanted.includes(name));
}

function readNumber(
  env: Environment,
  variable: string,
  { unit, fallback, most }: { readonly unit: string; readonly fallback: number; readonly most: number },
): number {
  const text = env[variable];
  if (text === undefined || text === '') return fallback;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    throw new Error(`${variable} is '${text}'; give whole ${unit} from 1 to ${most}`);
  }
  return number;
}

/** Reads what a person may set; throws with the name of the variable and what would be right. */
export function readOptions(env: Environment, peers: readonly string[]): BenchOptions {
  return {
    parts: readSome(env, 'BENCH_PARTS', benchParts),
    peers: readSome(env, 'BENCH_PEERS', peers),
    seconds: readNumber(env, 'BENCH_SECONDS', {
      unit: 'seconds',
      fallback: DEFAULT_SECONDS,
      most: MAX_SECONDS,
    }),
    rounds: readNumber(env, 'BENCH_ROUNDS', { unit: 'numbers', fallback: DEFAULT_ROUNDS, most: MAX_ROUNDS }),
    rows: readNumber(env, 'BENCH_ROWS', { unit: 'numbers', fallback: DEFAULT_ROWS, most: MAX_ROWS }),
  };
}
