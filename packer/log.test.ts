import { expect, test, vi } from 'vitest';
import { createLog, stepOf } from './log.ts';

function recording() {
  const lines: string[] = [];
  let timeMs = 0;
  const log = createLog({
    out: { write: (text: string) => lines.push(text.trimEnd()) },
    nowMs: () => timeMs,
    heartbeatMs: 1000,
  });
  return { log, lines, pass: (ms: number) => (timeMs += ms) };
}

test('each line carries the time since the start, and nested steps are indented', async () => {
  const { log, lines, pass } = recording();
  await log.step('bake', async () => {
    pass(61_000);
    await log.step('playbook', async () => log.note('42 tasks'));
  });
  expect(lines).toEqual([
    ' 0:00 bake',
    ' 1:01   playbook',
    ' 1:01     42 tasks',
    ' 1:01     playbook: 0.0 s',
    ' 1:01   bake: 61.0 s',
  ]);
});

test('completed steps are listed with their seconds and the step around them', async () => {
  const { log, pass } = recording();
  await log.step('bake', () => log.step('playbook', async () => void pass(1500)));
  expect(log.timings()).toEqual([
    { step: 'bake > playbook', seconds: 1.5 },
    { step: 'bake', seconds: 1.5 },
  ]);
});

test('a failure knows the innermost step it came from', async () => {
  const { log } = recording();
  const failing = log.step('bake', () => log.step('playbook', async () => Promise.reject(new Error('no'))));
  const error = await failing.catch((caught: Error) => caught);
  expect(stepOf(error as Error)).toBe('bake > playbook');
  expect(log.timings()).toEqual([]);
});

test('a long step says that it is still running', async () => {
  vi.useFakeTimers();
  const { log, lines, pass } = recording();
  const { promise, resolve } = Promise.withResolvers<void>();
  const step = log.step('bake', () => promise);
  pass(2000);
  vi.advanceTimersByTime(1000);
  resolve();
  await step;
  vi.useRealTimers();
  expect(lines).toContain(' 0:02   ... bake: 2 s so far');
});
