import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { facts, SmallImage } from '../../tests/harness/small-image.ts';
import { expectedKey, publishersKey } from './expected-key.ts';

test('a release wants the key of appliance.yaml, and says what to do while there is none', async () => {
  using image = new SmallImage();
  const { publicPem } = await image.publisher();
  const rehearsalKeyFile = join(image.directory, 'rehearsal.key');
  expect(() => publishersKey(facts)).toThrow('does not name the key that releases are signed with');
  const links = { ...facts, publisher: { supportUrl: 'https://lynxroute.com/help' } };
  expect(() => publishersKey(links)).toThrow('does not name the key');
  const named = { ...facts, publisher: { publicKey: publicPem } };
  expect(expectedKey(named, image.build, { release: true, rehearsalKeyFile })).toBe(publicPem);
});

test('what claims to be of the publisher is held to his key, all else to the rehearsal key', async () => {
  using image = new SmallImage();
  const { publicPem } = await image.publisher();
  const rehearsal = image.rehearsal().publicPem;
  const options = { release: false, rehearsalKeyFile: join(image.directory, 'rehearsal.key') };
  const named = { ...facts, publisher: { publicKey: publicPem } };
  expect(expectedKey(named, image.build, options)).toBe(rehearsal);
  writeFileSync(join(image.build, 'publisher.pem'), rehearsal);
  expect(expectedKey(named, image.build, options)).toBe(rehearsal);
  writeFileSync(join(image.build, 'publisher.pem'), publicPem);
  expect(expectedKey(named, image.build, options)).toBe(publicPem);
  expect(expectedKey(facts, image.build, options)).toBe(rehearsal);
});
