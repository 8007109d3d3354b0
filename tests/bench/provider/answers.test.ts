import { expect, test } from 'vitest';
import { answers } from './answers.ts';

const events = (bytes: Buffer): string[] =>
  bytes
    .toString('latin1')
    .split(/\r\n/)
    .filter((line) => line.startsWith('data: '));

test('a plain answer is 686 bytes of JSON that carries its id', () => {
  const text = answers.plain.with(42).toString('latin1');
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  expect(body).toHaveLength(686);
  expect(JSON.parse(body)).toMatchObject({ id: 'chatcmpl-000000000042', usage: { total_tokens: 120 } });
});

test.each(['first', 'middle', 'last'] as const)('the %s event is 260 bytes and carries its id', (name) => {
  const [event = ''] = events(answers[name].with(7));
  expect(event).toHaveLength(260);
  expect(JSON.parse(event.slice('data: '.length))).toMatchObject({ id: 'chatcmpl-000000000007' });
});

test('usage comes after the finish reason, with the same id, and before the end', () => {
  const [last = '', usage = '', done] = events(answers.lastWithUsage.with(9)).map((event) =>
    event.slice(6).trim(),
  );
  expect(JSON.parse(last).choices[0].finish_reason).toBe('stop');
  expect(JSON.parse(usage)).toMatchObject({
    id: 'chatcmpl-000000000009',
    choices: [],
    usage: { total_tokens: 120 },
  });
  expect(done).toBe('[DONE]');
});

test('an answer already made keeps its id when the next one is made', () => {
  const first = answers.plain.with(1);
  answers.plain.with(2);
  expect(first.toString()).toContain('chatcmpl-000000000001');
});
