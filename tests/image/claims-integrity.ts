import { expect, test } from 'vitest';
import type { World } from './world.ts';

/** As far as it is of interest here: what `litellm-ctl verify --json` prints. */
interface Verification {
  readonly verdict: string;
  readonly files: readonly { readonly path: string; readonly state: string }[];
  readonly packages: readonly unknown[];
}

/**
 * On the plain machine, when it has been set up, given certificates, started anew and attacked: what first boot, certbot and
 * `litellm-ctl` write is no tampering. On the other machine the guide's own page asks (`docsClaims`).
 */
export function integrityClaims(world: () => World): void {
  test('litellm-ctl verify finds a machine in use intact', async () => {
    const { code, stdout, stderr } = await world().plain.machine.run('litellm-ctl verify --json');
    expect(stderr).toBe('');
    const { verdict, files, packages } = JSON.parse(stdout) as Verification;
    expect(files.filter(({ state }) => state !== 'edited')).toEqual([]);
    expect({ code, verdict, packages }).toEqual({ code: 0, verdict: 'intact', packages: [] });
    expect(files.map(({ path }) => path)).toContain('/etc/nginx/sites-available/litellm');
  });
}
