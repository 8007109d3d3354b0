import { expect, test } from 'vitest';
import { GatewayError } from '../../http/errors.ts';
import { ProbeReply } from './probe-reply.ts';

function waiting() {
  const reply = new ProbeReply();
  const closed: boolean[] = [];
  reply.onClose((whole) => closed.push(whole));
  return { reply, closed };
}

test('an answer is a success, and the call may end', async () => {
  const { reply, closed } = waiting();
  reply.send();
  expect(await reply.answer).toBeNull();
  expect(closed).toEqual([true]);
});

test('a failure is what it is', async () => {
  const { reply } = waiting();
  const failure = new GatewayError('upstream', 'out of order');
  reply.fail(failure);
  expect(await reply.answer).toBe(failure);
});

test('who leaves is told so, the call as one whose client has gone; what comes later makes no difference', async () => {
  const { reply, closed } = waiting();
  reply.leave(1500);
  reply.send();
  expect(await reply.answer).toMatchObject({ status: 408, message: 'There was no answer within 1.5 s' });
  expect(closed).toEqual([false]);
});
