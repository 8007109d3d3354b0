import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mustRun, runProgram } from '../appliance/index.ts';
import { accessVerbs } from './access/verbs.ts';
import { certificateVerbs } from './certificate/verbs.ts';
import { logParts } from './log-sources.ts';
import { usage } from './usage.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const manual = readFileSync(here('litellm-ctl.8'), 'utf8').replaceAll('\\-', '-');
const completion = readFileSync(here('litellm-ctl.bash'), 'utf8');

const commands = [
  ...Object.keys(usage).filter((topic) => topic !== 'main'),
  ...logParts,
  ...Object.keys(accessVerbs),
  'certificate',
  ...certificateVerbs,
];
const options = [...new Set(Object.values(usage).flatMap((text) => text.match(/--[a-z][a-z-]+/g) ?? []))];

test('the help names options at all', () => {
  expect(options).toEqual(
    expect.arrayContaining(['--help', '--version', '--wait', '--json', '--reset-admin-password']),
  );
});

test.each([...commands, ...options])('%s is in the man page and in the completion', (word) => {
  expect(manual).toContain(word);
  expect(completion).toContain(word);
});

test.each([
  ['man page', manual],
  ['completion', completion],
])('no option in the %s is unknown to the help', (_title, text) => {
  const named = [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [])];
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((option) => !options.includes(option))).toEqual([]);
});

test('the man page is formatted without a complaint', async () => {
  const { exitCode, stdout, stderr } = await runProgram('man', ['--warnings', '-l', here('litellm-ctl.8')], {
    env: { MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('litellm-ctl - look after a LiteLLM appliance');
});

test.each([
  ['the commands', ['litellm-ctl', 'st'], ['status']],
  ['the options of a command', ['litellm-ctl', 'status', '--'], ['--wait', '--json', '--help']],
  ['the verbs of access', ['litellm-ctl', 'access', 'un'], ['unban']],
  ['the lists of access', ['litellm-ctl', 'access', 'allow', ''], ['admin', 'inference', '--json']],
  ['the word after audit', ['litellm-ctl', 'audit', 've'], ['verify']],
  ['the parts that log', ['litellm-ctl', 'logs', 'd'], ['database']],
  ['the words of certificate', ['litellm-ctl', 'certificate', 'st'], ['status']],
  ['what goes with status', ['litellm-ctl', 'certificate', 'status', ''], ['--json', '--help']],
  [
    'the options of certificate',
    ['litellm-ctl', 'certificate', 'gw.example.com', '--a'],
    ['--agree-tos', '--authority'],
  ],
  ['the word after config', ['litellm-ctl', 'config', 'c'], ['check']],
  [
    'the words after database',
    ['litellm-ctl', 'database', ''],
    ['check', 'apply', 'reseal', '--json', '--help'],
  ],
])('bash completes %s', async (_title, words, offered) => {
  const script = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _litellm_ctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = await mustRun(runProgram, 'bash', [
    '-c',
    script,
    'bash',
    here('litellm-ctl.bash'),
    ...words,
  ]);
  expect(printed.split('\n')).toEqual(offered);
});
