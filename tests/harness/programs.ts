/**
 * The programs as they run on the machine, bundled once for a stage: what a test starts is what ships, and it starts in a
 * third of the processor's time that the sources take.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import { bundlePrograms } from '../../packer/index.ts';

export const programs = fileURLToPath(new URL('../../build/test/programs', import.meta.url));

export const gatewayProgram = join(programs, 'gateway.mjs');
export const migrateProgram = join(programs, 'migrate.mjs');
export const operatorProgram = join(programs, 'litellm-ctl.mjs');

/** Called by vitest before the first file of a project. */
export function setup(): Promise<void> {
  return writePrograms(programs);
}

/** Puts every program into a directory, with what it imports on need and the facts beside it. */
export async function writePrograms(into: string): Promise<void> {
  const files = (await bundlePrograms()).map(({ name, code }) => [name, code] as const);
  const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
  mkdirSync(into, { recursive: true });
  for (const [name, text] of [...files, ['appliance.json', JSON.stringify(facts)] as const]) {
    // Another stage may be starting it.
    const fresh = join(into, `${name}.${process.pid}`);
    writeFileSync(fresh, text);
    renameSync(fresh, join(into, name));
  }
}
