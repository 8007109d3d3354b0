import { expect, test } from 'vitest';
import { facts } from './appliance.ts';
import { PUBLIC_ADDRESS, type World } from './world.ts';

const KEY = /^[A-Za-z0-9_-]{43}$/;

export function credentialClaims(world: () => World): void {
  test.each(['plain', 'azure'] as const)('the credentials file of the %s machine is complete', (name) => {
    expect(world()[name].credentials).toEqual({
      publicIp: expect.stringMatching(/./),
      privateIp: world()[name].addresses.ipv4,
      adminUrl: expect.stringMatching(/^https:\/\/[0-9.]+\/ui$/),
      adminUser: facts.users.admin,
      adminPassword: expect.stringMatching(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/),
      masterKey: expect.stringMatching(/^sk-[A-Za-z0-9_-]{43}$/),
      saltKey: expect.stringMatching(KEY),
      databasePassword: expect.stringMatching(KEY),
      grubPassword: expect.stringMatching(/^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/),
    });
  });

  test('the credentials file is readable by root alone', async () => {
    const { machine } = world().plain;
    expect(await machine.succeed(`stat -c '%U:%G %a' ${facts.paths.credentials}`)).toBe('root:root 600\n');
  });

  test('two machines from one image share no secret and no identity', async () => {
    const [plain, azure] = [await world().plain.identity(), await world().azure.identity()];
    expect(Object.keys(plain)).toEqual(Object.keys(azure));
    const shared = Object.keys(plain).filter((name) => plain[name] === azure[name]);
    expect(shared).toEqual([]);
  });

  test('the file names the public address that Azure tells', () => {
    const { credentials } = world().azure;
    expect(credentials.publicIp).toBe(PUBLIC_ADDRESS);
    expect(credentials.adminUrl).toBe(`https://${PUBLIC_ADDRESS}/ui`);
  });

  test('outside a cloud the file says that no public address is known', () => {
    expect(world().plain.credentials.publicIp).toMatch(/^not known: ./);
  });
}
