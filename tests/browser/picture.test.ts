/** The listing's picture of the admin UI: it can be taken, and the one that is checked in has the size that is asked for. */
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { places } from '../../packer/index.ts';
import { readPng, readScreenshots } from '../../sbom/index.ts';
import { pictureFile, pictureOfAdminUi, pictureSize } from '../harness/admin-ui-picture.ts';

test('the page after the first sign-in makes a picture of the size that Azure asks for', async () => {
  expect(readPng(await pictureOfAdminUi())).toEqual(pictureSize);
});

test('one was taken, and is part of the listing', () => {
  expect(readScreenshots(places.root)).toContainEqual({ file: basename(pictureFile), ...pictureSize });
});
