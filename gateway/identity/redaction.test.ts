import { describe, expect, test } from 'vitest';
import { redactedBy } from './redaction.ts';

const callback = (value: unknown) => ({ callback_name: 'langfuse', callback_vars: value });

describe('a key or a team', () => {
  test.each([
    ['says nothing', {}],
    ['has no metadata', null],
    ['says no', { turn_off_message_logging: false }],
    ['says no as a text', { turn_off_message_logging: 'False' }],
    ['has callbacks that say nothing of it', { logging: [callback({}), callback({ host: 'x' }), {}] }],
    ['has a callback that says no', { logging: [callback({ turn_off_message_logging: 'false' })] }],
    ['has settings of callbacks without it', { callback_settings: { success_callback: ['x'] } }],
  ])('that %s lets words be kept', (_what, metadata) => {
    expect(redactedBy(metadata)).toBe(false);
  });

  test.each([
    ['says yes', { turn_off_message_logging: true }],
    ['says yes as a text', { turn_off_message_logging: 'true' }],
    ['says it in one of its callbacks', { logging: [{}, callback({ turn_off_message_logging: true })] }],
    [
      'says it in the settings of its callbacks',
      { callback_settings: { callback_vars: { turn_off_message_logging: 'True' } } },
    ],
  ])('that %s does not', (_what, metadata) => {
    expect(redactedBy(metadata)).toBe(true);
  });

  test.each([
    ['metadata', '{"turn_off_message_logging": false}'],
    ['metadata', ['turn_off_message_logging']],
    ['a switch', { turn_off_message_logging: 'off?' }],
    ['a switch', { turn_off_message_logging: {} }],
    ['callbacks', { logging: 'langfuse' }],
    ['a callback', { logging: [null, 'langfuse'] }],
    ['variables of a callback', { logging: [callback('x')] }],
    ['settings of callbacks', { callback_settings: [] }],
  ])('of which %s cannot be read does not either: %j', (_what, metadata) => {
    expect(redactedBy(metadata)).toBe(true);
  });
});
