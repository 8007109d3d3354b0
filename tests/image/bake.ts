import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes the image that the tests of this folder boot: as a person would, and once for all of them. No vulnerability
 * database is looked for outside: the check is then recorded as not run.
 */
export async function setup(): Promise<void> {
  const env = { ...process.env, TRIVY_CACHE_DIR: `${root}/build/test/no-databases` };
  await $({ cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })`make image BASE=debian-13`;
}
