import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { modulePath, moduleSource, textModules } from './generated-text.ts';

test.each(textModules)('$output is what its sources make today', (textModule) => {
  expect(readFileSync(modulePath(textModule), 'utf8')).toBe(moduleSource(textModule));
});
