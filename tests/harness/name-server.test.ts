import type { Resolver } from 'node:dns/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { NameServer } from './name-server.ts';
import { addresses, guestAddresses, Network } from './network.ts';

const run = $({ quiet: true });
const INDEX = 8;
const home = guestAddresses(INDEX).ipv4;
const KNOWN = 'api.provider.example';

const cleanUp = new AsyncDisposableStack();
let names: NameServer;
/** Asks as a guest does: a namespace on a cable, in the place of a machine. */
let ask: (method: keyof Resolver & `resolve${string}`, name: string) => Promise<unknown>;

beforeAll(async () => {
  const network = cleanUp.use(await Network.create());
  names = cleanUp.use(await NameServer.start(network, { [KNOWN]: addresses.provider.ipv4 }));
  const namespace = basename(await network.plugNamespace(INDEX));
  ask = async (method, name) => {
    const program = `const { Resolver } = require('node:dns/promises');
      const resolver = new Resolver({ timeout: 2000, tries: 2 });
      resolver.setServers(['${names.address}']);
      resolver.${method}('${name}').then((found) => JSON.stringify(found), ({ code }) => JSON.stringify(code))
        .then(console.log);`;
    return JSON.parse((await run`ip netns exec ${namespace} ${process.execPath} -e ${program}`).stdout);
  };
});
afterAll(() => cleanUp.disposeAsync());

test('a name that is known leads to who bears it, every other one to the sink', async () => {
  expect(await ask('resolve4', KNOWN)).toEqual([addresses.provider.ipv4]);
  expect(await ask('resolve4', 'nobody.example')).toEqual([addresses.sink.ipv4]);
});

test('a name may come to lead elsewhere', async () => {
  names.lead({ 'moves.example': addresses.outside.ipv4 });
  expect(await ask('resolve4', 'moves.example')).toEqual([addresses.outside.ipv4]);
});

test('what is no address over IPv4 is not there', async () => {
  expect(await ask('resolve6', KNOWN)).toBe('ENODATA');
  expect(await ask('resolveTxt', 'nobody.example')).toBe('ENODATA');
});

test('who has asked for what is remembered, however it is spelled and however often', async () => {
  await ask('resolve4', 'Phones.Home.example');
  await ask('resolve4', 'phones.home.example');
  const asked = names.namesAskedBy(home);
  expect(asked).toContain('phones.home.example');
  expect(asked.filter((name) => name.includes('home'))).toHaveLength(1);
  expect(names.namesAskedBy(guestAddresses(INDEX + 1).ipv4)).toEqual([]);
});
