/** Patience, by a clock that does not pass by itself. */
import { expect, test } from 'vitest';
import { createLog } from '../packer/index.ts';
import { Calls } from './calls.ts';
import type { Dialect } from './trouble.ts';

const dialect: Dialect = {
  cloud: 'the cloud',
  read: (error) => error as { status?: number; retryAfter?: string },
  credentials: new Set(['Expired']),
  busy: new Set(['Slow']),
  signIn: 'sign in',
  rights: 'rights',
};

function world(dry = false) {
  const slept: number[] = [];
  let output = '';
  const log = createLog({
    out: {
      write: (text) => {
        output += text;
      },
    },
  });
  const clock = {
    nowMs: () => Date.parse('2026-11-27T12:00:00Z'),
    sleep: async (ms: number) => {
      slept.push(ms);
    },
  };
  const calls = new Calls({ dialect, log, clock, signal: new AbortController().signal, dry });
  return { calls, slept, output: () => output };
}

const error = (fields: object): Error => Object.assign(new Error('no'), fields);

/** Fails with each of these, then answers. */
function failing(...faults: Error[]) {
  return async (): Promise<string> => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    return 'done';
  };
}

test.each([
  ['seconds', error({ status: 429, retryAfter: '17' }), 17_000],
  ['a date', error({ status: 503, retryAfter: 'Fri, 27 Nov 2026 12:01:30 GMT' }), 90_000],
  ['nothing', error({ status: 429 }), 1000],
  ['a word of its own', error({ status: 400, code: 'Slow' }), 1000],
  ['a connection that broke, deep inside', error({ cause: error({ code: 'ECONNRESET' }) }), 1000],
])('a busy cloud that says %s is asked again', async (_title, fault, waitMs) => {
  const { calls, slept } = world();
  expect(await calls.call({ name: 'Ask', make: failing(fault), dry: '' })).toBe('done');
  expect(slept).toEqual([waitMs]);
});

test('waits grow, and end', async () => {
  const { calls, slept } = world();
  const make = failing(...Array.from({ length: 9 }, () => error({ status: 500 })));
  await expect(calls.call({ name: 'Ask', make, dry: '' })).rejects.toThrow(
    'Ask: the cloud cannot be reached, or is too busy (500 no code): no',
  );
  expect(slept).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
});

test('a cloud that wants an hour is left alone', async () => {
  const { calls, slept } = world();
  const make = failing(error({ status: 429, retryAfter: '3600' }));
  await expect(calls.call({ name: 'Ask', make, dry: '' })).rejects.toThrow('too busy');
  expect(slept).toEqual([]);
});

test.each([
  ['expired credentials', error({ status: 400, code: 'Expired' }), 'have expired', 'sign in'],
  ['401', error({ status: 401 }), 'have expired', 'sign in'],
  ['403', error({ status: 403 }), 'does not allow it', 'give the account rights'],
  ['another refusal', error({ status: 422 }), 'refused it (422 no code): no', 'publishing.md'],
])('%s is one line, at once', async (_title, fault, what, remedy) => {
  const { calls, slept } = world();
  await expect(calls.call({ name: 'Ask', make: failing(fault), dry: '' })).rejects.toMatchObject({
    message: expect.stringContaining(what),
    remedy: expect.stringContaining(remedy),
  });
  expect(slept).toEqual([]);
});

test('what there may be one of is looked for before each attempt', async () => {
  const { calls, slept } = world();
  const made: string[] = [];
  const make = async (): Promise<string> => {
    made.push('one');
    throw error({ cause: error({ code: 'ECONNRESET' }) });
  };
  const look = async () => made[0];
  expect(await calls.ensure(look, { name: 'Make', make, dry: '' })).toBe('one');
  expect(made).toHaveLength(1);
  expect(slept).toEqual([1000]);
});

test('what a cloud says is told without the queries of its addresses', async () => {
  const { calls } = world();
  const words =
    'cannot fetch https://s.example/o?X-Amz-Signature=ab&x=1, nor "http://s.example/p?upload_id=c"';
  const make = failing(Object.assign(new Error(words), { status: 422 }));
  await expect(calls.call({ name: 'Ask', make, dry: '' })).rejects.toThrow(
    'cannot fetch https://s.example/o?... nor "http://s.example/p?..."',
  );
});

test('an upload says how far it is, and sends nothing more once a piece has failed for good', async () => {
  const { calls, output } = world();
  const all = Array.from({ length: 20 }, (_, index) => ({ index, offset: index, length: 2 ** 20 }));
  const sent: number[] = [];
  const upload = (make: (index: number) => Promise<void>) =>
    calls.upload({
      ...{ name: 'Put', all, missing: all.slice(5), atOnce: 2 },
      make: ({ index }) => make(index),
    });
  await upload(async (index) => void sent.push(index));
  expect(sent).toHaveLength(15);
  expect(output()).toContain('25 %, 5.0 of 20 MiB is there already');
  expect(output()).toContain('100 %, 20 of 20 MiB');

  sent.length = 0;
  const refusing = async (index: number): Promise<void> => {
    sent.push(index);
    if (index === 7) throw error({ status: 403 });
  };
  await expect(upload(refusing)).rejects.toThrow('does not allow it');
  expect(sent.length).toBeLessThan(8);
});

test('with DRY nothing is made, and each call is printed with what goes along', async () => {
  const { calls, output } = world(true);
  const make = async () => {
    throw new Error('was made');
  };
  expect(await calls.call({ name: 'ec2 RegisterImage', input: { Name: 'x' }, make, dry: 'ami' })).toBe('ami');
  const all = [{ index: 0, offset: 0, length: 2 ** 22 }];
  await calls.upload({ name: 'Put Page', input: { blob: 'b' }, all, missing: all, atOnce: 1, make });
  expect(output()).toContain('would call ec2 RegisterImage {"Name":"x"}');
  expect(output()).toContain('would call Put Page, 1 times, 4.0 MiB in all {"blob":"b"}');
});
