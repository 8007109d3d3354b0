/** Where a block of the quick start is typed: on the machine, on the buyer's own computer, in his browser. */
export const quickStartPlaces = ['vm', 'client', 'browser'] as const;
export type QuickStartPlace = (typeof quickStartPlaces)[number];

/** One fenced block, as it is printed. */
export interface QuickStartBlock {
  readonly place: QuickStartPlace;
  /** The command, or for a browser the lines of what to do in it. */
  readonly text: string;
  /** What is typed into the command, where the guide says so. */
  readonly input?: string;
}

export interface QuickStartStep {
  readonly title: string;
  readonly blocks: readonly QuickStartBlock[];
}

const FENCE = /^```(.*)$/;

/**
 * Reads the quick start: a step is a heading of second order, numbered from one; what is typed stands in fences that say
 * where. Throws when a fence says nothing, or a step is not where it belongs: then something would never be tried.
 */
export function parseQuickStart(markdown: string): readonly QuickStartStep[] {
  const [, ...sections] = markdown.split(/^## /m);
  if (sections.length === 0) throw new Error("the quick start has no step; a step begins with '## 1. Title'");
  return sections.map((section, index) => {
    const [heading = '', ...lines] = section.split('\n');
    const [, number, title] = /^(\d+)\. (.+)$/.exec(heading) ?? [];
    if (title === undefined || Number(number) !== index + 1) {
      throw new Error(`'${heading}' is not step ${index + 1}; write '## ${index + 1}. Title'`);
    }
    return { title, blocks: blocksOf(lines, title) };
  });
}

function blocksOf(lines: readonly string[], title: string): QuickStartBlock[] {
  const blocks: QuickStartBlock[] = [];
  let open: { readonly info: string; readonly text: string[] } | undefined;
  for (const line of lines) {
    const [, info] = FENCE.exec(line) ?? [];
    if (info === undefined) {
      if (open !== undefined) open.text.push(line);
      else if (/^( {4}|\t)\S/.test(line)) throw new Error(`${title}: '${line.trim()}' stands in no fence`);
    } else if (open === undefined) open = { info, text: [] };
    else {
      if (info !== '') throw new Error(`${title}: a fence was not closed before '${line}'`);
      add(blocks, open.info, open.text.join('\n'), title);
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${title}: the last fence is not closed`);
  return blocks;
}

function add(blocks: QuickStartBlock[], info: string, text: string, title: string): void {
  const [language, word] = info.split(' ');
  const place = quickStartPlaces.find((known) => known === word);
  const before = blocks.at(-1);
  if (word === 'input') {
    if (before === undefined || before.place === 'browser' || before.input !== undefined)
      throw new Error(`${title}: '${text}' is typed into nothing`);
    blocks[blocks.length - 1] = { ...before, input: `${text}\n` };
    return;
  }
  const wanted = place === 'browser' ? 'text' : 'sh';
  if (place === undefined || language !== wanted) {
    throw new Error(
      `${title}: a fence says where it is typed: 'sh vm', 'sh client', 'text browser' or 'text input', not '${info}'`,
    );
  }
  blocks.push({ place, text });
}
