import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { $ } from 'zx';
import { unpackPackage } from '../base/apt-root.ts';
import { hostMirrors, sourcesFor } from '../base/host-mirrors.ts';
import { cached } from '../cache.ts';
import { probeRuns, QEMU } from '../driver-vm/kvm.ts';

const PACKAGE = 'qemu-system-x86';

/** From here on QEMU emulates a login in 90 s of processor and a first boot in 183 s, where 7.2 takes 118 and 225. */
const QUICK = 10;

let chosen: Promise<string> | undefined;

/**
 * The program that emulates machines: the host's own QEMU where that is quick at it, else the one that Debian has
 * backported to the host's release, unpacked beside the host's, which stays as it is. Where there is none to be had, the
 * host's own, and a line that says why.
 */
export function emulator(): Promise<string> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<string> {
  const own = majorOf((await $({ quiet: true })`${QEMU} --version`).stdout);
  if (own >= QUICK) return QEMU;
  try {
    return await backported(readFileSync('/etc/os-release', 'utf8'));
  } catch (error) {
    const why = (error as Error).message.trim().split('\n').at(-1);
    process.stdout.write(
      `machines are emulated by QEMU ${own}, which is slow; no newer one could be had: ${why}\n`,
    );
    return QEMU;
  }
}

/** Of what QEMU says of its version. */
export function majorOf(said: string): number {
  return Number(/version (\d+)\./.exec(said)?.[1] ?? 0);
}

/** The release of the host has its name in os-release(5). */
async function backported(osRelease: string): Promise<string> {
  const suite = `${parseEnv(osRelease).VERSION_CODENAME}-backports`;
  const { main, keyring } = await hostMirrors();
  const { directory } = await cached('tools', `qemu-${suite}`, async (unfinished) => {
    const sources = sourcesFor({ main, keyring }, suite, keyring);
    const { signal } = new AbortController();
    const version = await unpackPackage(PACKAGE, unfinished, { sources, signal });
    if (!(await probeRuns('tcg', programIn(unfinished))))
      throw new Error(`${PACKAGE} ${version} runs no guest here`);
  });
  return programIn(directory);
}

const programIn = (directory: string): string => `${directory}/usr/bin/${QEMU}`;
