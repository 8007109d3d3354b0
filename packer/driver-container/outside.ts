import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { sha256 } from '../hash.ts';
import { places } from '../places.ts';
import { nspawnsOf } from '../processes.ts';

/**
 * What a bake sets on the build host, outside its machine: a network namespace, a cable into it, address translation
 * and forwarding. It is written to a file before it is done, so that a later run can undo it even after a kill -9.
 */
interface Outside {
  /** Name of machine, network namespace, cable and table; one per checkout. */
  readonly name: string;
  /** What net.ipv4.ip_forward was before. */
  readonly forwarding: string;
}

/** The two ends of the cable, and what the machine is called. */
export interface Network {
  readonly name: string;
  readonly namespacePath: string;
  readonly hostAddress: string;
  readonly machineAddress: string;
}

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const record = `${places.cache}/container-driver.json`;

/** A name of this checkout's own, short enough for a network device. */
export const machineName = `bake${sha256(places.root).slice(0, 8)}`;

/** Addresses of the cable in a range that is set aside for tests of networks (198.18.0.0/15), a /30 for each checkout. */
export function cableFor(name: string): { host: string; machine: string } {
  const hash = Number.parseInt(sha256(name).slice(0, 6), 16);
  const [third, fourth] = [(hash >> 6) & 0xff, (hash & 0x3f) << 2];
  return { host: `198.18.${third}.${fourth + 1}`, machine: `198.18.${third}.${fourth + 2}` };
}

/** Opens the network of a bake, after undoing what an earlier one left; `closeNetwork` puts the host back as it was. */
export async function openNetwork(): Promise<Network> {
  await closeNetwork();
  const name = machineName;
  const forwarding = readFileSync(FORWARDING, 'utf8').trim();
  const outside: Outside = { name, forwarding };
  mkdirSync(dirname(record), { recursive: true });
  writeFileSync(record, JSON.stringify(outside));
  const { host, machine } = cableFor(name);
  try {
    await connect(name, host, machine);
  } catch (error) {
    await closeNetwork();
    throw error;
  }
  return { name, namespacePath: `/run/netns/${name}`, hostAddress: host, machineAddress: machine };
}

async function connect(name: string, host: string, machine: string): Promise<void> {
  const shell = $({ quiet: true });
  await shell`ip netns add ${name}`;
  await shell`ip link add ${name} type veth peer name machine0 netns ${name}`;
  await shell`ip address add ${host}/30 dev ${name}`;
  await shell`ip link set ${name} up`;
  const inside = ['netns', 'exec', name, 'ip'];
  await shell`ip ${inside} address add ${machine}/30 dev machine0`;
  await shell`ip ${inside} link set machine0 up`;
  await shell`ip ${inside} link set lo up`;
  await shell`ip ${inside} route add default via ${host}`;
  const rules = [
    `table ip ${name} {`,
    '  chain out {',
    '    type nat hook postrouting priority srcnat;',
    `    ip saddr ${machine} oifname != "${name}" masquerade`,
    '  }',
    '}',
    '',
  ].join('\n');
  await shell({ input: rules })`nft -f -`;
  writeFileSync(FORWARDING, '1');
}

/** Ends the machine and puts everything back that `openNetwork` set, in this run or an earlier one; each part may be gone already. */
export async function closeNetwork(): Promise<void> {
  const outside = readRecord();
  if (outside === undefined) return;
  const { name, forwarding } = outside;
  await endMachines(name);
  const shell = $({ quiet: true, nothrow: true });
  await shell`nft delete table ip ${name}`;
  await shell`ip link delete ${name}`;
  await shell`ip netns delete ${name}`;
  if (readFileSync(FORWARDING, 'utf8').trim() !== forwarding) writeFileSync(FORWARDING, forwarding);
  rmSync(`/run/systemd/nspawn/propagate/${name}`, { recursive: true, force: true });
  rmSync(record, { force: true });
}

function readRecord(): Outside | undefined {
  return existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as Outside) : undefined;
}

async function endMachines(name: string): Promise<void> {
  for (const pid of nspawnsOf(name)) process.kill(pid, 'SIGKILL');
  while (nspawnsOf(name).length > 0) await sleep(50);
}
