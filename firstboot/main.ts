/**
 * The first-boot program. `run` is called by litellm-firstboot.service at every boot, `address` by
 * litellm-address.service when the network is up. Standard error carries only the reason of a failure, since the unit
 * shows it on the serial console, which others may read: never a secret.
 */
import { fileURLToPath } from 'node:url';
import { readMachineFacts } from '../appliance/index.ts';
import { refreshAddress } from './address.ts';
import { FirstBootError } from './failure.ts';
import { hostMachine } from './host.ts';
import type { Machine } from './machine.ts';
import { runFirstBoot } from './run.ts';

const verbs: Readonly<Record<string, (machine: Machine) => Promise<void>>> = {
  run: runFirstBoot,
  address: refreshAddress,
};

const USAGE = `Usage: firstboot.mjs run       make this machine itself, or see that it is (every boot, no network)
       firstboot.mjs address   find the public address and correct file and certificate (with network)
`;

async function main(args: readonly string[]): Promise<number> {
  const [name = ''] = args;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined || args.length !== 1) {
    process.stderr.write(USAGE);
    return 2;
  }
  try {
    await verb(hostMachine(readMachineFacts(fileURLToPath(new URL('./appliance.json', import.meta.url)))));
    return 0;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`first boot (${name}) failed: ${message}\n`);
    if (error instanceof FirstBootError) process.stderr.write(`what to do: ${error.remedy}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
