import { blocksOf, commandsOf, pages } from './pages.ts';

export interface Count {
  readonly asTheyStand: number;
  readonly byAnotherTest: number;
  readonly notRun: number;
  readonly all: number;
}

/** How many commands the pages hold, and what becomes of them. */
export function countCommands(): Count {
  const blocks = pages.flatMap(blocksOf);
  const commands = (some: typeof blocks): number => some.flatMap(commandsOf).length;
  const notRun = commands(blocks.filter((block) => block.notRun !== undefined));
  const byAnotherTest = commands(blocks.filter((block) => block.runBy !== undefined));
  const all = commands(blocks);
  return { asTheyStand: all - notRun - byAnotherTest, byAnotherTest, notRun, all };
}
