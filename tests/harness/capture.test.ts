import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { Capture } from './capture.ts';
import { addresses, guestAddresses, guestMac, Network } from './network.ts';
import { spokenTo } from './spoken-to.ts';

const run = $({ quiet: true });
const INDEX = 7;
const { provider } = addresses;
const home = guestAddresses(INDEX);

const cleanUp = new AsyncDisposableStack();
let network: Network;
let capture: Capture;
/** A command line that runs its program as the guest: a namespace on a cable, in the place of a machine. */
let guest: (...program: string[]) => string[];

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'capture-'));
  cleanUp.defer(() => rmSync(directory, { recursive: true }));
  network = cleanUp.use(await Network.create());
  capture = cleanUp.use(await Capture.start(network, join(directory, 'wire.pcap')));
  const namespace = basename(await network.plugNamespace(INDEX));
  guest = (...program) => ['ip', 'netns', 'exec', namespace, ...program];
});
afterAll(() => cleanUp.disposeAsync());

const says = async (path: string): Promise<void> => {
  await run`${guest('bash', '-c', `echo something > /dev/${path}`)}`;
};
const seen = async (): Promise<string[]> => spokenTo(await capture.packets(), guestMac(INDEX));

test('whom a machine calls is seen, and who calls it is not', async () => {
  const server = createServer((socket) => socket.end()).listen(await network.listen(provider.ipv4, 443));
  await says(`tcp/${provider.ipv4}/443`);
  server.close();
  await expect(network.connect(home.ipv4, 22)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await expect(network.connect(home.ipv6, 22)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await seen()).toEqual([`tcp ${provider.ipv4} 443`]);
});

test('what is sent where nobody is, is seen too', async () => {
  await says('udp/198.51.100.99/53');
  await says('udp/2001:db8:9::9/123');
  expect((await seen()).slice(1)).toEqual(['udp 198.51.100.99 53', 'udp 2001:db8:9::9 123']);
});
