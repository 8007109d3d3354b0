import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket as DatagramSocket } from 'node:dgram';
import { existsSync, readdirSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import type { Addresses, Wire } from '../../packer/index.ts';
import type { DoorAnswer, DoorOrder } from './network-orders.ts';

const run = $({ quiet: true });
const PREFIX = 'appliance-';
const BRIDGE = 'guests';
const door = fileURLToPath(new URL('network-door.ts', import.meta.url));

/** Where the guests' default route leads, and who else is there: all of it from the ranges reserved for documentation. */
export const addresses = {
  router: { ipv4: '192.0.2.1', ipv6: '2001:db8:2::1' },
  outside: { ipv4: '198.51.100.10', ipv6: '2001:db8:1::10' },
  provider: { ipv4: '203.0.113.10', ipv6: '2001:db8:3::10' },
  /** Where names lead that are nobody's: it takes no connection and answers nothing. */
  sink: { ipv4: '198.51.100.53', ipv6: '2001:db8:1::53' },
} as const satisfies Record<string, Addresses>;

/** Where every cloud that has an instance metadata service answers. */
export const METADATA_ADDRESS = '169.254.169.254';

/** The addresses of the machine on wire `index`. */
export function guestAddresses(index: number): Addresses {
  return { ipv4: `192.0.2.${10 + index}`, ipv6: `2001:db8:2::${(0x10 + index).toString(16)}` };
}

/** The hardware address of the machine on wire `index`. */
export function guestMac(index: number): string {
  return `52:54:00:00:02:${(0x10 + index).toString(16)}`;
}

type Opened = Socket | Server | DatagramSocket;

/**
 * A network namespace in which machines, what they talk to and an outside client meet. It has no link to the machine it
 * runs on and forwards nothing: what a guest sends never leaves it.
 */
export class Network implements AsyncDisposable {
  readonly namespace: string;
  /** The device that all wires are plugged into; whatever a guest sends passes it. */
  readonly bridge = BRIDGE;
  readonly #waiting = new Map<number, (answer: DoorAnswer, socket?: Opened) => void>();
  #door: ChildProcess | undefined;
  #orders = 0;

  private constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** Makes a network; those that crashed runs left behind are taken down first. */
  static async create(): Promise<Network> {
    await removeStale();
    const network = new Network(freeName());
    try {
      await network.#build();
      await network.#openDoor();
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /**
   * Plugs a tap device into the bridge for machine `index`. Machines do not see each other, only the router. Without a name
   * server (NameServer) every name fails at once, and nothing is sent for it.
   */
  async plug(index: number, nameServer?: string): Promise<Wire> {
    const tap = `tap${index}`;
    const ip = ['-n', this.namespace];
    await run`ip ${ip} tuntap add dev ${tap} mode tap`;
    await run`ip ${ip} link set ${tap} master ${BRIDGE} up`;
    await run`bridge ${ip} link set dev ${tap} isolated on`;
    const guest = guestAddresses(index);
    return {
      netdev: `tap,id=wire,ifname=${tap},script=no,downscript=no`,
      mac: guestMac(index),
      launcher: this.command(),
      networkConfig: {
        addresses: [`${guest.ipv4}/24`, `${guest.ipv6}/64`],
        routes: [
          { to: '0.0.0.0/0', via: addresses.router.ipv4 },
          { to: '::/0', via: addresses.router.ipv6 },
        ],
        'accept-ra': false,
        ...(nameServer === undefined ? {} : { nameservers: { addresses: [nameServer] } }),
      },
      connect: (port, timeoutMs) => this.connect(guest.ipv4, port, timeoutMs),
    };
  }

  /**
   * Plugs a network namespace of its own into the bridge for machine `index`, which runs in a container; its path. It is
   * taken down with the network.
   */
  async plugNamespace(index: number): Promise<string> {
    const [inside, wire] = [`${this.namespace}-${index}`, `wire${index}`];
    const [ip, own] = [
      ['-n', this.namespace],
      ['-n', inside],
    ];
    await run`ip netns add ${inside}`;
    await run`ip ${ip} link add ${wire} type veth peer name eth0 address ${guestMac(index)} netns ${inside}`;
    await run`ip ${ip} link set ${wire} master ${BRIDGE} up`;
    await run`bridge ${ip} link set dev ${wire} isolated on`;
    for (const device of ['lo', 'eth0']) await run`ip ${own} link set ${device} up`;
    const { ipv4, ipv6 } = guestAddresses(index);
    await run`ip ${own} addr add ${ipv4}/24 dev eth0`;
    await run`ip ${own} addr add ${ipv6}/64 dev eth0 nodad`;
    await run`ip ${own} route add default via ${addresses.router.ipv4}`;
    await run`ip ${own} -6 route add default via ${addresses.router.ipv6}`;
    return `/run/netns/${inside}`;
  }

  /** A command line that runs its program inside the namespace. */
  command(...program: string[]): string[] {
    return ['ip', 'netns', 'exec', this.namespace, ...program];
  }

  /** Connects from the outside client's address, or another one that `adopt` has given it. The error's code is the system's. */
  async connect(host: string, port: number, timeoutMs = 10_000, other?: string): Promise<Socket> {
    const from = other ?? (host.includes(':') ? addresses.outside.ipv6 : addresses.outside.ipv4);
    return (await this.#order({
      kind: 'connect',
      id: this.#nextId(),
      host,
      port,
      from,
      timeoutMs,
    })) as Socket;
  }

  /** Gives the outside client one more IPv6 address. */
  async adopt(address: string): Promise<void> {
    await run`ip -n ${this.namespace} addr add ${address}/128 dev lo nodad`;
  }

  /** Makes every address that there is one of the network's own, so that whatever a guest sends somewhere arrives here. */
  async ownEveryAddress(): Promise<void> {
    const ip = ['-n', this.namespace];
    await run`${this.command('sysctl', '-q', '-w', 'net.ipv6.ip_nonlocal_bind=1')}`;
    // In the main table: more specific routes, those to the guests, go first.
    await run`ip ${ip} route replace local 0.0.0.0/0 dev lo table main`;
    await run`ip ${ip} -6 route replace local ::/0 dev lo table main`;
  }

  /** A server's listening handle inside the namespace: `http.createServer(…).listen(await network.listen(…))`. */
  async listen(host: string, port: number): Promise<Server> {
    return (await this.#order({ kind: 'listen', id: this.#nextId(), host, port })) as Server;
  }

  /** The same for datagrams. */
  async bind(host: string, port: number): Promise<DatagramSocket> {
    return (await this.#order({ kind: 'bind', id: this.#nextId(), host, port })) as DatagramSocket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#door !== undefined && this.#door.exitCode === null) {
      const gone = new Promise((resolve) => this.#door?.once('exit', resolve));
      this.#door.ref();
      this.#door.kill('SIGKILL');
      await gone;
    }
    for (const name of namespaces().filter((name) => name.startsWith(`${this.namespace}-`)))
      await remove(name);
    await remove(this.namespace);
  }

  async #build(): Promise<void> {
    const ip = ['-n', this.namespace];
    await run`ip netns add ${this.namespace}`;
    await run`ip ${ip} link set lo up`;
    await run`ip ${ip} link add ${BRIDGE} type bridge`;
    await run`ip ${ip} link set ${BRIDGE} up`;
    await run`ip ${ip} addr add ${addresses.router.ipv4}/24 dev ${BRIDGE}`;
    await run`ip ${ip} addr add ${addresses.router.ipv6}/64 dev ${BRIDGE} nodad`;
    const { outside, provider, sink } = addresses;
    const own = [outside.ipv4, provider.ipv4, sink.ipv4, METADATA_ADDRESS].map((address) => `${address}/32`);
    for (const address of own) await run`ip ${ip} addr add ${address} dev lo`;
    for (const { ipv6 } of [outside, provider, sink])
      await run`ip ${ip} addr add ${`${ipv6}/128`} dev lo nodad`;
    // Whoever calls a guest comes from outside, unless he says otherwise.
    await run`ip ${ip} route replace 192.0.2.0/24 dev ${BRIDGE} src ${outside.ipv4}`;
    await run`ip ${ip} -6 route add 2001:db8:2::/64 dev ${BRIDGE} src ${outside.ipv6} metric 1`;
  }

  async #openDoor(): Promise<void> {
    const [program = '', ...args] = this.command(process.execPath, door);
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#door = child;
    const ready = this.#answer(this.#nextId());
    child.on('message', (answer: DoorAnswer, socket) => {
      this.#waiting.get(answer.id)?.(answer, socket as Opened | undefined);
      this.#waiting.delete(answer.id);
    });
    child.once('exit', () => {
      for (const [id, settle] of this.#waiting) settle({ id, error: 'the network was taken down' });
      this.#waiting.clear();
    });
    await ready;
    child.unref();
    child.channel?.unref();
  }

  #nextId(): number {
    return this.#orders++;
  }

  #answer(id: number): Promise<Opened | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ error }, socket) => {
        if (error === undefined) resolve(socket);
        else reject(Object.assign(new Error(error), { code: error }));
      });
    });
  }

  async #order(order: DoorOrder): Promise<Opened> {
    const answer = this.#answer(order.id);
    this.#door?.channel?.ref();
    try {
      this.#door?.send(order);
      const opened = await answer;
      if (opened === undefined) throw new Error('the network handed over no socket');
      return opened;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const target = `${order.kind} ${order.host} port ${order.port}`;
      throw Object.assign(new Error(`${target}: ${(cause as Error).message}`, { cause }), { code });
    } finally {
      if (this.#waiting.size === 0) this.#door?.channel?.unref();
    }
  }
}

function namespaces(): string[] {
  const directory = '/run/netns';
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith(PREFIX)) : [];
}

let named = 0;

/** A name is given once, also to two networks that are made at the same time. */
function freeName(): string {
  const taken = namespaces();
  for (;;) {
    named += 1;
    const name = `${PREFIX}${process.pid}-${named}`;
    if (!taken.includes(name)) return name;
  }
}

async function removeStale(): Promise<void> {
  const stale = namespaces().filter(
    (name) => !existsSync(`/proc/${name.slice(PREFIX.length).split('-', 1)[0]}`),
  );
  for (const name of stale) {
    await remove(name).catch((error: unknown) => {
      // Somebody else who makes a network may have been faster.
      if (namespaces().includes(name)) throw error;
    });
  }
}

/** Ends what still runs in the namespace (only we start programs there) and removes it with its devices. */
async function remove(namespace: string): Promise<void> {
  if (!namespaces().includes(namespace)) return;
  const pids = (await run`ip netns pids ${namespace}`).stdout.split('\n').filter((pid) => pid !== '');
  if (pids.length > 0) await run({ nothrow: true })`kill -KILL ${pids}`;
  await run`ip netns del ${namespace}`;
}
