import fc from 'fast-check';
import type { Bank } from './budget-bank.ts';
import { BUDGETS, type Fault, LedgerWorld, SCOPES } from './ledger-world.ts';

export type Step = (world: LedgerWorld) => unknown;

const PROCESSES = 3;
const slot = fc.nat(PROCESSES - 1);
const budgets = fc.constantFrom(...BUDGETS);
const amount = fc.bigInt({ min: 1n, max: 60n });

const named = (name: string, step: Step): Step => Object.assign(step, { toString: () => name });

const wish = fc.record({ budgets, bound: amount, minimum: amount }).map(({ budgets, bound, minimum }) => ({
  budgets,
  bound,
  minimum: minimum < bound && minimum % 2n === 0n ? minimum : bound,
}));

const text = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? Number(member) : member));

/** What can happen to a ledger, each as often as it is interesting. */
function step(): fc.Arbitrary<Step> {
  const percent = fc.integer({ min: 0, max: 100 });
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(slot, wish)
        .map(([at, what]) => named(`reserve ${at} ${text(what)}`, (world) => world.reserve(at, what))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.integer({ min: 2, max: 12 }), wish)
        .map(([count, what]) => named(`burst ${count} ${text(what)}`, (world) => world.burst(count, what))),
    },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.nat(50), percent)
        .map(([pick, cost]) => named(`settle ${pick} ${cost}%`, (world) => world.settle(pick, cost))),
    },
    { weight: 3, arbitrary: slot.map((at) => named(`store ${at}`, (world) => world.store(at))) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(slot, percent)
        .map(([at, cost]) => named(`crash ${at} ${cost}%`, (world) => world.crash(at, cost))),
    },
    { weight: 2, arbitrary: fc.nat(5).map((pick) => named(`adopt ${pick}`, (world) => world.adopt(pick))) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(50, 1500, 6000, 20_000)
        .map((ms) => named(`pass ${ms}`, (world) => world.pass(ms))),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(17_000, 1_900_000, 3_700_000)
        .map((ms) => named(`sleep ${ms}`, (world) => world.sleep(ms))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...SCOPES), fc.bigInt({ min: 0n, max: 500n }))
        .map(([scope, limit]) => named(`limit ${scope} ${limit}`, (world) => world.setLimit(scope, limit))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...SCOPES),
          fc.bigInt({ min: 1n, max: 300n }),
          fc.constantFrom(1000, 10_000, 2_000_000),
        )
        .map(([scope, more, ms]) =>
          named(`increase ${scope} ${more} for ${ms}`, (world) => world.increase(scope, more, ms)),
        ),
    },
    {
      weight: 1,
      arbitrary: fc.boolean().map((lost) =>
        named(`lost announcements: ${lost}`, (world) => {
          world.silent = lost;
        }),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom<Fault>('before', 'between', 'after')
        .map((fault) => named(`break ${fault}`, (world) => world.breakNextExchange(fault))),
    },
  );
}

export interface ModelRun {
  readonly limits: Readonly<Record<string, bigint>>;
  readonly steps: readonly Step[];
}

export interface ModelOptions {
  readonly enforcement: 'strict' | 'compatible';
  readonly maxSteps: number;
}

/** Sequences of commands over three processes, with limits that they reach. */
export function modelRuns({ maxSteps }: ModelOptions): fc.Arbitrary<ModelRun> {
  const limit = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 1000n, max: 20_000n }));
  return fc.record({
    limits: fc.record(Object.fromEntries(SCOPES.map((scope) => [scope, limit]))),
    steps: fc.array(step(), { minLength: 1, maxLength: maxSteps }),
  });
}

/** Runs one sequence, checking after every step and once everything has come to rest. */
export async function runModel(
  bank: Bank,
  { limits, steps }: ModelRun,
  options: ModelOptions,
): Promise<void> {
  const world = new LedgerWorld(bank, options.enforcement);
  await world.open(limits, PROCESSES);
  try {
    for (const take of steps) {
      await take(world);
      await world.check();
    }
    await world.checkAtRest();
  } finally {
    await world.close();
  }
}
