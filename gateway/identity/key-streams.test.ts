import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../http/errors.ts';
import type { Identity } from './identity.ts';
import { KeyStreams } from './key-streams.ts';
import { uncheckedIdentity } from './outage.ts';

const identity = (more: Partial<Identity>): Identity => ({ ...uncheckedIdentity, ...more });

function setUp() {
  /** What authentication says of each key. */
  const current = new Map<string, Identity | GatewayError>();
  const asked: string[] = [];
  const warned: unknown[] = [];
  const streams = new KeyStreams({
    current: async (hash) => {
      asked.push(hash);
      const said = current.get(hash);
      if (said instanceof Error) throw said;
      return said as Identity;
    },
    logger: { warn: (...said: unknown[]) => void warned.push(said) },
  });
  const cut: string[] = [];
  const begin = (who: Identity, name: string) => {
    current.set(who.keyHash, who);
    return streams.enter(who, ({ code }) => cut.push(`${name}: ${code}`));
  };
  return { streams, current, asked, warned, cut, begin };
}

const blocked = new GatewayError('blocked_key', 'Key is blocked');

describe('a stream', () => {
  test('ends when its key is blocked, and the streams of others go on', async () => {
    const { streams, current, cut, begin } = setUp();
    begin(identity({ keyHash: 'a' }), 'first');
    begin(identity({ keyHash: 'a' }), 'second');
    begin(identity({ keyHash: 'b' }), 'other');
    await nextTurn();
    current.set('a', blocked);
    streams.evict('a');
    streams.evict('a');
    await nextTurn();
    expect(cut).toEqual(['first: blocked_key', 'second: blocked_key']);
  });

  test('goes on when its key was changed and is still good, or was never a virtual one', async () => {
    const { streams, cut, begin } = setUp();
    begin(identity({ keyHash: 'a' }), 'changed');
    begin(identity({ keyHash: 'master', kind: 'master' }), 'master');
    streams.evict('a');
    streams.clear();
    await nextTurn();
    expect(cut).toEqual([]);
  });

  test.each(['team:red', 'user:ada'])('ends when %s no longer lets its key call', async (subject) => {
    const { streams, current, cut, begin } = setUp();
    const who = identity({ keyHash: 'a', teamId: 'red', userId: 'ada' });
    begin(who, 'stream');
    await nextTurn();
    current.set('a', { ...who, team: { models: [], memberModels: [], blocked: true } });
    streams.evict('team:blue');
    await nextTurn();
    expect(cut).toEqual([]);
    streams.evict(subject);
    await nextTurn();
    expect(cut).toEqual(['stream: blocked_team']);
  });

  test('whose key was blocked before it began ends at once', async () => {
    const { streams, current, cut } = setUp();
    current.set('a', blocked);
    streams.enter(identity({ keyHash: 'a' }), ({ code }) => cut.push(code));
    await nextTurn();
    expect(cut).toEqual(['blocked_key']);
  });

  test('ends by what was missed', async () => {
    const { streams, current, cut, begin } = setUp();
    begin(identity({ keyHash: 'a' }), 'stream');
    await nextTurn();
    current.set('a', new GatewayError('unknown_key', 'deleted'));
    streams.clear();
    await nextTurn();
    expect(cut).toEqual(['stream: unknown_key']);
  });

  test('goes on while nobody can say whether its key is good', async () => {
    const { streams, current, cut, warned, begin } = setUp();
    begin(identity({ keyHash: 'a' }), 'stream');
    await nextTurn();
    current.set('a', new GatewayError('database_unavailable', 'away'));
    streams.evict('a');
    await nextTurn();
    expect(cut).toEqual([]);
    expect(warned).toHaveLength(1);
  });

  test('that is over is not asked about', async () => {
    const { streams, asked, begin } = setUp();
    begin(identity({ keyHash: 'a' }), 'stream')();
    await nextTurn();
    asked.length = 0;
    streams.evict('a');
    streams.clear();
    expect(asked).toEqual([]);
  });
});
