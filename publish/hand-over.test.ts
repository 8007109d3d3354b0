import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatOf } from '../packer/index.ts';
import { clouds } from './clouds.ts';
import { handOver } from './hand-over.ts';

const docs = readFileSync(new URL('../docs/publisher/publishing.md', import.meta.url), 'utf8');

test('each target that is published has a cloud, a format and a hand-over list', () => {
  const targets = Object.keys(clouds).sort();
  for (const target of targets) expect(() => formatOf(target)).not.toThrow();
  expect(Object.keys(handOver).sort()).toEqual(targets);
});

/** What stands indented under each item of a list. */
const explained = new Map(
  [...docs.matchAll(/^(?:-|\d+\.) (.+)\n((?: {2,3}\S.*(?:\n|$))*)/gm)].map(([, item = '', text = '']) => [
    item,
    text,
  ]),
);

test.each(Object.entries(handOver))(
  '%s: the docs explain each step and each claim',
  (_target, { portal, verify }) => {
    const items = [...portal, ...verify];
    expect(items.filter((item) => !explained.has(item))).toEqual([]);
    const sentences = (item: string) => explained.get(item)?.match(/[.:;?](?=\s|$)/g)?.length ?? 0;
    expect(items.filter((item) => sentences(item) < 2)).toEqual([]);
  },
);
