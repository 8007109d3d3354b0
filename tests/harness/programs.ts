/**
 * The programs as they run on the machine, bundled once for a stage: what a test starts is what ships, and it starts in a
 * third of the processor's time that the sources take.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import { bundlePrograms } from '../../packer/index.ts';

const directory = fileURLToPath(new URL('../../build/test/programs', import.meta.url));

export const gatewayProgram = join(directory, 'gateway.mjs');
export const migrateProgram = join(directory, 'migrate.mjs');

/** Called by vitest before the first file of a project. */
export async function setup(): Promise<void> {
  const files = (await bundlePrograms()).map(({ name, code }) => [name, code] as const);
  const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of [...files, ['appliance.json', JSON.stringify(facts)] as const]) {
    // Another stage may be starting it.
    const fresh = join(directory, `${name}.${process.pid}`);
    writeFileSync(fresh, text);
    renameSync(fresh, join(directory, name));
  }
}
