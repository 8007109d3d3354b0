import { expect, test } from 'vitest';
import { GatewayError } from '../../http/errors.ts';
import { eachByItself } from './each-by-itself.ts';
import { badRequest } from './faults.ts';
import { InvalidRequest } from './validation.ts';

test('what is refused leaves the others done', async () => {
  const outcomes = await eachByItself(['one', 'wrong', 'odd', 'two'], async (asked) => {
    if (asked === 'wrong') throw badRequest('x', 'wrong it is');
    if (asked === 'odd') throw new InvalidRequest([{ loc: ['body', 'x'], msg: 'is odd', type: 'type' }]);
    return asked.length;
  });
  expect(outcomes).toEqual([
    { asked: 'one', done: 3, error: null },
    { asked: 'wrong', done: null, error: 'wrong it is' },
    { asked: 'odd', done: null, error: 'body.x: is odd' },
    { asked: 'two', done: 3, error: null },
  ]);
});

test('a database that is away ends all of it', async () => {
  const away = new GatewayError('database_unavailable', 'away');
  await expect(eachByItself([1, 2], () => Promise.reject(away))).rejects.toBe(away);
});
