import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

const wanted = {
  gallery: ['AZURE_GALLERY', 'the gallery'],
  place: ['AZURE_LOCATION', 'the region'],
} as const;

test('what is missing is named, all of it, with what it is', () => {
  const read = () => readSettings({ AZURE_LOCATION: '' }, wanted, false);
  expect(read).toThrow('not set: AZURE_GALLERY, AZURE_LOCATION');
  expect(read).toThrow(
    expect.objectContaining({ remedy: 'set AZURE_GALLERY (the gallery), AZURE_LOCATION (the region)' }),
  );
});

test('where no call is made it is printed by its name', () => {
  expect(readSettings({ AZURE_GALLERY: 'mine' }, wanted, true)).toEqual({
    gallery: 'mine',
    place: '$AZURE_LOCATION',
  });
});
