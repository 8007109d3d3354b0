import { expect, test } from 'vitest';
import { partsOf } from './components.ts';

test.each([
  ['1:2.41-5+b1', { epoch: '1', upstream: '2.41', revision: '5+b1' }],
  ['3.0.4', { upstream: '3.0.4' }],
  ['2026f-0+deb13u1', { upstream: '2026f', revision: '0+deb13u1' }],
  ['1.2-rc-3', { upstream: '1.2-rc', revision: '3' }],
])('the version %s is taken apart as dpkg does', (version, parts) => {
  expect(partsOf(version)).toEqual(parts);
});
