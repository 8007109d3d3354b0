import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Pages whose commands carry their place, and are run there. */
export const pages: readonly string[] = [
  'README.md',
  'docs/api.md',
  'docs/mapping.md',
  'docs/listing/usage.md',
  ...['docs/operator', 'docs/publisher'].flatMap((folder) =>
    readdirSync(`${root}${folder}`)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

export const textOf = (page: string): string => readFileSync(`${root}${page}`, 'utf8');

/** Where a block of commands belongs: here, on the booted machine, or at somebody who calls it. */
const shellPlaces = ['build-host', 'vm', 'client'] as const;

/** Who types statements into psql on the machine, and how he comes there. */
export const psqlOf = {
  'psql:litellm-owner': 'sudo -u litellm-owner psql litellm',
  'psql:postgres': 'sudo -u postgres psql',
} as const;
export type PsqlPlace = keyof typeof psqlOf;

export type Place = (typeof shellPlaces)[number] | PsqlPlace;

/** Where the reader of a guide types: on the machine, into psql there, and outside. */
export const ofAReader: readonly Place[] = ['vm', 'client', ...(Object.keys(psqlOf) as PsqlPlace[])];

/** Languages of blocks that are carried out, and where each may belong. */
const placesOf: Readonly<Record<string, readonly Place[]>> = {
  sh: shellPlaces,
  sql: Object.keys(psqlOf) as PsqlPlace[],
};

/** A fenced block of a page. */
export interface Fence {
  readonly page: string;
  /** Of its opening. */
  readonly line: number;
  readonly language: string;
  /** What stands behind the language. */
  readonly info: string;
  readonly text: string;
}

/** A fenced block of shell commands, or of statements. */
export interface CommandBlock extends Fence {
  readonly place: Place;
  /** Why nothing runs it. */
  readonly notRun?: string;
  /** The test that does what it says. */
  readonly runBy?: string;
}

const OPENING = /^( *)```(\S*) *(.*)$/;

/** The fenced blocks of a page's text, in their order. Throws for one that is not closed. */
export function fencesOf(page: string, text: string): Fence[] {
  const fences: Fence[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const [, indent, language = '', info = ''] = OPENING.exec(lines[index] ?? '') ?? [];
    if (indent === undefined) continue;
    const end = lines.indexOf(`${indent}\`\`\``, index + 1);
    if (end < 0) throw new Error(`${page}:${index + 1}: this block is not closed`);
    const inside = lines.slice(index + 1, end).map((line) => line.slice(indent.length));
    fences.push({ page, line: index + 1, language, info, text: inside.join('\n') });
    index = end;
  }
  return fences;
}

/** A page's text without its fenced blocks. */
export function proseOf(page: string): string {
  const text = textOf(page);
  const lines: (string | undefined)[] = text.split('\n');
  for (const { line, text: inside } of fencesOf(page, text)) {
    lines.fill(undefined, line - 1, line + inside.split('\n').length + 1);
  }
  return lines.filter((line) => line !== undefined).join('\n');
}

const INFO = /^(?<place>\S+)(?: (?<kind>not-run|run-by): (?<word>.+))?$/;

/** Throws, with page and line, for a block that does not say where it belongs. */
export function commandBlock(fence: Fence): CommandBlock {
  const { place, kind, word } = INFO.exec(fence.info)?.groups ?? {};
  const places = placesOf[fence.language] ?? [];
  const known = places.find((each) => each === place);
  if (known === undefined) {
    throw new Error(
      `${fence.page}:${fence.line}: say where it belongs (${places.join(', ')}), then perhaps 'not-run: REASON' or 'run-by: TEST'`,
    );
  }
  return {
    ...fence,
    place: known,
    ...(kind === 'not-run' && word !== undefined ? { notRun: word } : {}),
    ...(kind === 'run-by' && word !== undefined ? { runBy: word } : {}),
  };
}

/** The blocks of commands of a page, in the order printed. */
export function blocksOf(page: string): CommandBlock[] {
  return fencesOf(page, textOf(page))
    .filter(({ language }) => language in placesOf)
    .map(commandBlock);
}

/** Those that are run as they stand. */
export function runnable(page: string, ...where: readonly Place[]): CommandBlock[] {
  return blocksOf(page).filter(
    ({ place, notRun, runBy }) => where.includes(place) && notRun === undefined && runBy === undefined,
  );
}

/**
 * The commands of a block: its lines, continued ones joined, without comments and without what a command is given to read; of
 * SQL its statements.
 */
export function commandsOf({ language, text }: Pick<Fence, 'language' | 'text'>): string[] {
  if (language === 'sql') {
    const statements = text.split(/;\n|;$/).map((statement) => statement.replaceAll(/\s+/g, ' ').trim());
    return statements.filter((statement) => statement !== '');
  }
  return text
    .replaceAll(/(<<(\w+)\n)(?:.*\n)*?\2(?=\n|$)/g, '$1')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
