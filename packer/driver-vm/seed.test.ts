import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { metaData, userData } from './seed.ts';

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

test('with another key it is another machine, or cloud-init would not let it in', () => {
  expect(metaData('ssh-ed25519 AAAA bake')).toMatch(/^instance-id: build-[0-9a-f]{16}\n$/);
  expect(metaData('ssh-ed25519 BBBB bake')).not.toBe(metaData('ssh-ed25519 AAAA bake'));
});
