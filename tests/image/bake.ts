import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes the image that the tests of this folder boot: as a person would, and once for all of them. */
export async function setup(): Promise<void> {
  await $({ cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })`make image BASE=debian-13`;
}
