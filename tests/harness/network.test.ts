import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { addresses, Network } from './network.ts';
import { OutsideClient } from './outside.ts';

const run = $({ quiet: true, nothrow: true });
const networkModule = fileURLToPath(new URL('network.ts', import.meta.url));
const { router, outside, provider } = addresses;

let network: Network;
let client: OutsideClient;

beforeAll(async () => {
  network = await Network.create();
  client = new OutsideClient(network, '');
  const echo = createServer((request, response) => response.end(request.socket.remoteAddress));
  echo.listen(await network.listen('::', 8080));
  createServer().listen(await network.listen('::', 65_535));
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

test.each([
  ['IPv4', `http://${router.ipv4}:8080/`, `::ffff:${outside.ipv4}`],
  ['IPv6', `http://[${router.ipv6}]:8080/`, outside.ipv6],
])('a server in the network sees the outside client over %s', async (_family, url, seen) => {
  expect(await (await client.fetch(url)).text()).toBe(seen);
});

test('a connection that nobody takes fails with the code of the system', async () => {
  await expect(network.connect(router.ipv4, 81)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('the network has no way out', async () => {
  const links = await run`${network.command('ip', '-br', 'link')}`;
  expect(
    links.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(['lo', 'guests']);
  const way = await run`${network.command('ip', 'route', 'get', '1.1.1.1')}`;
  expect(way.stderr).toContain('unreachable');
});

test.each(['ipv4', 'ipv6'] as const)(
  'a scan finds what is open over %s, to the last port',
  async (family) => {
    const found = await client.scanPorts(provider[family]);
    expect(found.open).toEqual([8080, 65_535]);
    expect(found.refused).toHaveLength(65_533);
  },
);

test('a scan for datagrams tells who answers, who refuses and who says nothing', async () => {
  const [answering, silent, closed] = [5301, 5302, 5303];
  await using cleanUp = new AsyncDisposableStack();
  const families = ['ipv4', 'ipv6'] as const;
  for (const host of families.map((family) => provider[family])) {
    for (const port of [answering, silent]) {
      const socket = await network.bind(host, port);
      cleanUp.defer(() => void socket.close());
      if (port === answering)
        socket.on('message', (_said, { address, port: from }) => socket.send('I am', from, address));
    }
  }
  const scan = (host: string) => client.scanUdpPorts(host, [closed, silent, answering]);
  const found = { open: [answering], refused: [closed] };
  expect(await Promise.all(families.map((family) => scan(provider[family])))).toEqual([found, found]);
});

test('what a killed run has left behind is taken down by the next', async () => {
  const program = `import { Network } from '${networkModule}';
    const { namespace } = await Network.create();
    process.stdout.write(namespace, () => process.kill(process.pid, 'SIGKILL'));`;
  const killed = run`${process.execPath} --input-type=module-typescript -e ${program}`;
  const [left] = (await once(killed.stdout, 'data')) as [Buffer];
  await killed;
  expect((await run`ip netns list`).stdout).toContain(String(left));
  await (await Network.create())[Symbol.asyncDispose]();
  expect((await run`ip netns list`).stdout).not.toContain(String(left));
});

test('two networks that are made at the same time are two', async () => {
  const [one, other] = await Promise.all([Network.create(), Network.create()]);
  await using cleanUp = new AsyncDisposableStack();
  for (const made of [one, other]) cleanUp.use(made);
  const { stdout } = await run`ip netns list`;
  expect(stdout).toContain(one.namespace);
  expect(stdout).toContain(other.namespace);
  expect(other.namespace).not.toBe(one.namespace);
});
