/**
 * `make boot`: boots the newest image with a fresh seed and SSH key, waits for its first boot, prints how to reach it and
 * runs it until it is told to stop. The machine reaches nothing outside unless NET=open; FIRMWARE=uefi boots by UEFI.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFacts } from '../appliance/index.ts';
import {
  ensureTools,
  Failure,
  type Firmware,
  forward,
  freePort,
  kvmWorks,
  Machine,
  openWire,
  type Wire,
} from '../packer/index.ts';
import { diskOf, newestImage } from './harness/machine-image.ts';
import { Network } from './harness/network.ts';

const directory = fileURLToPath(new URL('../build/boot', import.meta.url));
const pidFile = `${directory}.pid`;
const { ports, paths } = readFacts();
const WISHED = { ssh: 2222, https: 8443 } as const;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** An option from the environment, which has to be one of `choices`; the first is the default. */
function option<T extends string>(name: string, choices: readonly [T, ...T[]]): T {
  const value = process.env[name] ?? '';
  const chosen = value === '' ? choices[0] : choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  throw new Failure(`${name}=${value} is not known`, `use one of: ${choices.join(', ')}`);
}

function assertNotRunning(): void {
  const pid = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '';
  const commandLine = `/proc/${pid}/cmdline`;
  if (pid === '' || !existsSync(commandLine) || !readFileSync(commandLine, 'utf8').includes('boot.ts'))
    return;
  throw new Failure(`a machine is running already (PID ${pid})`, `stop it with: kill ${pid}`);
}

/** The machine's wire and where its two ports are found on this machine. */
async function plugIn(
  cleanUp: AsyncDisposableStack,
  net: 'isolated' | 'open',
): Promise<[Wire, typeof WISHED]> {
  const ssh = await freePort(WISHED.ssh);
  const https = await freePort(WISHED.https);
  const places = { ssh, https } as typeof WISHED;
  if (net === 'open') return [openWire({ [ports.ssh]: ssh, [ports.https]: https }), places];
  const network = cleanUp.use(await Network.create());
  const wire = await network.plug(0);
  for (const name of ['ssh', 'https'] as const) {
    const server = await forward(wire, places[name], ports[name]);
    cleanUp.defer(() => void server.close());
  }
  return [wire, places];
}

function told(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

async function main(): Promise<void> {
  const firmware: Firmware = option('FIRMWARE', ['bios', 'uefi']);
  const net = option('NET', ['isolated', 'open']);
  assertNotRunning();
  const made = newestImage();
  await ensureTools('boot');
  mkdirSync(directory, { recursive: true });
  writeFileSync(pidFile, `${process.pid}\n`);
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rmSync(pidFile, { force: true }));
  const [wire, places] = await plugIn(cleanUp, net);
  const kvm = await kvmWorks();
  const machine = await Machine.create({
    ...(await diskOf(made)),
    ...{ name: 'appliance', directory, wire, firmware, kvm },
  });
  cleanUp.defer(() => machine.stop());
  const stop = told();
  say(`booting ${made.image} (${firmware}, network ${net}${kvm ? '' : ', emulated: this takes minutes'})`);
  say(`serial console: ${join(directory, 'serial.log')}`);
  await machine.start();
  const ready = machine.waitForFirstBoot().then(() => true);
  ready.catch(() => undefined);
  if (!(await Promise.race([ready, stop.then(() => false)]))) return;
  const key = machine.key.privateKeyFile;
  say(`
The machine is ready.
  SSH          ssh -i ${key} -p ${places.ssh} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ${machine.userName}@127.0.0.1
  HTTPS        https://127.0.0.1:${places.https}/ui
  Credentials  sudo cat ${paths.credentials}   (in the machine)
Stop it with Ctrl-C or: kill ${process.pid}`);
  await stop;
  say('stopping');
}

try {
  await main();
} catch (error) {
  const { message, remedy } = error as Failure;
  process.stderr.write(`${message}${remedy === undefined ? '' : `\n${remedy}`}\n`);
  process.exitCode = 1;
}
