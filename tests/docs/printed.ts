import { readFileSync } from 'node:fs';
import { blocksOf, commandsOf, root } from './pages.ts';

/** What stands behind a command to explain it. */
const REMARK = / +# .*$/;

/** The commands of a page as they are typed. */
function typedOn(page: string): string[] {
  return blocksOf(page)
    .flatMap(commandsOf)
    .map((command) => command.replace(REMARK, ''));
}

/**
 * A command as a page prints it, for a test that carries it out with other names. Throws when the page does not print it (any
 * more). A test of the docs finds the call: it is what shows that a block is run by the test that it names.
 */
export function printed(page: string, command: string): string {
  if (!typedOn(page).includes(command)) throw new Error(`${page} prints no '${command}'`);
  return command;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * The commands of a page's blocks that a test is said to carry out and does not name: neither by `printed(PAGE, COMMAND)` nor,
 * where it does the same in other words, by a comment `docs: PAGE COMMAND`. A test that asks for `blocksOf(PAGE)` takes what it
 * runs from there.
 */
export function unnamedIn(source: string, page: string, commands: readonly string[]): string[] {
  if (source.includes(`blocksOf('${page}')`)) return [];
  return commands
    .map((command) => command.replace(REMARK, ''))
    .filter((command) => {
      const called = `printed\\(\\s*'${escaped(page)}',\\s*(['"\`])${escaped(command)}\\1,?\\s*\\)`;
      const remark = `^ *// docs: ${escaped(page)} ${escaped(command)}$`;
      return !new RegExp(`${called}|${remark}`, 'm').test(source);
    });
}

/** The same for the test file of a block, from the root of the repository. */
export function unnamedInFile(file: string, page: string, commands: readonly string[]): string[] {
  return unnamedIn(readFileSync(root + file, 'utf8'), page, commands);
}
