import { ofAReader, pages, runnable } from './pages.ts';

const operator = (name: string): string => `docs/operator/${name}.md`;

/** Pages about the edge alone: tests/edge/docs-commands.test.ts does all that they say, to the same programs. */
const atTheEdge = ['access-lists', 'vpn-and-cdn'].map(operator);

/** Pages that ask the machine's own kernel, which only a booted machine has. */
export const ofTheKernel = ['integrity'].map(operator);

const first = operator('launch');
/** Its last words put another database in the place of the one that the others have filled. */
const last = operator('database');

/**
 * All others with commands for the machine or for who calls it: they are carried out in a container, as a new operator does,
 * the launch before the rest, which want the provider's key that it adds.
 */
export const ofTheMachine = [first, ...pages.filter((page) => ![first, last].includes(page)), last].filter(
  (page) => runnable(page, ...ofAReader).length > 0 && ![...atTheEdge, ...ofTheKernel].includes(page),
);
