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

test('sshd lets root in whatever the image will say, by a file that is not on the disk', () => {
  const { bootcmd } = parse(userData('ssh-ed25519 AAAA bake')) as { bootcmd: string[][] };
  const [, write] = bootcmd;
  expect(write?.slice(-2)).toEqual([
    expect.stringContaining('-o PermitRootLogin=prohibit-password'),
    expect.stringMatching(/^\/run\//),
  ]);
});
