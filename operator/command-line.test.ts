import { expect, test } from 'vitest';
import { UsageError } from './arguments.ts';
import { parseCommandLine } from './command-line.ts';

test.each([
  ['--help', { kind: 'help', topic: 'main' }],
  ['-V', { kind: 'version' }],
  ['status', { kind: 'status', json: false }],
  ['status --json', { kind: 'status', json: true }],
  ['status --wait', { kind: 'status', json: false, waitSeconds: 600 }],
  ['status --wait 30', { kind: 'status', json: false, waitSeconds: 30 }],
  ['status --wait=30 --json', { kind: 'status', json: true, waitSeconds: 30 }],
  ['status --wait --json', { kind: 'status', json: true, waitSeconds: 600 }],
  ['status --help', { kind: 'help', topic: 'status' }],
  ['config check', { kind: 'config-check' }],
  ['config --help', { kind: 'help', topic: 'config' }],
  ['database check', { kind: 'database-check' }],
  ['database apply', { kind: 'database-apply' }],
  ['database --help', { kind: 'help', topic: 'database' }],
  ['credentials', { kind: 'credentials' }],
  ['credentials --reset-admin-password', { kind: 'reset-admin-password' }],
  ['credentials -h', { kind: 'help', topic: 'credentials' }],
  ['access --help', { kind: 'help', topic: 'access' }],
  ['access limits --help', { kind: 'help', topic: 'access' }],
  ['certificate --help', { kind: 'help', topic: 'certificate' }],
  ['certificate status -h', { kind: 'help', topic: 'certificate' }],
  ['verify', { kind: 'verify', json: false }],
  ['verify --json --key /root/key.pem', { kind: 'verify', json: true, keyFile: '/root/key.pem' }],
  ['verify --help', { kind: 'help', topic: 'verify' }],
])('%s is understood', (line, command) => {
  expect(parseCommandLine(line.split(' '))).toEqual(command);
});

test.each([
  ['nothing at all', [], 'a command is missing'],
  ['an unknown command', ['restart'], "'restart' is not a command"],
  ['an unknown option', ['status', '--verbose'], "'--verbose'"],
  ['a wait that is no number', ['status', '--wait', 'long'], '--wait wants a whole number of seconds'],
  ['a word too many', ['status', 'now'], "'now'"],
  ['config without check', ['config'], "write 'litellm-ctl config check'"],
  ['database without a verb', ['database'], "write 'litellm-ctl database check' or"],
  ['a key without its file', ['verify', '--key'], '--key'],
  ['a value for a flag', ['credentials', '--reset-admin-password=secret'], '--reset-admin-password'],
])('%s is refused', (_title, args, message) => {
  expect(() => parseCommandLine(args)).toThrow(UsageError);
  expect(() => parseCommandLine(args)).toThrow(message);
});
