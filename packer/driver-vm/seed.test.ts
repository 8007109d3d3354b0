import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { userData } from './seed.ts';

test('root comes in with the key of the build, and no other user is made', () => {
  const text = userData('ssh-ed25519 AAAA bake');
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  expect(parse(text)).toMatchObject({
    disable_root: false,
    ssh_pwauth: false,
    users: [{ name: 'root', ssh_authorized_keys: ['ssh-ed25519 AAAA bake'] }],
  });
});
