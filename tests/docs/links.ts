import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { proseOf, root, textOf } from './pages.ts';

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** What is wrong with the relative links of a page: targets and anchors that do not exist. */
export function brokenLinks(page: string): string[] {
  const prose = proseOf(page).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(LINK)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .flatMap((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : normalize(join(dirname(page), path));
      if (!existsSync(join(root, file))) return [`${page}: ${target} does not exist`];
      if (anchor === undefined || anchorsOf(proseOf(file)).includes(anchor)) return [];
      return [`${page}: ${target}: ${file} has no such heading`];
    });
}

/** Whether a page of a folder is reached from the folder's index. */
export function linksTo(index: string, name: string): boolean {
  return textOf(index).includes(`](${name})`);
}
