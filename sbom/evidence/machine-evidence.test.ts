import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFacts } from '../../appliance/index.ts';
import { createLog } from '../../packer/index.ts';
import type { RootShell } from '../cis/root-shell.ts';
import { machineEvidence, type RanIn } from './machine-evidence.ts';

const OWN = 'tcp LISTEN 0 1 127.0.0.1:4000 x\ntcp LISTEN 0 1 127.0.0.1:5432 x\n';
const LISTENING = `${OWN}tcp LISTEN 0 1 0.0.0.0:443 x\n`;
const SERVICES = [
  { unit: 'cron.service', exposure: '9.6' },
  { unit: 'litellm.service', exposure: '1.3' },
];
const LYNIS =
  'lynis_version=3.1.4\nlynis_tests_done=259\nhardening_index=81\nwarning[]=A-1|odd|-|-|\nfinish=true\n';

interface Said {
  readonly listening?: string;
  readonly services?: object;
  readonly lynis?: string;
}

let directory: string;
let lynis: string;
let commands: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'told-'));
  lynis = mkdtempSync(join(tmpdir(), 'lynis-'));
  commands = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  rmSync(lynis, { recursive: true });
});

/** A machine that says these things. */
function machine(said: Said): RootShell {
  const answers: readonly [RegExp, string][] = [
    [/^ss /, said.listening ?? LISTENING],
    [/--json=short/, JSON.stringify(said.services ?? SERVICES)],
    [/\.\/lynis audit/, said.lynis ?? LYNIS],
  ];
  return {
    run: async (command) => {
      commands.push(command);
      const stdout = answers.find(([asked]) => asked.test(command))?.[1] ?? '';
      return { code: 0, stdout, stderr: '' };
    },
  };
}

async function tell(said: Said, ranIn: RanIn = 'container') {
  const work = { log: createLog({ out: { write: () => true } }), signal: new AbortController().signal };
  const asked = {
    machine: machine(said),
    ranIn,
    facts: readFacts(),
    output: directory,
    lynis: async () => lynis,
  };
  const { checks, documents } = await machineEvidence(asked, work);
  return { documents, checks: new Map(checks.map((check) => [check.id, check])) };
}

test('a machine that keeps its promises passes, and every look leaves a file', async () => {
  const { checks, documents } = await tell({});
  expect([...checks].map(([id, { status }]) => [id, status])).toEqual([
    ['ports', 'passed'],
    ['exposure', 'passed'],
    ['lynis', 'passed'],
  ]);
  expect(readFileSync(documents.lynis ?? '', 'utf8')).toBe(LYNIS);
  expect(JSON.parse(readFileSync(documents.exposure ?? '', 'utf8'))).toHaveLength(2);
  expect(JSON.parse(readFileSync(documents.openPorts ?? '', 'utf8'))).toHaveLength(3);
});

test.each([
  ['container', 'no network card'],
  ['vm', 'booted virtual machine'],
] as const)('every result says that it was looked at in a %s', async (ranIn, words) => {
  const { checks } = await tell({}, ranIn);
  expect([...checks.values()].filter(({ detail }) => detail.includes(words))).toHaveLength(3);
});

test.each([
  ['ports', { listening: `${OWN}tcp LISTEN 0 1 0.0.0.0:8080 x` }, '8080'],
  [
    'exposure',
    { services: [{ unit: 'litellm.service', exposure: '4.2' }] },
    'litellm.service: 4.2 instead of 2',
  ],
  ['lynis', { lynis: LYNIS.replace('81', '40') }, 'hardening index 40'],
] as const)('%s fails when it should', async (id, said, words) => {
  expect((await tell(said)).checks.get(id)).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining(words),
  });
});

test.each([
  ['ports', 'openPorts', { listening: '' }],
  ['ports', 'openPorts', { listening: 'tcp LISTEN 0 1 0.0.0.0:443 x' }],
  ['exposure', 'exposure', { services: [] }],
  ['lynis', 'lynis', { lynis: LYNIS.replace('finish=true', '') }],
] as const)('%s that could not be asked has not run, and leaves no file', async (id, document, said) => {
  const { checks, documents } = await tell(said);
  expect(checks.get(id)?.status).toBe('not-run');
  expect(documents[document]).toBeUndefined();
});

test('Lynis is taken out of the machine again, also when it fails', async () => {
  await tell({ lynis: '' });
  expect(commands.at(-1)).toBe('rm -rf /opt/lynis-judge');
});
