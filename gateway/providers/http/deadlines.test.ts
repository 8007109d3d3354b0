import { expect, test } from 'vitest';
import { ManualTimers } from '../../../tests/harness/manual-timers.ts';
import { Deadlines, type Timed } from './deadlines.ts';

function world() {
  const timers = new ManualTimers();
  const deadlines = new Deadlines(timers, () => timers.now());
  const expired: string[] = [];
  const member = (name: string, deadline: number, again?: number) => {
    const timed = {
      deadline,
      expire: (): void => {
        expired.push(`${name} at ${timers.now()}`);
        if (again === undefined) deadlines.delete(timed);
        else timed.deadline = timers.now() + again;
      },
    };
    deadlines.add(timed);
    return timed;
  };
  return { timers, deadlines, expired, member };
}

test('each deadline is met once, in its order, those that come later first too', async () => {
  const { timers, expired, member } = world();
  member('late', 3000);
  member('soon', 1000);
  await timers.pass(5000);
  expect(expired).toEqual(['soon at 1000', 'late at 3000']);
});

test('one that moves on in time is not met, and is met where it then stands', async () => {
  const { timers, deadlines, expired, member } = world();
  const timed = member('moving', 1000);
  for (let round = 0; round < 5; round++) {
    await timers.pass(900);
    timed.deadline = timers.now() + 1000;
    deadlines.moved(timed);
  }
  expect(expired).toEqual([]);
  await timers.pass(5000);
  expect(expired).toEqual(['moving at 5500']);
});

test('one that moves nearer is met sooner', async () => {
  const { timers, deadlines, expired, member } = world();
  const timed = member('nearer', 60_000);
  timed.deadline = 500;
  deadlines.moved(timed);
  await timers.pass(1000);
  expect(expired).toEqual(['nearer at 500']);
});

test('one that is put off when it is met is met again', async () => {
  const { timers, expired, member } = world();
  member('again', 100, 200);
  await timers.pass(550);
  expect(expired).toEqual(['again at 100', 'again at 300', 'again at 500']);
});

test('one that is taken out is not met, and without any there is no timer', async () => {
  const waiting = new Set<() => void>();
  const after = (_ms: number, work: () => void) => {
    waiting.add(work);
    return () => void waiting.delete(work);
  };
  const deadlines = new Deadlines({ after }, () => 0);
  const expire = (): void => expect.unreachable();
  const [one, other]: Timed[] = [
    { deadline: 5, expire },
    { deadline: 9, expire },
  ];
  deadlines.add(one as Timed);
  deadlines.add(other as Timed);
  expect(waiting.size).toBe(1);
  deadlines.delete(one as Timed);
  deadlines.delete(other as Timed);
  expect(waiting.size).toBe(0);
});
