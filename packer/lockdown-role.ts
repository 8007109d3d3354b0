import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { $ } from 'zx';
import type { Ansible } from './ansible.ts';
import { cached } from './cache.ts';
import { Failure } from './failure.ts';
import { places } from './places.ts';

/** ansible-lockdown's role, as it lies on the build host. */
export interface LockdownRole {
  readonly name: string;
  readonly commit: string;
  readonly path: string;
}

const requirements = `${places.ansible}/requirements.yml`;

/** The role that ansible/requirements.yml pins. Throws Failure when that is not exactly one role at a whole commit. */
export function pinnedRole(text: string): {
  readonly name: string;
  readonly src: string;
  readonly commit: string;
} {
  const { roles } = (parse(text) ?? {}) as { roles?: Record<string, string | undefined>[] };
  const [{ name, src, version } = {}, ...others] = roles ?? [];
  if (name !== undefined && src !== undefined && /^[0-9a-f]{40}$/.test(version ?? '') && others.length === 0)
    return { name, src, commit: version as string };
  throw new Failure(
    'ansible/requirements.yml does not pin one role at a commit',
    'give its one entry under `roles` a name, a src, and as version the 40 hex digits of a commit (quoted)',
  );
}

/** Gets the role at its commit by ansible-galaxy, once; afterwards it is in the cache. Throws Failure when it cannot be had. */
export async function ensureLockdown(
  { galaxy }: Pick<Ansible, 'galaxy'>,
  { from = requirements, cache = places.cache } = {},
): Promise<LockdownRole> {
  const { name, src, commit } = pinnedRole(readFileSync(from, 'utf8'));
  const { directory } = await cached(
    'lockdown',
    `${name}-${commit}`,
    async (unfinished) => {
      try {
        await $({ quiet: true })`${galaxy} role install --no-deps -r ${from} -p ${unfinished}`;
      } catch (cause) {
        throw new Failure(
          `${name} could not be fetched from ${src}: ${(cause as Error).message.trim().split('\n').at(-1)}`,
          'see that git reaches this address from this machine, or leave CIS_ENGINE out',
          { cause },
        );
      }
    },
    cache,
  );
  return { name, commit, path: `${directory}/${name}` };
}
