import { expect, test } from 'vitest';
import { schemaFaults } from './schema.ts';

const valid = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components: [] as object[] };

test('a valid document has no faults', async () => {
  expect(await schemaFaults(JSON.stringify(valid))).toEqual([]);
});

test.each([
  ['a component of an unknown type', { type: 'gadget', name: 'a' }, '/components/0/type'],
  [
    'a licence that is no SPDX identifier',
    { type: 'library', name: 'a', licenses: [{ license: { id: 'Expat' } }] },
    '/components/0/licenses/0',
  ],
  ['a field that the format does not have', { type: 'library', name: 'a', colour: 'red' }, '/components/0'],
])('%s is a fault, named with its place', async (_, component, place) => {
  const wrong = { ...valid, components: [component] };
  expect((await schemaFaults(JSON.stringify(wrong))).join()).toContain(place);
});

test.each([
  ['of another version', JSON.stringify({ ...valid, specVersion: '1.5' }), 'CycloneDX 1.5, not 1.6'],
  ['that was cut off', JSON.stringify(valid).slice(0, 20), 'not JSON'],
  ['that is nothing', 'null', 'CycloneDX undefined, not 1.6'],
])('a document %s is refused', async (_, text, fault) => {
  expect((await schemaFaults(text)).join()).toContain(fault);
});
