import { expect, test } from 'vitest';
import { instanceIds, instanceIn } from '../harness/metadata/fake-clouds.ts';
import { facts } from './appliance.ts';
import { type Name, PUBLIC_ADDRESS, type World } from './world.ts';

const KEY = /^[A-Za-z0-9_-]{43}$/;

const RANDOM = /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/;
/** The listing for Azure promises the id of the instance. */
const FIRST_PASSWORD = { plain: expect.stringMatching(RANDOM), azure: instanceIds.azure } as const;

/** What the file says of the address, by where the machine runs. */
const addressClaims = {
  plain: (world: () => World): void => {
    test('the file names the addresses that AWS tells', () => {
      const { publicIpv4, publicIpv6 } = instanceIn('aws');
      const { credentials } = world().plain;
      expect(credentials).toMatchObject({
        publicIp: publicIpv4,
        publicIpv6,
        adminUrl: `https://${publicIpv4}/ui`,
      });
      expect(credentials.cloud).toBe(`Amazon EC2, instance ${instanceIds.aws}, region eu-central-1`);
    });
  },
  azure: (world: () => World): void => {
    test('the file names the public address that Azure tells', () => {
      const { credentials } = world().azure;
      expect(credentials).toMatchObject({ publicIp: PUBLIC_ADDRESS, publicIpv6: 'none known' });
      expect(credentials.adminUrl).toBe(`https://${PUBLIC_ADDRESS}/ui`);
      expect(credentials.cloud).toMatch(/^Azure, instance [0-9a-f-]{36}, region eu-central-1$/);
    });
  },
} as const;

export function credentialClaims(world: () => World, name: Name): void {
  test('the credentials file is complete', () => {
    expect(world()[name].credentials).toEqual({
      publicIp: expect.stringMatching(/./),
      publicIpv6: expect.stringMatching(/./),
      privateIp: world()[name].addresses.ipv4,
      cloud: expect.stringMatching(/./),
      adminUrl: expect.stringMatching(/^https:\/\/[0-9.]+\/ui$/),
      adminUser: facts.users.admin,
      adminPassword: FIRST_PASSWORD[name],
      masterKey: expect.stringMatching(/^sk-[A-Za-z0-9_-]{43}$/),
      saltKey: expect.stringMatching(KEY),
      databasePassword: expect.stringMatching(KEY),
      grubPassword: expect.stringMatching(RANDOM),
    });
  });

  test('the credentials file is readable by root alone', async () => {
    const { machine } = world()[name];
    expect(await machine.succeed(`stat -c '%U:%G %a' ${facts.paths.credentials}`)).toBe('root:root 600\n');
  });

  addressClaims[name](world);
}

export function identityClaims(world: () => World): void {
  test('two machines from one image share no secret and no identity', async () => {
    const [plain, azure] = await Promise.all([world().plain.identity(), world().azure.identity()]);
    expect(Object.keys(plain)).toEqual(Object.keys(azure));
    const shared = Object.keys(plain).filter((name) => plain[name] === azure[name]);
    expect(shared).toEqual([]);
  });
}
