/** The image's own file system, booted in a container, whose processor is not an emulated one. */
import { startIsolated } from '../../packer/index.ts';
import { sealedTree } from '../harness/machine-image.ts';
import type { Network } from '../harness/network.ts';
import { places } from './world.ts';

/** Root's shell on a machine; what it prints is given back. */
export interface RootShell {
  /** Throws when the command fails. */
  succeed(command: string, input?: string): Promise<string>;
  /** Throws when it does not. */
  fail(command: string): Promise<string>;
}

export interface Contained extends RootShell, AsyncDisposable {}

/** Starts the image for no cloud on the wire `wire` of the network, and waits until it serves. */
export async function startContained(name: string, network: Network, wire: number): Promise<Contained> {
  const isolated = await startIsolated({
    tree: sealedTree('qemu'),
    name,
    directory: `${places.machines}/${name}`,
    shown: {},
    network: await network.plugNamespace(wire),
    signal: new AbortController().signal,
  });
  const machine: Contained = {
    async succeed(command, input = '') {
      const { code, stdout, stderr } = await isolated.run(command, input);
      if (code !== 0) throw new Error(`'${command}' ended with ${code}:\n${stdout}${stderr}`);
      return stdout;
    },
    async fail(command) {
      const { code, stdout, stderr } = await isolated.run(command);
      if (code === 0) throw new Error(`'${command}' succeeded:\n${stdout}${stderr}`);
      return stdout + stderr;
    },
    [Symbol.asyncDispose]: () => isolated.end(),
  };
  await machine.succeed('litellm-ctl status --wait 60');
  return machine;
}
