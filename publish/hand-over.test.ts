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

test.each(Object.entries(handOver))(
  '%s: the docs hold each step and each claim',
  (_target, { portal, verify }) => {
    const lines = docs.split('\n').map((line) => line.replace(/^(?:-|\d+\.) /, ''));
    expect([...portal, ...verify].filter((line) => !lines.includes(line))).toEqual([]);
  },
);
