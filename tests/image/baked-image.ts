import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import { newestImage } from '../harness/machine-image.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Makes the image that the tests boot, as a person would, and returns its disk. Quick when nothing has changed. */
export async function bakedImage(): Promise<string> {
  await $({ cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })`make image BASE=debian-13`;
  return newestImage();
}
