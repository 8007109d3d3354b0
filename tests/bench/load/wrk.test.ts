import { expect, test } from 'vitest';
import { readResult } from './wrk.ts';

test('the result is read from among what wrk prints itself', () => {
  const output = 'Running 5s test\nRequests/sec: 1\nbench:1500 3000000 7\n';
  expect(readResult(output)).toEqual({ requests: 1500, seconds: 3, failures: 7 });
});

test('output without a result is an error that shows it', () => {
  expect(() => readResult('unable to connect')).toThrow('unable to connect');
});
