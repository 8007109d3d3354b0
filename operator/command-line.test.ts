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
  ['config check', { kind: 'config-check', json: false }],
  ['config check --json', { kind: 'config-check', json: true }],
  ['config --help', { kind: 'help', topic: 'config' }],
  ['database check', { kind: 'database-check', json: false }],
  ['database apply', { kind: 'database-apply', json: false }],
  ['database reseal --json', { kind: 'database-reseal', json: true }],
  ['database --help', { kind: 'help', topic: 'database' }],
  ['credentials', { kind: 'credentials', json: false }],
  ['credentials --reset-admin-password', { kind: 'reset-admin-password', json: false }],
  ['credentials -h', { kind: 'help', topic: 'credentials' }],
  ['access --help', { kind: 'help', topic: 'access' }],
  ['access limits --help', { kind: 'help', topic: 'access' }],
  ['certificate --help', { kind: 'help', topic: 'certificate' }],
  ['certificate status -h', { kind: 'help', topic: 'certificate' }],
  ['verify', { kind: 'verify', json: false }],
  ['verify --json --key /root/key.pem', { kind: 'verify', json: true, keyFile: '/root/key.pem' }],
  ['verify --help', { kind: 'help', topic: 'verify' }],
  ['audit verify', { kind: 'audit-verify', json: false }],
  [
    `audit verify rows.csv --head 12:${'a'.repeat(64)} --json`,
    { kind: 'audit-verify', json: true, file: 'rows.csv', head: `12:${'a'.repeat(64)}` },
  ],
  ['audit --help', { kind: 'help', topic: 'audit' }],
  ['logs', { kind: 'logs', json: false, follow: false }],
  ['logs edge -f --lines 5 --json', { kind: 'logs', json: true, follow: true, part: 'edge', lines: 5 }],
  ['logs --help', { kind: 'help', topic: 'logs' }],
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
  ['database without a verb', ['database'], "write 'litellm-ctl database check', 'apply'"],
  ['audit without a verb', ['audit'], "write 'litellm-ctl audit verify'"],
  ['a head that is none', ['audit', 'verify', '--head', '12'], '--head wants a head as it was printed'],
  ['two exports', ['audit', 'verify', 'a', 'b'], "'b' is a word too many"],
  ['a part that does not log', ['logs', 'kernel'], 'choose from gateway, edge, database, first-boot'],
  ['two parts', ['logs', 'edge', 'gateway'], "'gateway' is a word too many"],
  ['no lines at all', ['logs', '--lines', '0'], '--lines wants a number from 1 to 100000'],
  ['more lines than fit', ['logs', '--lines', '999999'], '--lines wants a number'],
  ['a beginning that is no time', ['logs', '--since', 'monday'], '--since wants 90s, 30min, 2h, 3d'],
  ['a day that is none', ['logs', '--since', '2026-13-01'], '--since wants'],
  ['a beginning that would be an option', ['logs', '--since=--file=/etc/shadow'], '--since wants'],
  ['a key without its file', ['verify', '--key'], '--key'],
  ['a value for a flag', ['credentials', '--reset-admin-password=secret'], '--reset-admin-password'],
])('%s is refused', (_title, args, message) => {
  expect(() => parseCommandLine(args)).toThrow(UsageError);
  expect(() => parseCommandLine(args)).toThrow(message);
});
