import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamWatch } from './stream-watch.ts';

test('every event is counted once, wherever the network cuts the stream', () => {
  const text = 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: text.length - 1 })), (cuts) => {
      const watch = new StreamWatch(0);
      let from = 0;
      for (const to of [...new Set([...cuts, text.length])].sort((a, b) => a - b)) {
        watch.take(Buffer.from(text.slice(from, to)), 1);
        from = to;
      }
      expect(watch.events).toBe(3);
    }),
  );
});

test('the worst gap is the longest silence between two events', () => {
  const watch = new StreamWatch(100);
  for (const nowMs of [130, 150, 195, 210]) watch.take(Buffer.from('data: x\n\n'), nowMs);
  expect(watch).toMatchObject({ events: 4, worstGapMs: 45 });
  expect(watch.untilFirstMs(1000)).toBe(30);
});

test('a stream without an event has waited until now', () => {
  const watch = new StreamWatch(100);
  watch.take(Buffer.from('data: not yet complete\n'), 150);
  expect(watch.untilFirstMs(400)).toBe(300);
});
