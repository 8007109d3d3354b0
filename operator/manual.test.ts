import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mustRun, runProgram } from '../appliance/index.ts';
import { accessVerbs } from './access/verbs.ts';
import { certificateVerbs } from './certificate/verbs.ts';
import { parseCommandLine } from './command-line.ts';
import { logParts } from './log-sources.ts';
import { usage } from './usage.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const manual = readFileSync(here('litellm-ctl.8'), 'utf8').replaceAll('\\-', '-');
const completion = readFileSync(here('litellm-ctl.bash'), 'utf8');

const topics = Object.keys(usage).filter((topic) => topic !== 'main') as Exclude<
  keyof typeof usage,
  'main'
>[];
type Topic = (typeof topics)[number];

/** The long options that a text names, each once, in order of the alphabet. */
const optionsIn = (text: string): string[] =>
  [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [])].sort();

/** The ways in which a command is called, as its help lists them. */
function formsOf(topic: Topic): string[] {
  const [calls = ''] = usage[topic].split('\n\n');
  return calls.split(/^(?:Usage:| {6}) (?=litellm-ctl )/m).slice(1);
}

/** The same of the man page. */
function synopsisOf(topic: Topic): string[] {
  const [, synopsis = ''] = /^\.SH SYNOPSIS\n(.*?)^\.SH /ms.exec(manual) ?? [];
  const plain = synopsis.replaceAll(/^\.[A-Z]+ /gm, '');
  return plain.split(/^\.br\n/m).filter((form) => new RegExp(`^litellm-ctl ${topic}\\b`).test(form));
}

/** What the man page tells of a command. */
function sectionsOf(topic: Topic): string {
  const sections = manual.split(/^\.S[SH] /m).filter((section) => new RegExp(`^${topic}\\b`).test(section));
  return sections.join('');
}

/** An example of each form, in the order of the help, without an option that may be left out. */
const examples: Readonly<Record<Topic, readonly string[]>> = {
  status: ['status'],
  config: ['config check'],
  database: ['database check'],
  credentials: ['credentials'],
  access: [
    ...['access', 'access allow admin 203.0.113.9', 'access open admin', 'access limits --default'],
    ...['access proxies trust 203.0.113.9', 'access client-certificates off', 'access basic-auth on'],
    ...['access bans', 'access unban 203.0.113.9', 'access egress', 'access apply'],
  ],
  certificate: [
    'certificate gw.example.com',
    ...['certificate --install cert key', 'certificate status', 'certificate apply'],
  ],
  verify: ['verify'],
  audit: ['audit verify'],
  'personal-data': ['personal-data export --user ann file', 'personal-data delete --user ann'],
  logs: ['logs'],
};

const forms = topics.flatMap((topic) =>
  examples[topic].map((example, index) => {
    const told = optionsIn(formsOf(topic)[index] ?? '');
    // The help says once for all of access that it takes --json.
    return { topic, example, told: topic === 'access' ? [...new Set([...told, '--json'])].sort() : told };
  }),
);

const everyOption = [...new Set(Object.values(usage).flatMap(optionsIn))].filter(
  (option) => option !== '--help' && option !== '--version',
);

/** Whether the program takes this option there, be it with a value that makes no sense. */
function takes(example: string, option: string): boolean {
  return [option, `${option}=1`].some((word) => {
    try {
      parseCommandLine([...example.split(' '), word]);
      return true;
    } catch (error) {
      const { message } = error as Error;
      return !/Unknown option|has nothing to do with|write 'litellm-ctl|does not take an argument|argument missing/.test(
        message,
      );
    }
  });
}

test('each form has its example', () => {
  expect(topics.map((topic) => [topic, examples[topic].length])).toEqual(
    topics.map((topic) => [topic, formsOf(topic).length]),
  );
});

test.each(forms)(
  'the program takes at $example what its help tells, and nothing else',
  ({ example, told }) => {
    expect(everyOption.filter((option) => takes(example, option)).sort()).toEqual(told);
  },
);

/** The names in the literals of options that a source gives to its parser. */
function optionsOfParsers(source: string): string[] {
  return [...source.matchAll(/options(?: =|:) \{/g)].flatMap(({ index, 0: { length } }) => {
    let depth = 1;
    let at = index + length;
    const start = at;
    while (depth > 0) depth += { '{': 1, '}': -1 }[source[at++] ?? '}'] ?? 0;
    const literal = source.slice(start, at - 1).replaceAll(/\{[^}]*\}/g, '');
    const names = literal.split(',').map((entry) => (entry.split(':')[0] ?? '').trim().replaceAll("'", ''));
    return names.filter((name) => name !== '');
  });
}

test('no option is parsed that no help tells of', () => {
  const files = ['command-line.ts', 'personal-data.ts', 'access/verbs.ts', 'certificate/verbs.ts'];
  const names = files.flatMap((file) => optionsOfParsers(readFileSync(here(file), 'utf8')));
  const told = ['help', ...everyOption.map((option) => option.slice(2))];
  expect([...new Set(names)].sort()).toEqual(told.sort());
});

test.each(topics.filter((topic) => topic !== 'access'))(
  'the synopsis of the man page has the forms of %s, each with its options',
  (topic) => {
    expect(synopsisOf(topic).map(optionsIn)).toEqual(formsOf(topic).map(optionsIn));
  },
);

test.each(topics)('what the man page tells of %s are its options, and no others', (topic) => {
  const told = optionsIn(sectionsOf(topic)).filter((option) => option !== '--help');
  expect(told).toEqual(optionsIn(usage[topic]).filter((option) => option !== '--help'));
});

test.each(forms)('bash offers at $example its options, and --help', async ({ example, told }) => {
  const words = example.replace(/ --(?!install).*/, '').split(' ');
  const offered = await offeredBy(['litellm-ctl', ...words, '--']);
  expect(offered.sort()).toEqual([...told, '--help'].filter((option) => !words.includes(option)).sort());
});

const words = [...topics, ...logParts, ...Object.keys(accessVerbs), ...certificateVerbs];

test.each(words)('the word %s is in the man page and in the completion', (word) => {
  expect(manual).toContain(word);
  expect(completion).toContain(word);
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
  ['the lists of access', ['litellm-ctl', 'access', 'allow', ''], ['admin', 'inference', '--json', '--help']],
  ['the words after personal-data', ['litellm-ctl', 'personal-data', ''], ['export', 'delete', '--help']],
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
  expect(await offeredBy(words)).toEqual(offered);
});

/** What bash offers for the last of these words. */
async function offeredBy(words: readonly string[]): Promise<string[]> {
  const script = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _litellm_ctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['-c', script, 'bash', here('litellm-ctl.bash'), ...words];
  return (await mustRun(runProgram, 'bash', args)).split('\n');
}
