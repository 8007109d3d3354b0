import { NodeSSH } from 'node-ssh';
import { expect, test } from 'vitest';
import { $ } from 'zx';
import { facts } from './appliance.ts';
import { PASSWORD, type World } from './world.ts';

export function loginClaims(world: () => World): void {
  test('the user whom the launch has named becomes root through sudo', async () => {
    const { machine } = world().plain;
    expect(await machine.succeed('echo "$SUDO_USER $(id -un)"')).toBe('azureuser root\n');
  });

  test.each(['azureuser', 'root'])('not even the right password logs %s in', async (username) => {
    const { network, plain } = world();
    const { machine } = plain;
    const before = await machine.succeed(`getent shadow ${username} | cut -d: -f2`);
    // The launch gives its user a password; root, which has none, is given one for as long as this takes.
    if (username === 'root') await machine.succeed('usermod -p "$(openssl passwd -6 -stdin)" root', PASSWORD);
    const sock = await network.connect(plain.addresses.ipv4, facts.ports.ssh);
    try {
      const attempt = new NodeSSH().connect({ sock, username, password: PASSWORD, tryKeyboard: true });
      await expect(attempt).rejects.toMatchObject({ level: 'client-authentication' });
    } finally {
      sock.destroy();
      if (username === 'root') await machine.succeed('usermod -p "$(cat)" root', before.trim());
    }
    expect(await machine.succeed(`getent shadow ${username} | cut -d: -f2`)).toBe(before);
  });

  test('SSH offers no way in but the key', async () => {
    const { network, plain } = world();
    const options = [
      'PreferredAuthentications=none',
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
    ];
    const ssh = ['ssh', ...options.flatMap((option) => ['-o', option]), `azureuser@${plain.addresses.ipv4}`];
    const said = await $({ quiet: true, nothrow: true })`${network.command(...ssh)}`;
    expect(said.stderr).toContain('Permission denied (publickey).');
  });

  test('a strong password is taken and a weak one is not, as the launch has shown and passwd shows again', async () => {
    const { machine } = world().plain;
    expect(await machine.succeed('passwd --status azureuser')).toMatch(/^azureuser P /);
    expect(await machine.fail('chpasswd', 'azureuser:Password1234')).toMatch(/BAD PASSWORD/);
    await machine.succeed('chpasswd', `azureuser:${PASSWORD}-`);
  });
}
