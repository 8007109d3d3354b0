import { expect, test } from 'vitest';
import { GatewayError } from '../http/errors.ts';
import { createLogs, type Logger } from './logger.ts';

function logged(write: (logger: Logger) => void): string {
  const lines: string[] = [];
  write(createLogs({ level: 'debug', stream: { write: (line) => void lines.push(line) } }).logger);
  return lines.join('');
}

function syntaxErrorOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    expect((error as Error).message).toContain(text);
    return error;
  }
}

test.each([
  ['a header', { headers: { authorization: 'Bearer sk-secret' } }],
  ['a key', { apiKey: 'sk-secret' }],
  ['a key two levels down', { config: { deployment: { apiKey: 'sk-secret' } } }],
  ['a prompt', { request: { messages: ['sk-secret'] } }],
  ['a connection string', { err: Object.assign(new Error('x'), { connectionString: 'sk-secret' }) }],
  ['a text that is no JSON', { err: new Error('unreadable', { cause: syntaxErrorOf('sk-secret') }) }],
  ['what a provider quoted', { err: new GatewayError('upstream', 'you said sk-secret') }],
])('%s never reaches the log', (_what, entry) => {
  const text = logged((logger) => logger.error(entry, 'failed'));
  expect(text).toContain('"msg":"failed"');
  expect(text).not.toContain('sk-secret');
});

test('an error of ours is told by its code and its cause', () => {
  const error = new GatewayError('upstream', 'for the client', { cause: new Error('socket gone') });
  const entry = JSON.parse(logged((logger) => logger.error({ err: error }, 'failed')));
  expect(entry).toMatchObject({
    level: 'error',
    err: { code: 'upstream', cause: { message: 'socket gone' } },
  });
});

test('an error of the system keeps what says which call failed, through all its causes', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
  const error = new Error('no database', { cause: new AggregateError([refused], '') });
  const { err } = JSON.parse(logged((logger) => logger.error({ err: error }, 'failed')));
  expect(err).toMatchObject({ type: 'Error', message: 'no database', stack: expect.stringContaining('at ') });
  expect(err.cause.errors).toEqual([expect.objectContaining({ code: 'ECONNREFUSED' })]);
});

test('what was thrown and is no error is not shown', () => {
  expect(logged((logger) => logger.error({ err: 'sk-secret' }, 'failed'))).not.toContain('sk-secret');
});
