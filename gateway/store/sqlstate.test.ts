import { DatabaseError } from 'pg';
import { expect, test } from 'vitest';
import { GatewayError } from '../http/errors.ts';
import { storeError } from './sqlstate.ts';

function databaseError(code: string): DatabaseError {
  const error = new DatabaseError('password=secret', 0, 'error');
  error.code = code;
  return error;
}

test.each([
  ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['a connection that ended', new Error('Connection terminated unexpectedly')],
  ['a server that stops', databaseError('57P01')],
  ['a server that starts', databaseError('57P03')],
  ['too many connections', databaseError('53300')],
  ['a refused password', databaseError('28P01')],
  ['a standby', databaseError('25006')],
  ['a statement that took too long', databaseError('57014')],
])('%s is answered with 503 and nothing of its text', (_title, error) => {
  const answer = storeError(error) as GatewayError;
  expect(answer).toBeInstanceOf(GatewayError);
  expect([answer.status, answer.type]).toEqual([503, 'no_db_connection']);
  expect(answer.message).not.toContain(error.message);
  expect(answer.cause).toBe(error);
});

test('a value that cannot be stored is the caller\u2019s fault', () => {
  expect(storeError(databaseError('22021'))).toMatchObject({ status: 400 });
});

test.each([
  ['a broken constraint', databaseError('23505')],
  ['a missing table', databaseError('42P01')],
  ['a fault of ours', new TypeError('undefined is not a function')],
  ['what has its answer already', new GatewayError('not_found', 'x')],
])('%s stays what it is', (_title, error) => {
  expect(storeError(error)).toBe(error);
});
