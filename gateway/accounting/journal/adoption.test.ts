import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestLog } from '../../../tests/harness/journal-rows.ts';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { Adoption } from './adoption.ts';
import { ownDirectory } from './owner.ts';

const EVERY_MS = 30_000;
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'adoption-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** The directory of a process that is dead, with a segment in it. */
function dead(parent = root): string {
  const processId = randomUUID();
  mkdirSync(join(parent, processId), { recursive: true });
  writeFileSync(join(parent, processId, '00000000.segment'), processId);
  return processId;
}

/** A living process that adopts, and what it has stored and told. */
async function adopter({ replay = async (_directory: string): Promise<void> => undefined } = {}) {
  const timers = new ManualTimers();
  const log = new TestLog();
  const replayed: string[] = [];
  const adopted: string[] = [];
  const state = { tellFails: false };
  const processId = randomUUID();
  const owned = await ownDirectory(root, processId);
  const adoption = new Adoption({
    stateDirectory: root,
    ownDirectory: owned.path,
    replay: async (directory) => {
      await replay(directory);
      replayed.push(basename(directory));
      return { closed: 1, lost: 0 };
    },
    adopted: async (id) => {
      if (state.tellFails) throw new Error('not now');
      adopted.push(id);
    },
    timers,
    logger: log.logger,
    everyMs: EVERY_MS,
  });
  return { adoption, owned, processId, timers, log, replayed, adopted, state };
}

type Adopter = Awaited<ReturnType<typeof adopter>>;

/** Waits until a round has come to its end, with nothing left of others. */
const done = ({ adoption }: Adopter): Promise<void> => expect.poll(() => adoption.unfinished()).toBe(false);

/** Waits until a round has failed. */
const failed = ({ log }: Adopter): Promise<void> => expect.poll(() => log.messages('warn')).toHaveLength(1);

test('what a dead process has left is stored, told of and removed', async () => {
  const id = dead();
  const living = await adopter();
  living.adoption.start();
  await expect.poll(() => living.adopted).toEqual([id]);
  await done(living);
  expect(living.replayed).toEqual([id]);
  expect(readdirSync(root)).toEqual([living.processId]);
  await living.adoption.close();
  await living.owned.disown();
});

test('it is looked for again and again', async () => {
  const living = await adopter();
  living.adoption.start();
  await expect.poll(() => existsSync(join(living.owned.path, 'adopted'))).toBe(true);
  const id = dead();
  await expect
    .poll(async () => {
      await living.timers.pass(EVERY_MS);
      return living.adopted;
    })
    .toEqual([id]);
  await living.adoption.close();
  await living.owned.disown();
});

test('a living process keeps its directory, and what is no process is left alone', async () => {
  const [one, other] = [await adopter(), await adopter()];
  mkdirSync(join(root, 'lost+found'));
  writeFileSync(join(root, 'note'), '');
  const id = dead();
  one.adoption.start();
  await expect.poll(() => one.adopted).toEqual([id]);
  await one.adoption.close();
  expect(readdirSync(root).sort()).toEqual([one.processId, other.processId, 'lost+found', 'note'].sort());
  await Promise.all([one, other].map(({ owned }) => owned.disown()));
});

test('of several adopters one gets each directory', async () => {
  const living = await Promise.all(Array.from({ length: 4 }, () => adopter()));
  const ids = Array.from({ length: 20 }, () => dead());
  for (const { adoption } of living) adoption.start();
  const all = () => living.flatMap(({ adopted }) => adopted).sort();
  await expect.poll(all).toEqual(ids.toSorted());
  expect(living.flatMap(({ replayed }) => replayed).sort()).toEqual(ids.toSorted());
  for (const { adoption, owned } of living) {
    await adoption.close();
    await owned.disown();
  }
});

test('an adopter that died is adopted with what it had adopted', async () => {
  const stuck = await adopter({ replay: () => Promise.reject(new Error('the database is away')) });
  const ids = [dead(), dead()];
  stuck.adoption.start();
  await failed(stuck);
  await stuck.adoption.close();
  await stuck.owned.disown();
  const next = await adopter();
  next.adoption.start();
  await expect.poll(() => next.adopted.toSorted()).toEqual([...ids, stuck.processId].sort());
  await done(next);
  expect(readdirSync(root)).toEqual([next.processId]);
  await next.adoption.close();
  await next.owned.disown();
});

test('nothing is lost of adopters that died one after the other, each before it had unpacked the last', async () => {
  const ids = [dead()];
  for (let depth = 0; depth < 3; depth++) {
    const id = dead();
    mkdirSync(join(root, id, 'adopted'));
    renameSync(join(root, ids[0] as string), join(root, id, 'adopted', ids[0] as string));
    ids.unshift(id);
  }
  const living = await adopter();
  living.adoption.start();
  await expect.poll(() => living.adopted.toSorted()).toEqual(ids.toSorted());
  expect(living.replayed.toSorted()).toEqual(ids.toSorted());
  await living.adoption.close();
  await living.owned.disown();
});

describe('what could not be done is done in the next round', () => {
  test('when the database is away: nobody is told before the rows are stored', async () => {
    let away = true;
    const id = dead();
    const living = await adopter({
      replay: async () => {
        if (away) throw new Error('the database is away');
      },
    });
    living.adoption.start();
    await failed(living);
    expect(living.adopted).toEqual([]);
    expect(await living.adoption.unfinished()).toBe(true);
    away = false;
    await living.timers.pass(EVERY_MS);
    await expect.poll(() => living.adopted).toEqual([id]);
    await living.adoption.close();
    await living.owned.disown();
  });

  test('when telling failed: the directory stays until it is told', async () => {
    const id = dead();
    const living = await adopter();
    living.state.tellFails = true;
    living.adoption.start();
    await failed(living);
    expect(await living.adoption.unfinished()).toBe(true);
    living.state.tellFails = false;
    await living.timers.pass(EVERY_MS);
    await expect.poll(() => living.adopted).toEqual([id]);
    await living.adoption.close();
    await living.owned.disown();
  });
});

test('a directory that was never finished is removed', async () => {
  const living = await adopter();
  mkdirSync(join(root, `new-${randomUUID()}`));
  const id = dead();
  living.adoption.start();
  await expect.poll(() => living.adopted).toEqual([id]);
  await expect.poll(() => readdirSync(root)).toEqual([living.processId]);
  await living.adoption.close();
  await living.owned.disown();
});

test('closing waits for the directory that is being stored and begins no other', async () => {
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  dead();
  dead();
  const living = await adopter({
    replay: (directory) => {
      begun.push(directory);
      return gate.promise;
    },
  });
  living.adoption.start();
  await expect.poll(() => begun.length).toBe(1);
  const closed = living.adoption.close();
  gate.resolve();
  await closed;
  expect(begun).toHaveLength(1);
  await living.owned.disown();
});
