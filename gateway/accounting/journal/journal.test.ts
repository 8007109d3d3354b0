import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RowStore, rowCodec, TestLog, type TestRow } from '../../../tests/harness/journal-rows.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { MemoryDisk } from '../../../tests/harness/memory-disk.ts';
import { Journal } from './journal.ts';
import { Replay } from './replay.ts';

const SYNC_MS = 40;
/** What a power cut may take. */
const LOST_MS = 50;
const SEGMENT_BYTES = 200;
/** A cut-off call costs its last draft and half a dollar more, so that tests can tell. */
const lost = ({ rowId, cost }: TestRow): TestRow => ({ rowId, cost: cost + 0.5 });

/** Processes that use one disk and one database after each other. */
class Machine {
  readonly disk = new MemoryDisk();
  readonly store = new RowStore();
  readonly log = new TestLog();
  timers = new ManualTimers();
  #deferred: (() => void)[] = [];
  #started = 0;
  #journal: Journal<TestRow> | null = null;

  get journal(): Journal<TestRow> {
    if (this.#journal === null) throw new Error('not started');
    return this.#journal;
  }

  directory(number = this.#started): string {
    return `/spend/${number}`;
  }

  async start(): Promise<void> {
    this.#started++;
    const { disk, store, log, timers } = this;
    this.#journal = await Journal.open(
      {
        codec: rowCodec,
        write: store.write,
        timers,
        logger: log.logger,
        flushMs: 500,
        disk,
        segmentBytes: SEGMENT_BYTES,
        syncMs: SYNC_MS,
        batchRows: 4,
        maxRows: 6,
        maxBytes: 1_000_000,
        defer: (work) => void this.#deferred.push(work),
      },
      this.directory(),
    );
  }

  endTurn(): void {
    for (const work of this.#deferred.splice(0)) work();
  }

  /** Ends the process, or the machine, and begins another, which stores what the dead have left. */
  async restart(how: 'kill' | 'power'): Promise<void> {
    if (how === 'kill') this.disk.kill();
    else this.disk.cutPower();
    this.timers.stop();
    this.timers = new ManualTimers();
    this.#deferred = [];
    this.store.away = false;
    await this.start();
    for (let dead = 1; dead < this.#started; dead++) await this.replay(dead);
  }

  replay(number: number) {
    const { disk, store, log } = this;
    const replay = new Replay({
      disk,
      codec: rowCodec,
      write: store.write,
      lost,
      logger: log.logger,
      batchRows: 3,
    });
    return replay.run(this.directory(number));
  }

  /** Lets everything fail no longer, and time enough pass for everything to be stored. */
  async settle(): Promise<void> {
    this.disk.failing.clear();
    this.store.away = false;
    this.endTurn();
    for (let round = 0; round < 3; round++) {
      await this.timers.pass(60_000);
      this.journal.sweep();
    }
  }
}

async function started(): Promise<Machine> {
  const machine = new Machine();
  await machine.start();
  await machine.timers.pass(0);
  return machine;
}

const row = (id: string | number, cost = 1): TestRow => ({ rowId: String(id), cost });

/** Begins and finishes so many calls, a turn each. */
function serve(machine: Machine, count: number, from = 0): void {
  for (let id = from; id < from + count; id++) {
    machine.journal.begin(row(id, 9));
    machine.endTurn();
    machine.journal.finish(row(id));
    machine.endTurn();
  }
}

describe('after a kill', () => {
  test.each<[string, (machine: Machine) => void, [string, number][]]>([
    ['a call that was finished has its row', ({ journal }) => journal.finish(row('a')), [['a', 1]]],
    ['a call that was begun costs its draft', () => undefined, [['a', 9.5]]],
    [
      'a call that went on costs its last draft',
      ({ journal }) => journal.progress(row('a', 5)),
      [['a', 5.5]],
    ],
    ['a call that was discarded has no row', ({ journal }) => journal.discard('a'), []],
  ])('%s', async (_what, act, rows) => {
    const machine = await started();
    machine.journal.begin(row('a', 9));
    machine.endTurn();
    act(machine);
    machine.endTurn();
    await machine.restart('kill');
    expect([...machine.store.rows]).toEqual(rows);
  });

  test('a draft that replaces another is on record before the turn ends', async () => {
    const machine = await started();
    machine.journal.begin(row('a', 9));
    machine.journal.progress(row('a', 5));
    await machine.restart('kill');
    expect([...machine.store.rows]).toEqual([['a', 5.5]]);
  });

  test('a draft of a call that is over changes nothing', async () => {
    const machine = await started();
    machine.journal.begin(row('a', 9));
    machine.journal.finish(row('a'));
    machine.journal.progress(row('a', 5));
    machine.endTurn();
    await machine.restart('kill');
    expect([...machine.store.rows]).toEqual([['a', 1]]);
  });

  test('what is stored already is not changed by storing it again, nor by a replay that was cut off', async () => {
    const machine = await started();
    serve(machine, 10);
    await machine.timers.pass(0);
    machine.journal.begin(row('open', 9));
    machine.endTurn();
    const dead = machine.directory();
    const before = await Promise.all(
      (await machine.disk.segments(dead)).map((path) => machine.disk.read(path)),
    );
    await machine.restart('kill');
    const rows = new Map(machine.store.rows);
    for (const [index, bytes] of before.entries()) {
      machine.disk.files.set(`${dead}/${index}`, { cached: bytes, durable: bytes, named: true });
    }
    expect(await machine.replay(1)).toMatchObject({ lost: 1 });
    expect(machine.store.rows).toEqual(rows);
    expect(await machine.disk.segments(dead)).toEqual([]);
  });
});

describe('segments', () => {
  test('are removed when their calls are stored: two are left', async () => {
    const machine = await started();
    serve(machine, 100);
    await machine.settle();
    expect(machine.store.rows.size).toBe(100);
    expect((await machine.disk.segments(machine.directory())).length).toBe(2);
  });

  test('do not stay for a call that goes on: it is carried along', async () => {
    const machine = await started();
    machine.journal.begin(row('long', 9));
    serve(machine, 100);
    await machine.settle();
    expect((await machine.disk.segments(machine.directory())).length).toBe(2);
    await machine.restart('power');
    expect(machine.store.rows.get('long')).toBe(9.5);
  });

  test('stay while the database is away, and memory does not hold their rows', async () => {
    const machine = await started();
    machine.store.away = true;
    serve(machine, 100);
    await machine.timers.pass(5000);
    expect(machine.journal.pending).toBe(100);
    expect((await machine.disk.segments(machine.directory())).length).toBeGreaterThan(10);
    await machine.settle();
    expect(machine.store.batches.flat()).toEqual(Array.from({ length: 100 }, (_, id) => String(id)));
    expect(machine.disk.done.read).toBeGreaterThan(10);
  });

  test('do not go before one that waits: a call that was opened there may have ended in them', async () => {
    const machine = await started();
    machine.store.away = true;
    machine.journal.finish(row('waits'));
    machine.journal.begin(row('discarded', 9));
    machine.endTurn();
    machine.journal.discard('discarded');
    for (let id = 0; id < 50; id++) {
      machine.journal.begin(row(id, 9));
      machine.journal.discard(String(id));
      machine.endTurn();
    }
    await machine.timers.pass(5000);
    await machine.restart('kill');
    expect([...machine.store.rows]).toEqual([['waits', 1]]);
  });

  test('that cannot be removed are tried again', async () => {
    const machine = await started();
    machine.disk.failing.add('remove');
    serve(machine, 20);
    await machine.timers.pass(5000);
    expect(machine.log.messages('warn')).toContain('a segment of the spend journal could not be removed');
    await machine.settle();
    expect((await machine.disk.segments(machine.directory())).length).toBe(2);
  });
});

describe('closing', () => {
  test('leaves nothing when everything is stored', async () => {
    const machine = await started();
    serve(machine, 3);
    expect(await machine.journal.close(5000)).toBe(true);
    expect(machine.store.rows.size).toBe(3);
    expect(machine.disk.openDescriptors).toBe(0);
  });

  test('stores what ended in this very turn', async () => {
    const machine = await started();
    machine.journal.finish({ rowId: 'last', cost: 1 });
    expect(await machine.journal.close(5000)).toBe(true);
    expect([...machine.store.rows.keys()]).toEqual(['last']);
  });

  test('leaves to the next process what the database did not take', async () => {
    const machine = await started();
    machine.store.away = true;
    serve(machine, 3);
    const closed = machine.journal.close(5000);
    await machine.timers.pass(5000);
    expect(await closed).toBe(false);
    await machine.restart('power');
    expect(machine.store.rows.size).toBe(3);
  });

  test('stores what the disk did not take', async () => {
    const machine = await started();
    machine.disk.failing.add('write');
    serve(machine, 3);
    expect(await machine.journal.close(5000)).toBe(true);
    expect(machine.store.rows.size).toBe(3);
    expect(machine.log.messages('error')).toEqual([expect.stringContaining('cannot be written')]);
  });

  test('says what is lost when neither takes it', async () => {
    const machine = await started();
    machine.disk.failing.add('write');
    machine.store.away = true;
    serve(machine, 3);
    const closed = machine.journal.close(5000);
    await machine.timers.pass(5000);
    expect(await closed).toBe(false);
    expect(machine.log.lines).toContainEqual(
      expect.objectContaining({ entry: { lost: 3 }, message: expect.stringContaining('lost') }),
    );
  });
});

/** What must have become of a call. */
interface Expected {
  state: 'open' | 'finished' | 'discarded';
  /** Costs that it may have if it is cut off. */
  drafts: number[];
  cost: number;
  /** When its first draft was safe from a kill; null while only memory has it. */
  begunAt: number | null;
  /** When its end was. */
  safeAt: number | null;
}

type Step =
  | { readonly do: 'begin' | 'progress' | 'finish' | 'discard'; readonly call: number; readonly cost: number }
  | { readonly do: 'turn' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'disk'; readonly fails: 'create' | 'write' | 'sync' | 'read' | 'remove' | null }
  | { readonly do: 'database'; readonly away: boolean }
  | { readonly do: 'restart'; readonly how: 'kill' | 'power' };

const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'begin' as const,
          'begin' as const,
          'progress' as const,
          'finish' as const,
          'finish' as const,
          'discard' as const,
        ),
        call: fc.nat({ max: 30 }),
        cost: fc.integer({ min: 1, max: 100 }),
      }),
    },
    { weight: 4, arbitrary: fc.constant({ do: 'turn' as const }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 20, 60, 600, 3000) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('disk' as const),
        fails: fc.constantFrom(
          'create' as const,
          'write' as const,
          'sync' as const,
          'read' as const,
          'remove' as const,
          null,
          null,
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('database' as const), away: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('restart' as const),
        how: fc.constantFrom('kill' as const, 'power' as const),
      }),
    },
  ),
  { maxLength: 120, size: 'max' },
);

/** The reference: what each call of one process may have become, by what was safe when. */
class Reference {
  readonly machine: Machine;
  readonly #running = new Map<number, string>();
  #calls = new Map<string, Expected>();
  #serial = 0;
  #turnOpen = false;
  /** Since when a power cut may take more than the last moments, because the disk fails. */
  #suspectFrom: number | null = null;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  async take(step: Step): Promise<void> {
    const { machine } = this;
    const began = machine.timers.now();
    switch (step.do) {
      case 'turn':
        this.endTurn();
        break;
      case 'pass':
        await machine.timers.pass(step.ms);
        break;
      case 'disk':
        machine.disk.failing.clear();
        if (step.fails !== null) machine.disk.failing.add(step.fails);
        break;
      case 'database':
        machine.store.away = step.away;
        break;
      case 'restart':
        await this.restart(step.how);
        break;
      default:
        this.#act(step);
    }
    this.#look(began);
  }

  endTurn(): void {
    this.machine.endTurn();
    this.#turnOpen = false;
  }

  async settle(): Promise<void> {
    const began = this.machine.timers.now();
    this.endTurn();
    await this.machine.settle();
    this.#look(began);
  }

  #act(step: Extract<Step, { call: number }>): void {
    const { journal } = this.machine;
    const id = this.#running.get(step.call);
    if (step.do === 'begin') {
      if (id !== undefined) return;
      const fresh = `call-${++this.#serial}`;
      this.#running.set(step.call, fresh);
      this.#calls.set(fresh, { state: 'open', drafts: [step.cost], cost: 0, begunAt: null, safeAt: null });
      journal.begin(row(fresh, step.cost));
      this.#turnOpen = true;
      return;
    }
    const call = this.#calls.get(id ?? '');
    if (id === undefined || call === undefined) return;
    if (step.do === 'progress') {
      journal.progress(row(id, step.cost));
      call.drafts.push(step.cost);
      return;
    }
    this.#running.delete(step.call);
    this.#turnOpen = true;
    call.safeAt = null;
    call.state = step.do === 'finish' ? 'finished' : 'discarded';
    call.cost = step.cost;
    if (step.do === 'finish') journal.finish(row(id, step.cost));
    else journal.discard(id);
  }

  /** Looks at the disk's health after a step that began at this time. */
  #look(stepBegan: number): void {
    const now = this.machine.timers.now();
    if (!this.machine.journal.healthy) {
      this.#suspectFrom ??= stepBegan - LOST_MS;
      return;
    }
    const suspectFrom = this.#suspectFrom ?? Number.POSITIVE_INFINITY;
    this.#suspectFrom = null;
    for (const call of this.#calls.values()) {
      if (call.begunAt !== null && call.begunAt >= suspectFrom) call.begunAt = now;
      if (call.safeAt !== null && call.safeAt >= suspectFrom) call.safeAt = now;
      if (this.#turnOpen) continue;
      call.begunAt ??= now;
      if (call.state !== 'open') call.safeAt ??= now;
    }
  }

  async restart(how: 'kill' | 'power'): Promise<void> {
    const { machine } = this;
    const now = machine.timers.now();
    const limit =
      how === 'kill' ? now : Math.min(now - LOST_MS, this.#suspectFrom ?? Number.POSITIVE_INFINITY);
    const certain = (at: number | null): boolean => at !== null && at <= limit;
    await machine.restart(how);
    for (const [id, call] of this.#calls) {
      const cost = machine.store.rows.get(id);
      const cutOff = call.drafts.map((draft) => draft + 0.5);
      const ended = certain(call.safeAt);
      if (call.state === 'finished' && ended) expect(cost, id).toBe(call.cost);
      else if (call.state === 'discarded' && ended) expect(cost, id).toBeUndefined();
      else if (call.state === 'open' && certain(call.begunAt)) expect(cutOff, id).toContain(cost);
      else
        expect([undefined, ...cutOff, ...(call.state === 'finished' ? [call.cost] : [])], id).toContain(cost);
    }
    this.#calls = new Map();
    this.#running.clear();
    this.#turnOpen = false;
    this.#suspectFrom = null;
  }
}

test('whatever fails and ends when, each call has one row at its true cost, or one at the cost of a draft', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const reference = new Reference(await started());
      for (const step of list) await reference.take(step);
      await reference.settle();
      expect(reference.machine.journal.pending).toBe(0);
      await reference.restart('kill');
    }),
    { numRuns: 500 },
  );
});
